from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from kubelearn.embedded.controllers.namespace.conditions import Remaining, deletion_conditions
from kubelearn.objects import DEPLOYMENTS, PODS, condition

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def test_nothing_is_wrong_when_all_is_deleted():
    found = deletion_conditions([], Remaining(), now=NOW)
    assert {(c["type"], c["status"]) for c in found} == {
        ("NamespaceDeletionDiscoveryFailure", "False"),
        ("NamespaceDeletionGroupVersionParsingFailure", "False"),
        ("NamespaceDeletionContentFailure", "False"),
        ("NamespaceContentRemaining", "False"),
        ("NamespaceFinalizersRemaining", "False"),
    }


def test_what_remains_is_told_with_its_finalizers():
    remaining = Remaining(
        objects=Counter({PODS: 2, DEPLOYMENTS: 1}), finalizers=Counter({"example.com/x": 1})
    )
    found = {"status": {"conditions": deletion_conditions([], remaining, now=NOW)}}
    assert condition(found, "NamespaceContentRemaining")["message"] == (
        "Some resources are remaining: deployments.apps has 1 resource instances, "
        "pods. has 2 resource instances"
    )
    assert condition(found, "NamespaceFinalizersRemaining")["message"] == (
        "Some content in the namespace has finalizers remaining: "
        "example.com/x in 1 resource instances"
    )


def test_a_failure_names_its_cause():
    remaining = Remaining(errors=["b", "a"], discovery_error="no answer")
    found = {"status": {"conditions": deletion_conditions([], remaining, now=NOW)}}
    assert condition(found, "NamespaceDeletionContentFailure")["message"] == (
        "Failed to delete all resource types, 2 remaining: a, b"
    )
    assert condition(found, "NamespaceDeletionDiscoveryFailure")["message"] == "no answer"


def test_conditions_that_stay_the_same_keep_their_times():
    earlier = deletion_conditions([], Remaining(), now=datetime(2025, 1, 1, tzinfo=UTC))
    assert deletion_conditions(earlier, Remaining(), now=NOW) == earlier
