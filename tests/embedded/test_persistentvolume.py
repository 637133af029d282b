"""Which volume is for which claim."""

import pytest

from kubelearn.embedded.persistentvolume import (
    bound,
    default_class,
    find_matching,
    fits_node,
    is_bound_to,
    mismatch,
)

HOST = "kubernetes.io/hostname"


def on(*names):
    term = {"matchExpressions": [{"key": HOST, "operator": "In", "values": list(names)}]}
    return {"required": {"nodeSelectorTerms": [term]}}


def reserved(name="data", **parts):
    return {"namespace": "default", "name": name, **parts}


def test_the_smallest_volume_that_is_large_enough_is_taken(make_claim, make_volume):
    sizes = {"a": "5Gi", "b": "2Gi", "c": "500Mi"}
    volumes = [make_volume(name, size=size) for name, size in sizes.items()]
    assert find_matching(make_claim(), volumes)["metadata"]["name"] == "b"
    assert find_matching(make_claim(size="6Gi"), volumes) is None


def test_a_reserved_volume_comes_before_a_smaller_one(make_claim, make_volume):
    volumes = [make_volume("small"), make_volume("mine", size="9Gi", claimRef=reserved())]
    assert find_matching(make_claim(), volumes)["metadata"]["name"] == "mine"
    assert find_matching(make_claim("other"), volumes)["metadata"]["name"] == "small"


@pytest.mark.parametrize(
    "spec",
    [
        {"storageClassName": "fast"},
        {"accessModes": ["ReadOnlyMany"]},
        {"volumeMode": "Block"},
        {"volumeAttributesClassName": "gold"},
    ],
    ids=str,
)
def test_a_volume_of_another_kind_is_not_taken(make_claim, make_volume, spec):
    assert find_matching(make_claim(), [make_volume(**spec)]) is None


def test_a_selector_chooses_by_labels(make_claim, make_volume):
    volumes = [make_volume("a"), make_volume("b", size="3Gi", labels={"tier": "gold"})]
    claim = make_claim(selector={"matchLabels": {"tier": "gold"}})
    assert find_matching(claim, volumes)["metadata"]["name"] == "b"


def test_a_volume_that_is_not_available_is_not_taken(make_claim, make_volume):
    assert find_matching(make_claim(), [make_volume(phase="Released")]) is None


def test_a_delayed_claim_gets_only_what_is_reserved_for_it(make_claim, make_volume):
    assert find_matching(make_claim(), [make_volume()], delayed=True) is None
    mine = make_volume(claimRef=reserved())
    assert find_matching(make_claim(), [mine], delayed=True) is mine


def test_the_scheduler_asks_for_volumes_of_one_node(make_claim, make_volume, make_node):
    volumes = [make_volume("a", nodeAffinity=on("n1")), make_volume("b", nodeAffinity=on("n2"))]
    found = find_matching(make_claim(), volumes, node=make_node("n2"), delayed=True)
    assert found["metadata"]["name"] == "b"
    assert find_matching(make_claim(), volumes, node=make_node("n2"), excluded={"b"}) is None


def test_a_reserved_volume_elsewhere_is_no_match_for_a_node(make_claim, make_volume, make_node):
    mine = make_volume(claimRef=reserved(), nodeAffinity=on("n1"))
    volumes = [make_volume("free"), mine]
    assert find_matching(make_claim(), volumes[::-1], node=make_node("n2")) is None


def test_without_affinity_a_volume_fits_every_node(make_volume, make_node):
    assert fits_node(make_volume(), make_node())
    assert not fits_node(make_volume(nodeAffinity=on("n1")), make_node("n2"))


def test_binding_names_the_claim_and_says_who_did_it(make_claim, make_volume):
    done = bound(make_volume(), make_claim())
    assert done["spec"]["claimRef"] == {
        "kind": "PersistentVolumeClaim",
        "namespace": "default",
        "name": "data",
        "uid": "uid-of-data",
        "apiVersion": "v1",
        "resourceVersion": "1",
    }
    assert done["metadata"]["annotations"] == {"pv.kubernetes.io/bound-by-controller": "yes"}
    assert bound(done, make_claim()) is done


def test_a_reservation_by_hand_only_gets_the_uid(make_claim, make_volume):
    done = bound(make_volume(claimRef=reserved()), make_claim())
    assert done["spec"]["claimRef"]["uid"] == "uid-of-data"
    assert done["metadata"]["annotations"] == {}


def test_a_volume_of_an_earlier_claim_of_that_name_is_not_the_claims(make_claim, make_volume):
    assert not is_bound_to(make_volume(claimRef=reserved(uid="another")), make_claim())


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"capacity": {"storage": "1Mi"}}, "requested PV is too small"),
        ({"storageClassName": ""}, "storageClassName does not match"),
        ({"volumeMode": "Block"}, "incompatible volumeMode"),
        ({"accessModes": ["ReadWriteMany"]}, "incompatible accessMode"),
        ({}, ""),
    ],
    ids=str,
)
def test_what_keeps_a_claim_from_the_volume_it_asks_for(make_claim, make_volume, spec, reason):
    assert mismatch(make_volume(**spec), make_claim()) == reason


def test_the_newest_default_class_counts(make_class):
    old, new = make_class("old", default=True), make_class("new", default=True)
    old["metadata"]["creationTimestamp"] = "2025-01-01T00:00:00Z"
    assert default_class([old, new, make_class()]) is new
    assert default_class([make_class()]) is None
