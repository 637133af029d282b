"""What objects say, told by their plain dicts."""

from __future__ import annotations

import pytest

from kubelearn.objects import (
    PODS,
    STORAGE_CLASSES,
    annotations_of,
    is_active,
    is_terminal,
    key,
    labels_of,
    scaled_value,
    set_condition,
    split_key,
    tolerates,
)


def test_a_resource_knows_its_paths():
    assert PODS.path() == "/api/v1/pods"
    assert PODS.path("shop", "web", "log") == "/api/v1/namespaces/shop/pods/web/log"
    assert STORAGE_CLASSES.path("shop", "fast") == "/apis/storage.k8s.io/v1/storageclasses/fast"


@pytest.mark.parametrize("meta", [{"name": "n"}, {"name": "web", "namespace": "shop"}])
def test_a_key_can_be_taken_apart_again(meta):
    assert split_key(key({"metadata": meta})) == (meta.get("namespace"), meta["name"])


def test_who_has_no_labels_or_annotations_has_none():
    for meta in ({}, {"labels": None, "annotations": None}):
        assert labels_of({"metadata": meta}) == annotations_of({"metadata": meta}) == {}
    assert labels_of({"metadata": {"labels": {"app": "web"}}}) == {"app": "web"}


@pytest.mark.parametrize(
    ("phase", "terminal"),
    [("Pending", False), ("Running", False), ("Succeeded", True), ("Failed", True)],
)
def test_a_pod_has_ended_when_its_phase_says_so(phase, terminal):
    pod = {"metadata": {}, "status": {"phase": phase}}
    assert is_terminal(pod) == terminal
    assert is_active(pod) == (not terminal)


def test_a_pod_that_is_being_deleted_is_not_active_and_has_not_ended():
    pod = {"metadata": {"deletionTimestamp": "2026-01-01T12:00:00Z"}}
    assert (is_active(pod), is_terminal(pod)) == (False, False)


@pytest.mark.parametrize(
    ("toleration", "tolerated"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "a", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "a", "value": "b"}, True),
        ({"key": "a", "value": "c"}, False),
        ({}, False),
    ],
)
def test_a_toleration_is_for_a_taint_or_not(toleration, tolerated):
    taint = {"key": "a", "value": "b", "effect": "NoSchedule"}
    assert tolerates(toleration, taint) == tolerated


def test_a_condition_keeps_its_time_while_its_status_stays():
    old = {"type": "Ready", "status": "True", "lastTransitionTime": "1", "reason": "A"}
    same = {"type": "Ready", "status": "True", "lastTransitionTime": "2", "reason": "B"}
    other = {**same, "status": "False"}
    assert set_condition([old], same) == [{**same, "lastTransitionTime": "1"}]
    assert set_condition([old], other) == [other]
    assert set_condition([], other) == [other]


def test_a_share_is_rounded_as_asked():
    assert scaled_value("25%", 10, round_up=True) == 3
    assert scaled_value("25%", 10, round_up=False) == 2
    assert scaled_value(4, 10, round_up=True) == 4
    assert scaled_value(None, 10, round_up=True) == 0
