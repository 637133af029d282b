from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.job.controller import JobController
from kubelearn.embedded.controllers.ttlafterfinished import TTLAfterFinishedController
from kubelearn.objects import EVENTS, JOBS, PODS, condition, is_active, is_true, timestamp


@pytest.fixture
def end(api, clock):
    """Let all active pods of the Job end."""

    async def call(phase="Succeeded"):
        finished = {"terminated": {"finishedAt": timestamp(clock.now())}}
        for pod in filter(is_active, api.objects(PODS)):
            status = {"phase": phase, "containerStatuses": [{"state": finished}]}
            await api.patch(PODS, pod["metadata"]["name"], {"status": status}, "default")
        await clock.advance(0)

    return call


@pytest.fixture
def active(api):
    return lambda: sum(map(is_active, api.objects(PODS)))


@pytest.fixture
def suspend(api, clock):
    async def call(value):
        job = api.one(JOBS)
        await api.update(JOBS, {**job, "spec": {**job["spec"], "suspend": value}})
        await clock.advance(1)

    return call


async def test_it_runs_as_many_as_may_run_together_until_enough_succeeded(
    api, clock, start, make_job, end, active
):
    await make_job(parallelism=2, completions=3)
    async with start(JobController):
        await clock.advance(0)
        assert active() == 2
        assert api.one(JOBS)["status"]["active"] == 2
        await end()
        assert active() == 1
        await end()
    job = api.one(JOBS)
    assert is_true(job, "SuccessCriteriaMet")
    assert is_true(job, "Complete")
    assert job["status"]["succeeded"] == 3
    assert "active" not in job["status"]
    assert not any(pod["metadata"].get("finalizers") for pod in api.objects(PODS))
    assert "Job completed" in [event["message"] for event in api.objects(EVENTS)]


async def test_after_a_failure_it_waits_before_it_tries_again(
    api, clock, start, make_job, end, active
):
    await make_job()
    async with start(JobController):
        await clock.advance(0)
        await end("Failed")
        await clock.advance(9)
        assert active() == 0
        await clock.advance(2)
        assert active() == 1
        assert api.one(JOBS)["status"]["failed"] == 1


async def test_it_gives_up_after_its_backoff_limit(api, clock, start, make_job, end):
    await make_job(backoffLimit=0)
    async with start(JobController):
        await clock.advance(0)
        await end("Failed")
    failed = condition(api.one(JOBS), "Failed")
    assert failed["reason"] == "BackoffLimitExceeded"
    assert failed["message"] == "Job has reached the specified backoff limit"


async def test_it_ends_its_pods_at_the_deadline(api, clock, start, make_job):
    await make_job(activeDeadlineSeconds=5)
    async with start(JobController):
        await clock.advance(4)
        assert len(api.objects(PODS)) == 1
        await clock.advance(2)
    assert api.objects(PODS) == []
    assert condition(api.one(JOBS), "Failed")["reason"] == "DeadlineExceeded"
    assert api.one(JOBS)["status"]["failed"] == 1


async def test_a_suspended_job_has_no_pods_and_counts_no_failure(
    api, clock, start, make_job, suspend, active
):
    await make_job()
    async with start(JobController):
        await clock.advance(0)
        await suspend(True)
        assert active() == 0
        job = api.one(JOBS)
        assert condition(job, "Suspended")["reason"] == "JobSuspended"
        assert "startTime" not in job["status"]
        assert "failed" not in job["status"]
        await suspend(False)
        assert active() == 1
        assert condition(api.one(JOBS), "Suspended")["reason"] == "JobResumed"


async def test_indexes_that_succeeded_are_remembered(api, clock, start, make_job, end):
    await make_job(completionMode="Indexed", parallelism=3, completions=3)
    async with start(JobController):
        await clock.advance(0)
        await end()
    assert api.one(JOBS)["status"]["completedIndexes"] == "0-2"
    assert {pod["spec"]["hostname"] for pod in api.objects(PODS)} == {"sum-0", "sum-1", "sum-2"}


async def test_pods_of_a_job_that_is_gone_are_let_go(api, clock, start, make_job):
    job = await make_job()
    async with start(JobController):
        await clock.advance(0)
        await api.remove(JOBS, job)
        await clock.advance(0)
    assert api.one(PODS)["metadata"]["finalizers"] == []


async def test_a_finished_job_is_deleted_after_its_time_to_live(api, clock, start, make_job, end):
    await make_job(ttlSecondsAfterFinished=60)
    async with start(JobController, TTLAfterFinishedController):
        await clock.advance(0)
        await end()
        await clock.advance(59)
        assert "deletionTimestamp" not in api.one(JOBS)["metadata"]
        await clock.advance(2)
        assert "deletionTimestamp" in api.one(JOBS)["metadata"]
