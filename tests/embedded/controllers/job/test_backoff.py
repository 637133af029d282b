from __future__ import annotations

from datetime import timedelta

import pytest

from kubelearn.embedded.controllers.job.backoff import past_backoff_limit, retry_in
from kubelearn.objects import timestamp


@pytest.fixture
def finished(clock, make_pod):
    """A pod that ended some seconds ago."""

    def make(phase, ago):
        end = timestamp(clock.now() - timedelta(seconds=ago))
        ended = [{"state": {"terminated": {"finishedAt": end}}}]
        return make_pod(
            f"p-{ago}", phase=phase, status={"phase": phase, "containerStatuses": ended}
        )

    return make


def test_the_first_pod_is_made_at_once(clock):
    assert retry_in([], clock.now()) == 0


def test_each_failure_doubles_the_wait_up_to_ten_minutes(clock, finished):
    assert retry_in([finished("Failed", 0)], clock.now()) == 10
    assert retry_in([finished("Failed", ago) for ago in (3, 20)], clock.now()) == 17
    assert retry_in([finished("Failed", ago) for ago in range(20)], clock.now()) == 600


def test_a_success_makes_earlier_failures_forgotten(clock, finished):
    pods = [finished("Failed", 30), finished("Succeeded", 20), finished("Failed", 1)]
    assert retry_in(pods, clock.now()) == 9
    assert retry_in(pods[:2], clock.now()) == 0


def test_restarts_of_containers_count_when_pods_restart_them(make_pod):
    template = {"spec": {"restartPolicy": "OnFailure"}}
    job = {"spec": {"backoffLimit": 2, "template": template}}
    pod = make_pod(
        phase="Running", status={"phase": "Running", "containerStatuses": [{"restartCount": 2}]}
    )
    assert past_backoff_limit(job, [pod], 0)
    assert not past_backoff_limit(job, [], 2)
    assert past_backoff_limit(job, [], 3)
    template["spec"]["restartPolicy"] = "Never"
    assert not past_backoff_limit(job, [pod], 0)
