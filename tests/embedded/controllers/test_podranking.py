from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kubelearn.embedded.controllers.podranking import choose_to_delete

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=1)


@pytest.fixture
def running(make_pod):
    """A ready pod on a node, created a day ago."""

    def make(name, **changes):
        defaults = {
            "phase": "Running",
            "ready": True,
            "created": LONG_AGO,
            "nodeName": f"on-{name}",
        }
        return make_pod(name, **{**defaults, **changes})

    return make


def first(pods, related=None):
    return choose_to_delete(pods, pods if related is None else related, 1, now=NOW)[0]["metadata"][
        "name"
    ]


def test_a_pod_without_a_node_goes_before_one_that_has_a_node(running):
    assert first([running("a"), running("z", nodeName=None)]) == "z"


def test_a_pending_pod_goes_before_a_running_one(running):
    assert first([running("a"), running("z", phase="Pending")]) == "z"


def test_a_pod_that_is_not_ready_goes_before_a_ready_one(running):
    assert first([running("a"), running("z", ready=False)]) == "z"


def test_a_lower_deletion_cost_goes_first(running):
    cheap = {"annotations": {"controller.kubernetes.io/pod-deletion-cost": "-5"}}
    assert first([running("a"), running("z", meta=cheap)]) == "z"


def test_a_pod_beside_a_sibling_goes_before_a_lonely_one(running):
    pods = [
        running("a", nodeName="one"),
        running("y", nodeName="two"),
        running("z", nodeName="two"),
    ]
    assert first(pods) in ("y", "z")


def test_siblings_of_another_revision_count_too(running):
    mine = [running("a", nodeName="one"), running("z", nodeName="two")]
    other_revision = running("other", nodeName="two")
    assert first(mine, [*mine, other_revision]) == "z"


def test_a_pod_that_became_ready_lately_goes_before_one_ready_for_long(running):
    assert first([running("a"), running("z", created=NOW - timedelta(minutes=1))]) == "z"


def test_ages_alike_to_a_factor_of_two_do_not_count(running):
    younger = running("z", created=LONG_AGO + timedelta(minutes=5))
    assert first([running("a"), younger]) == "a"  # by uid


def test_a_pod_that_restarted_more_goes_first(running):
    restarted = {"containerStatuses": [{"name": "app", "restartCount": 3}]}
    assert first([running("a"), running("z", status=restarted)]) == "z"


def test_if_all_have_to_go_all_are_chosen(running):
    pods = [running("a"), running("b")]
    assert choose_to_delete(pods, pods, 5, now=NOW) == pods
