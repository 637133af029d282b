from kubelearn.embedded.podclaims import claim_keys, foreign


def test_a_pod_uses_the_claims_it_names_and_those_made_for_it(make_pod):
    volumes = [
        {"name": "a", "persistentVolumeClaim": {"claimName": "data"}},
        {"name": "b", "ephemeral": {"volumeClaimTemplate": {}}},
        {"name": "c", "emptyDir": {}},
    ]
    assert list(claim_keys(make_pod("web", volumes=volumes))) == ["default/data", "default/web-b"]


def test_an_ephemeral_claim_belongs_to_its_pod(make_pod, make_claim):
    ref = {"uid": "uid-of-web", "kind": "Pod", "name": "web", "controller": True}
    claim = make_claim("web-b", meta={"ownerReferences": [ref]})
    assert foreign(make_pod("web"), claim) == ""
    assert foreign(make_pod("other"), claim) == (
        "PVC default/web-b was not created for pod default/other (pod is not owner)"
    )
