from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.disruption import DisruptionController, calculate_status
from kubelearn.objects import EVENTS, POD_DISRUPTION_BUDGETS, PODS, REPLICA_SETS, owner_reference


def budget(**spec):
    return {
        "metadata": {"name": "guard", "namespace": "default", "generation": 1},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, **spec},
    }


@pytest.fixture
def pods(make_pod):
    """So many pods, of which the first are ready."""

    def make(count, *, ready):
        return [
            make_pod(f"p{i}", labels={"app": "web"}, phase="Running", ready=i < ready)
            for i in range(count)
        ]

    return make


@pytest.mark.parametrize(
    ("spec", "ready", "desired", "allowed"),
    [
        ({"minAvailable": 2}, 3, 2, 1),
        ({"minAvailable": 2}, 2, 2, 0),
        ({"minAvailable": 2}, 1, 2, 0),
        ({"minAvailable": "50%"}, 3, 2, 1),
        ({"maxUnavailable": 1}, 3, 2, 1),
        ({"maxUnavailable": "50%"}, 3, 1, 2),
        ({"maxUnavailable": 0}, 3, 3, 0),
    ],
)
def test_what_is_healthy_beyond_need_may_be_disrupted(clock, pods, spec, ready, desired, allowed):
    status = calculate_status(budget(**spec), pods(3, ready=ready), expected=3, now=clock.now())
    assert (status["desiredHealthy"], status["disruptionsAllowed"]) == (desired, allowed)
    assert (status["expectedPods"], status["currentHealthy"]) == (3, ready)
    [condition] = status["conditions"]
    assert condition["reason"] == ("SufficientPods" if allowed else "InsufficientPods")


def test_a_granted_eviction_counts_until_it_happened_or_two_minutes_passed(clock, pods):
    guard = budget(minAvailable=1)
    guard["status"] = {
        "disruptedPods": {"p0": "2026-01-01T12:00:00Z", "gone": "2026-01-01T12:00:00Z"}
    }
    status = calculate_status(guard, pods(2, ready=2), expected=0, now=clock.now())
    assert status["disruptedPods"] == {"p0": "2026-01-01T12:00:00Z"}
    assert status["currentHealthy"] == 1
    guard["status"]["disruptedPods"] = {"p0": "2026-01-01T11:57:00Z"}
    assert "disruptedPods" not in calculate_status(
        guard, pods(2, ready=2), expected=0, now=clock.now()
    )


async def test_the_size_that_counts_is_what_the_controller_wants(
    api, clock, start, pods, make_replica_set
):
    owner = await api.create(REPLICA_SETS, make_replica_set("web", 5))
    for pod in pods(3, ready=3):
        pod["metadata"]["ownerReferences"] = [owner_reference(owner)]
        await api.create(PODS, pod)
    await api.create(POD_DISRUPTION_BUDGETS, budget(maxUnavailable=3))
    async with start(DisruptionController):
        await clock.advance(0)
        status = api.one(POD_DISRUPTION_BUDGETS)["status"]
        assert (status["expectedPods"], status["desiredHealthy"]) == (5, 2)
        await api.remove(PODS, api.objects(PODS)[0])
        await clock.advance(0)
        assert api.one(POD_DISRUPTION_BUDGETS)["status"]["disruptionsAllowed"] == 0
        smaller = {**owner["spec"], "replicas": 4}
        await api.update(REPLICA_SETS, {**owner, "spec": smaller})
        await clock.advance(0)
        assert api.one(POD_DISRUPTION_BUDGETS)["status"]["disruptionsAllowed"] == 1


async def test_a_budget_that_guards_nothing_says_so(api, clock, start):
    await api.create(POD_DISRUPTION_BUDGETS, budget(minAvailable=1))
    async with start(DisruptionController):
        await clock.advance(0)
        event = api.objects(EVENTS)[0]
        assert (event["type"], event["reason"]) == ("Normal", "NoPods")
        assert event["message"] == "No matching pods found"
        assert event["source"]["component"] == "controllermanager"
