from __future__ import annotations

import asyncio

import pytest

PODS = "/api/v1/namespaces/default/pods"
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"


async def test_a_namespace_must_exist(api) -> None:
    answer = await api.post("/api/v1/namespaces/no/configmaps", {"metadata": {"name": "a"}})
    assert (answer.status, answer.message) == (404, 'namespaces "no" not found')


async def test_nothing_is_made_in_a_namespace_that_goes(api) -> None:
    await api.post("/api/v1/namespaces", {"metadata": {"name": "n"}})
    await api.delete("/api/v1/namespaces/n")
    answer = await api.post("/api/v1/namespaces/n/configmaps", {"metadata": {"name": "late"}})
    assert answer.status == 403
    assert answer.message == (
        'configmaps "late" is forbidden: unable to create new content in namespace n because it '
        "is being terminated"
    )
    assert answer.body["details"]["causes"] == [
        {
            "reason": "NamespaceTerminating",
            "message": "namespace n is being terminated",
            "field": "metadata.namespace",
        }
    ]


async def test_a_pod_runs_as_the_default_account_and_gets_its_token(with_account, pod) -> None:
    spec = (await with_account.post(PODS, pod())).body["spec"]
    assert (spec["serviceAccountName"], spec["serviceAccount"]) == ("default", "default")
    [volume] = spec["volumes"]
    assert volume["name"].startswith("kube-api-access-")
    assert spec["containers"][0]["volumeMounts"] == [
        {"name": volume["name"], "readOnly": True, "mountPath": TOKEN}
    ]


async def test_a_pod_may_do_without_a_token(with_account, pod) -> None:
    spec = (await with_account.post(PODS, pod(automountServiceAccountToken=False))).body["spec"]
    assert "volumes" not in spec


async def test_an_account_that_is_missing_is_named(with_account, pod, clock) -> None:
    creating = asyncio.create_task(with_account.post(PODS, pod(serviceAccountName="robot")))
    while not creating.done():
        await clock.advance(1)
    answer = creating.result()
    assert answer.status == 403
    assert answer.message == (
        'pods "web" is forbidden: error looking up service account default/robot: '
        'serviceaccount "robot" not found'
    )


async def test_a_pod_waits_for_the_default_account_of_a_new_namespace(api, pod, clock) -> None:
    creating = asyncio.create_task(api.post(PODS, pod()))
    for _ in range(100):
        await asyncio.sleep(0.001)
        if clock._sleepers:
            break
    made = await api.post(
        "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}}
    )
    assert made.status == 201
    await clock.advance(0.05)
    assert (await creating).status == 201


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"serviceAccountName": "default"}, "a mirror pod may not reference service accounts"),
        (
            {"volumes": [{"name": "v", "secret": {"secretName": "s"}}]},
            "a mirror pod may not reference secrets",
        ),
        (
            {
                "volumes": [
                    {
                        "name": "v",
                        "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]},
                    }
                ]
            },
            "a mirror pod may not use ServiceAccountToken volume projections",
        ),
    ],
)
async def test_a_mirror_pod_needs_nothing_of_the_api(with_account, pod, spec, words) -> None:
    body = pod(nodeName="n", **spec)
    body["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "x"}
    answer = await with_account.post(PODS, body)
    assert (answer.status, answer.body["reason"]) == (403, "Forbidden")
    assert answer.body["message"].endswith(words)


async def test_a_mirror_pod_gets_no_account(with_account, pod) -> None:
    body = pod(nodeName="n")
    body["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "x"}
    spec = (await with_account.post(PODS, body)).body["spec"]
    assert "serviceAccountName" not in spec
    assert "volumes" not in spec


async def test_pods_tolerate_silent_nodes_for_five_minutes(with_account, pod) -> None:
    mine = {
        "key": "node.kubernetes.io/not-ready",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 1,
    }
    spec = (await with_account.post(PODS, pod(tolerations=[mine]))).body["spec"]
    assert spec["tolerations"] == [
        mine,
        {
            "key": "node.kubernetes.io/unreachable",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": 300,
        },
    ]


async def test_priority_comes_from_the_class(with_account, pod) -> None:
    api = with_account
    plain = (await api.post(PODS, pod("plain"))).body["spec"]
    assert (plain["priority"], plain["preemptionPolicy"]) == (0, "PreemptLowerPriority")
    important = await api.post(PODS, pod("important", priorityClassName="system-node-critical"))
    assert important.body["spec"]["priority"] == 2_000_001_000
    classes = "/apis/scheduling.k8s.io/v1/priorityclasses"
    await api.post(classes, {"metadata": {"name": "low"}, "value": -5, "globalDefault": True})
    usual = (await api.post(PODS, pod("usual"))).body["spec"]
    assert (usual["priority"], usual["priorityClassName"]) == (-5, "low")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"priorityClassName": "no"}, "no PriorityClass with name no was found"),
        ({"priority": 7}, "the integer value of priority (7) must not be provided in pod spec"),
    ],
)
async def test_a_priority_of_ones_own_is_refused(with_account, pod, spec, message) -> None:
    answer = await with_account.post(PODS, pod(**spec))
    assert answer.status == 403
    assert message in answer.message


async def test_a_new_node_takes_no_pods_yet(api) -> None:
    node = (await api.post("/api/v1/nodes", {"metadata": {"name": "n"}})).body
    assert node["spec"]["taints"] == [
        {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
    ]


CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims"
CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
DEFAULT = {"storageclass.kubernetes.io/is-default-class": "true"}


def storage_class(name, *, default=False, **fields):
    meta = {"name": name, "annotations": DEFAULT if default else {}}
    return {"metadata": meta, "provisioner": "example.com/disk", **fields}


def claim(name="data", size="1Gi", **spec):
    requests = {"requests": {"storage": size}}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": requests, **spec}
    return {"metadata": {"name": name}, "spec": spec}


async def test_a_claim_that_names_no_class_gets_the_default_one(api) -> None:
    await api.post(CLASSES, storage_class("other"))
    assert "storageClassName" not in (await api.post(CLAIMS, claim("before"))).body["spec"]
    await api.post(CLASSES, storage_class("standard", default=True))
    assert (await api.post(CLAIMS, claim())).body["spec"]["storageClassName"] == "standard"
    none = await api.post(CLAIMS, claim("none", storageClassName=""))
    assert none.body["spec"]["storageClassName"] == ""


async def test_claims_and_volumes_are_protected_from_the_start(api) -> None:
    made = await api.post(CLAIMS, claim())
    assert made.body["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}
    volume = {"metadata": {"name": "disk"}, "spec": {**spec, "hostPath": {"path": "/tmp/d"}}}
    made = await api.post("/api/v1/persistentvolumes", volume)
    assert made.body["metadata"]["finalizers"] == ["kubernetes.io/pv-protection"]


async def test_a_claim_grows_only_when_bound_and_where_its_class_allows(api) -> None:
    await api.post(CLASSES, storage_class("rigid"))
    await api.post(CLASSES, storage_class("elastic", allowVolumeExpansion=True))
    answers = []
    for name in ("rigid", "elastic"):
        made = (await api.post(CLAIMS, claim(name, storageClassName=name))).body
        wanted = {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}
        answers.append(await api.patch(f"{CLAIMS}/{name}", wanted))
        status = {"phase": "Bound", "capacity": {"storage": "1Gi"}}
        await api.put(f"{CLAIMS}/{name}/status", {**made, "status": status})
        answers.append(await api.patch(f"{CLAIMS}/{name}", wanted))
    assert [answer.status for answer in answers] == [422, 403, 422, 200]
    assert "spec is immutable after creation except resources.requests" in answers[0].message
    assert answers[1].message == (
        'persistentvolumeclaims "rigid" is forbidden: only dynamically provisioned pvc can be '
        "resized and the storageclass that provisions the pvc must support resize"
    )


async def test_a_volume_tells_since_when_it_is_in_its_phase(api, clock) -> None:
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}
    volume = {"metadata": {"name": "disk"}, "spec": {**spec, "hostPath": {"path": "/tmp/d"}}}
    made = (await api.post("/api/v1/persistentvolumes", volume)).body
    first = made["status"].pop("lastPhaseTransitionTime")
    await clock.advance(60)
    for phase, same in (("Pending", True), ("Available", False)):
        status = {"phase": phase}
        path = "/api/v1/persistentvolumes/disk/status"
        made.pop("status")
        made = (await api.put(path, {**made, "status": status})).body
        assert (made["status"]["lastPhaseTransitionTime"] == first) is same
