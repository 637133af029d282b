from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kubelearn.embedded.controllers.deployment import progress
from kubelearn.objects import condition

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def progressing(reason: str, *, status: str = "True", now: datetime = NOW):
    return progress.make_condition("Progressing", status, reason, "message", now=now)


def outcome(deployment, replica_sets, new, *, now=NOW):
    status = progress.rollout_status(deployment, replica_sets, new, now=now)
    return condition({"status": status}, "Progressing")


def test_the_status_counts_and_leaves_out_what_is_zero(make_deployment, make_replica_set):
    new = make_replica_set("new", 2, available=1, status={"terminatingReplicas": 1})
    old = make_replica_set("old", 0)
    status = progress.calculate_status(make_deployment(2), [old, new], new, now=NOW)
    status.pop("conditions")
    assert status == {
        "observedGeneration": 1,
        "replicas": 2,
        "updatedReplicas": 2,
        "readyReplicas": 1,
        "availableReplicas": 1,
        "unavailableReplicas": 1,
        "terminatingReplicas": 1,
    }


@pytest.mark.parametrize(
    ("available", "status", "reason", "message"),
    [
        (3, "True", "MinimumReplicasAvailable", "Deployment has minimum availability."),
        (
            2,
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
        ),
    ],
)
def test_available_depends_on_what_may_be_missing(
    make_deployment, make_replica_set, available, status, reason, message
):
    new = make_replica_set("new", 4, available=available)
    found = condition(
        {"status": progress.calculate_status(make_deployment(4), [new], new, now=NOW)},
        "Available",
    )
    assert (found["status"], found["reason"], found["message"]) == (status, reason, message)


def test_a_finished_rollout_says_so(make_deployment, make_replica_set):
    new = make_replica_set("new", 3, available=3)
    found = outcome(make_deployment(3), [new], new)
    assert found["reason"] == "NewReplicaSetAvailable"
    assert found["message"] == 'ReplicaSet "new" has successfully progressed.'


def test_progress_renews_the_time_from_which_the_deadline_counts(make_deployment, make_replica_set):
    before = {"replicas": 1, "conditions": [progressing("NewReplicaSetCreated")]}
    new = make_replica_set("new", 3, available=1)
    later = NOW + timedelta(seconds=30)
    found = outcome(make_deployment(3, status=before), [new], new, now=later)
    assert found["reason"] == "ReplicaSetUpdated"
    assert found["message"] == 'ReplicaSet "new" is progressing.'
    assert found["lastUpdateTime"] == "2026-01-01T12:00:30Z"
    assert found["lastTransitionTime"] == "2026-01-01T12:00:00Z"


def test_a_rollout_without_progress_fails_after_its_deadline(make_deployment, make_replica_set):
    new = make_replica_set("new", 3)
    status = {"replicas": 3, "updatedReplicas": 3, "conditions": [progressing("ReplicaSetUpdated")]}
    deployment = make_deployment(3, status=status, progressDeadlineSeconds=60)
    in_time = outcome(deployment, [new], new, now=NOW + timedelta(seconds=60))
    assert in_time["reason"] == "ReplicaSetUpdated"
    late = outcome(deployment, [new], new, now=NOW + timedelta(seconds=61))
    assert (late["status"], late["reason"]) == ("False", "ProgressDeadlineExceeded")
    assert late["message"] == 'ReplicaSet "new" has timed out progressing.'


def test_a_pod_lost_after_the_rollout_is_no_failure_of_it(make_deployment, make_replica_set):
    status = {
        "replicas": 3,
        "updatedReplicas": 3,
        "availableReplicas": 3,
        "conditions": [progressing("NewReplicaSetAvailable")],
    }
    new = make_replica_set("new", 3, available=2)
    found = outcome(make_deployment(3, status=status), [new], new, now=NOW + timedelta(days=1))
    assert found["reason"] == "NewReplicaSetAvailable"


def test_without_a_deadline_nothing_is_said_about_progress(make_deployment, make_replica_set):
    new = make_replica_set("new", 3, available=3)
    deployment = make_deployment(3, progressDeadlineSeconds=2**31 - 1)
    assert outcome(deployment, [new], new) is None


def test_the_deadline_is_looked_at_a_second_after_it(make_deployment):
    status = {"observedGeneration": 1, "conditions": [progressing("ReplicaSetUpdated")]}
    deployment = make_deployment(3, progressDeadlineSeconds=60)
    later = NOW + timedelta(seconds=20)
    assert progress.next_check(deployment, status, now=later) == 41


@pytest.mark.parametrize("reason", ["ProgressDeadlineExceeded", "NewReplicaSetAvailable"])
def test_a_rollout_that_is_over_needs_no_look(make_deployment, reason):
    status = {"conditions": [progressing(reason)]}
    assert progress.next_check(make_deployment(), status, now=NOW) is None


def test_pausing_and_resuming_are_noted_once(make_deployment):
    paused = progress.pause_condition(make_deployment(paused=True), now=NOW)
    assert (paused["status"], paused["reason"]) == ("Unknown", "DeploymentPaused")
    still = make_deployment(paused=True, status={"conditions": [paused]})
    assert progress.pause_condition(still, now=NOW) is None
    resumed = make_deployment(status={"conditions": [paused]})
    assert progress.pause_condition(resumed, now=NOW)["reason"] == "DeploymentResumed"


def test_a_failure_reported_before_the_pause_stays(make_deployment):
    failed = progressing("ProgressDeadlineExceeded", status="False")
    deployment = make_deployment(paused=True, status={"conditions": [failed]})
    assert progress.pause_condition(deployment, now=NOW) is None


def test_pods_that_cannot_be_created_show_in_the_deployment(make_deployment, make_replica_set):
    failure = {
        "type": "ReplicaFailure",
        "status": "True",
        "lastTransitionTime": "2026-01-01T11:00:00Z",
        "reason": "FailedCreate",
        "message": "exceeded quota",
    }
    new = make_replica_set("new", 3, status={"conditions": [failure]})
    status = progress.rollout_status(make_deployment(3), [new], new, now=NOW)
    found = condition({"status": status}, "ReplicaFailure")
    assert found == {**failure, "lastUpdateTime": "2026-01-01T11:00:00Z"}
