"""Jobs that say which failures count, what success is, and what each index may do."""

from __future__ import annotations

from functools import partial

import pytest

from kubelearn.embedded.controllers.job.controller import JobController
from kubelearn.embedded.controllers.job.indexes import index_of
from kubelearn.objects import EVENTS, JOBS, PODS, condition, is_active, is_true, timestamp

FAILURES = "batch.kubernetes.io/job-index-failure-count"
IGNORED = "batch.kubernetes.io/job-index-ignored-failure-count"


@pytest.fixture
def make_job(make_job):
    """Create a Job `sum` of four indexes."""
    return partial(make_job, parallelism=4, completions=4, completionMode="Indexed")


@pytest.fixture
def end(api, clock):
    """Let the active pods of these indexes end, with that exit code."""

    async def call(*indexes, code=0):
        ended = {"terminated": {"exitCode": code, "finishedAt": timestamp(clock.now())}}
        phase = "Failed" if code else "Succeeded"
        for pod in filter(is_active, api.objects(PODS)):
            if index_of(pod) in indexes or not indexes:
                status = {"phase": phase, "containerStatuses": [{"name": "a", "state": ended}]}
                await api.patch(PODS, pod["metadata"]["name"], {"status": status}, "default")
        await clock.advance(0)

    return call


@pytest.fixture
def active(api):
    return lambda: sorted(index_of(pod) for pod in filter(is_active, api.objects(PODS)))


def policy(action, *codes):
    on = {"operator": "In", "values": list(codes)}
    return {"rules": [{"action": action, "onExitCodes": on}]}


async def test_one_exit_code_can_be_the_end_of_all(api, clock, start, make_job, end, active):
    await make_job(podFailurePolicy=policy("FailJob", 42))
    async with start(JobController):
        await clock.advance(0)
        await end(1, code=42)
        assert active() == []
    job = api.one(JOBS)
    failed = condition(job, "Failed")
    assert (failed["reason"], failed["message"].partition(" failed with ")[2]) == (
        "PodFailurePolicy",
        "exit code 42 matching FailJob rule at index 0",
    )
    # Those that still ran count as failed, too.
    assert job["status"]["failed"] == 4
    assert not any(pod["metadata"].get("finalizers") for pod in api.objects(PODS))


async def test_an_ignored_failure_does_not_count(api, clock, start, make_job, end, active):
    await make_job(podFailurePolicy=policy("Ignore", 42), backoffLimit=0)
    async with start(JobController):
        await clock.advance(0)
        await end(1, code=42)
        await clock.advance(11)
        assert active() == [0, 1, 2, 3]
        assert "failed" not in api.one(JOBS)["status"]
        await end()
    assert is_true(api.one(JOBS), "Complete")


async def test_success_of_some_can_be_enough(api, clock, start, make_job, end, active):
    rules = [{"succeededIndexes": "2"}]
    await make_job(successPolicy={"rules": rules})
    async with start(JobController):
        await clock.advance(0)
        await end(2)
        assert active() == []
    job = api.one(JOBS)
    assert condition(job, "SuccessCriteriaMet")["reason"] == "SuccessPolicy"
    complete = condition(job, "Complete")
    assert complete["message"] == "Matched rules at index 0"
    assert (job["status"]["succeeded"], job["status"].get("failed")) == (1, None)
    assert "Job completed" in [event["message"] for event in api.objects(EVENTS)]


async def test_each_index_fails_by_itself(api, clock, start, make_job, end, active):
    await make_job(backoffLimitPerIndex=1, backoffLimit=2**31 - 1)
    async with start(JobController):
        await clock.advance(0)
        await end(0, 2, 3)
        await end(1, code=1)
        assert active() == []
        await clock.advance(11)
        assert active() == [1]
        [again] = filter(is_active, api.objects(PODS))
        assert again["metadata"]["annotations"][FAILURES] == "1"
        await end(1, code=1)
    job = api.one(JOBS)
    assert job["status"]["failedIndexes"] == "1"
    assert job["status"]["completedIndexes"] == "0,2,3"
    assert (job["status"]["failed"], job["status"]["succeeded"]) == (2, 3)
    failed = condition(job, "Failed")
    assert (failed["reason"], failed["message"]) == ("FailedIndexes", "Job has failed indexes")


async def test_an_index_waits_longer_after_each_failure_and_no_other_does(
    api, clock, start, make_job, end, active
):
    await make_job(backoffLimitPerIndex=5, backoffLimit=2**31 - 1)
    async with start(JobController):
        await clock.advance(0)
        await end(1, code=1)
        await clock.advance(11)
        await end(1, code=1)
        await end(3, code=1)
        await clock.advance(11)
        assert active() == [0, 2, 3]
        await clock.advance(10)
        assert active() == [0, 1, 2, 3]


async def test_too_many_failed_indexes_end_the_job(api, clock, start, make_job, end, active):
    await make_job(backoffLimitPerIndex=0, backoffLimit=2**31 - 1, maxFailedIndexes=1)
    async with start(JobController):
        await clock.advance(0)
        await end(1, code=1)
        assert active() == [0, 2, 3]
        await end(2, code=1)
        assert active() == []
    assert condition(api.one(JOBS), "Failed")["reason"] == "MaxFailedIndexesExceeded"
    assert api.one(JOBS)["status"]["failedIndexes"] == "1,2"


async def test_a_rule_can_give_up_an_index_at_once(api, clock, start, make_job, end, active):
    await make_job(
        backoffLimitPerIndex=3, backoffLimit=2**31 - 1, podFailurePolicy=policy("FailIndex", 42)
    )
    async with start(JobController):
        await clock.advance(0)
        await end(1, code=42)
        await clock.advance(30)
        assert active() == [0, 2, 3]
    assert api.one(JOBS)["status"]["failedIndexes"] == "1"


async def test_ignored_failures_of_an_index_are_written_down_too(api, clock, start, make_job, end):
    await make_job(
        backoffLimitPerIndex=1, backoffLimit=2**31 - 1, podFailurePolicy=policy("Ignore", 42)
    )
    async with start(JobController):
        await clock.advance(0)
        await end(1, code=42)
        await clock.advance(11)
        [again] = [pod for pod in api.objects(PODS) if is_active(pod) and index_of(pod) == 1]
    notes = again["metadata"]["annotations"]
    assert (notes[FAILURES], notes[IGNORED]) == ("0", "1")


async def test_a_pod_on_its_way_out_can_be_waited_for(api, clock, start, make_job, active):
    await make_job(podReplacementPolicy="Failed")
    async with start(JobController):
        await clock.advance(0)
        pod = next(pod for pod in api.objects(PODS) if index_of(pod) == 1)
        leaving = {"deletionTimestamp": timestamp(clock.now()), "deletionGracePeriodSeconds": 30}
        await api.put(PODS, {**pod, "metadata": {**pod["metadata"], **leaving}})
        await clock.advance(20)
        assert active() == [0, 2, 3]
        assert api.one(JOBS)["status"]["terminating"] == 1
        await api.patch(PODS, pod["metadata"]["name"], {"status": {"phase": "Failed"}}, "default")
        await clock.advance(20)
        assert active() == [0, 1, 2, 3]


async def test_a_deleted_pod_is_a_failure_that_is_waited_after(api, clock, start, make_job, active):
    await make_job()
    async with start(JobController):
        await clock.advance(0)
        pod = next(pod for pod in api.objects(PODS) if index_of(pod) == 1)
        await api.delete(PODS, pod["metadata"]["name"], "default")
        await clock.advance(5)
        assert active() == [0, 2, 3]
        await clock.advance(6)
        assert active() == [0, 1, 2, 3]
        assert api.one(JOBS)["status"]["failed"] == 1


async def test_fewer_completions_take_the_pods_beyond_away(api, clock, start, make_job, active):
    await make_job()
    async with start(JobController):
        await clock.advance(0)
        changed = {"spec": {"completions": 2, "parallelism": 2}}
        await api.patch(JOBS, "sum", changed, "default")
        await clock.advance(1)
        assert active() == [0, 1]
    assert "failed" not in api.one(JOBS)["status"]


async def test_a_job_of_another_controller_is_left_alone(api, clock, start, make_job):
    await make_job(managedBy="example.com/queue")
    async with start(JobController):
        await clock.advance(1)
    assert api.objects(PODS) == []
    assert api.one(JOBS)["status"] == {}
