from __future__ import annotations

from datetime import timedelta

import pytest

from kubelearn.embedded.controllers.job.backoff import Backoff, finished_at, past_backoff_limit
from kubelearn.objects import timestamp


@pytest.fixture
def finished(clock, make_pod):
    """A pod that ended some seconds ago."""

    def make(ago):
        end = timestamp(clock.now() - timedelta(seconds=ago))
        ended = [{"state": {"terminated": {"finishedAt": end}}}]
        return make_pod(f"p-{ago}", status={"containerStatuses": ended})

    return make


@pytest.fixture
def wait(clock):
    """How long a Job waits after these pods."""

    def call(*, succeeded=(), failed=(), backoff=None):
        backoff = backoff or Backoff()
        backoff.note("job", succeeded=succeeded, failed=failed)
        return backoff.retry_in("job", clock.now())

    return call


def test_the_first_pod_is_made_at_once(wait):
    assert wait() == 0


def test_each_failure_doubles_the_wait_up_to_ten_minutes(wait, finished):
    assert wait(failed=[finished(0)]) == 10
    assert wait(failed=[finished(3), finished(20)]) == 17
    assert wait(failed=map(finished, range(20))) == 600
    assert wait(failed=[finished(11)]) == 0


def test_a_success_makes_earlier_failures_forgotten(wait, finished):
    assert wait(failed=[finished(30), finished(1)], succeeded=[finished(20)]) == 9
    assert wait(failed=[finished(5)], succeeded=[finished(2)]) == 0


def test_failures_are_remembered_after_their_pods_are_gone(wait, finished):
    backoff = Backoff()
    assert wait(failed=[finished(0)], backoff=backoff) == 10
    assert wait(failed=[finished(0)], backoff=backoff) == 10
    assert wait(backoff=backoff) == 10
    backoff.forget("job")
    assert wait(backoff=backoff) == 0


def test_a_pod_that_was_taken_away_ended_when_that_began(clock, make_pod):
    meta = {"deletionTimestamp": timestamp(clock.now()), "deletionGracePeriodSeconds": 30}
    pod = make_pod(status={"conditions": []}, meta=meta)
    assert finished_at(pod) == clock.now() - timedelta(seconds=30)


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
