import pytest

LABEL = "must consist of alphanumeric characters, '-', '_' or '.'"


def config_map(create, **metadata):
    return create("v1", "ConfigMap", metadata=metadata)


def test_a_good_object_has_no_problems(create):
    labels = {"app": "web", "example.com/tier": ""}
    annotations = {"Example.com/Note": "a b"}
    assert config_map(create, labels=labels, annotations=annotations) == []


def test_a_name_is_needed(create):
    (problem,) = config_map(create, name="")
    assert problem == "metadata.name: Required value: name or generateName is required"


def test_the_base_of_a_generated_name_may_end_in_a_dash(create):
    assert config_map(create, name="web-x2b4c", generateName="web-") == []
    assert "metadata.generateName" in config_map(create, name="x", generateName="Web-")[0]


@pytest.mark.parametrize(
    ("kind", "name", "good"),
    [
        ("ConfigMap", "a.b", True),
        ("Namespace", "a.b", False),
        ("Service", "a.b", False),
        ("Pod", "a_b", False),
    ],
)
def test_each_kind_has_its_own_rule_for_names(create, kind, name, good):
    problems = create("v1", kind, metadata={"name": name, **_no_namespace(kind)})
    assert any(problem.startswith("metadata.name:") for problem in problems) is not good


def _no_namespace(kind):
    return {"namespace": ""} if kind == "Namespace" else {}


def test_roles_may_have_colons_in_their_names(create):
    for kind, good in (("ClusterRole", True), ("ConfigMap", False)):
        group = "rbac.authorization.k8s.io/v1" if good else "v1"
        problems = create(group, kind, metadata={"name": "system:x"})
        assert (problems == []) is good


def test_labels_and_annotations_are_checked_by_key(create):
    (problem,) = config_map(create, labels={"-team": "a"})
    assert problem.startswith(f'metadata.labels: Invalid value: "-team": name part {LABEL}')
    (problem,) = config_map(create, annotations={"a/b/c": ""})
    assert "a valid label key must consist of" in problem


def test_annotations_together_have_a_limit(create):
    (problem,) = config_map(create, annotations={"a": "x" * 262144})
    assert problem == "metadata.annotations: Too long: may not be more than 262144 bytes"


def test_finalizers_need_a_domain(create):
    (problem,) = config_map(create, finalizers=["mine"])
    assert problem == (
        'metadata.finalizers[0]: Invalid value: "mine": '
        "name is neither a standard finalizer name nor is it fully qualified"
    )
    assert config_map(create, finalizers=["example.com/mine", "foregroundDeletion"]) == []


def test_only_one_owner_can_be_the_controller(create):
    owner = {"apiVersion": "v1", "kind": "Pod", "uid": "1", "controller": True}
    problems = config_map(create, ownerReferences=[{**owner, "name": "a"}, {**owner, "name": "b"}])
    assert "Only one reference can have Controller set to true" in problems[0]
    assert 'Found "true" in references for Pod/a and Pod/b' in problems[0]


def test_owners_have_to_be_complete(create):
    problems = config_map(create, ownerReferences=[{"apiVersion": "v1", "kind": "Pod"}])
    assert [problem.split(":")[0] for problem in problems] == [
        "metadata.ownerReferences.name",
        "metadata.ownerReferences.uid",
    ]


def test_what_identifies_an_object_stays(update):
    old = {"metadata": {"uid": "1"}}
    problems = update("v1", "ConfigMap", old, {"metadata": {"uid": "2"}})
    assert problems == ['metadata.uid: Invalid value: "2": field is immutable']


def test_an_update_needs_a_resource_version(update):
    problems = update("v1", "ConfigMap", {}, {}, versioned=False)
    assert problems == [
        'metadata.resourceVersion: Invalid value: "": must be specified for an update'
    ]


def test_a_dying_object_gets_no_new_finalizers(update):
    dying = {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["a/b"]}
    new = {"metadata": {**dying, "finalizers": ["a/b", "a/c"]}}
    (problem,) = update("v1", "ConfigMap", {"metadata": dying}, new)
    assert problem == (
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being "
        'deleted, found new finalizers []string{"a/c"}'
    )


def test_a_kind_of_the_cluster_has_no_namespace(create):
    problems = create("v1", "Node", metadata={"namespace": "default"})
    assert problems == ["metadata.namespace: Forbidden: not allowed on this type"]
