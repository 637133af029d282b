from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.cronjob.controller import CronJobController, new_job
from kubelearn.objects import CRON_JOBS, JOBS, controller_of, timestamp


@pytest.fixture
def make_cron_job(api):
    """Create a CronJob `tick` that is due each minute."""

    async def make(**spec):
        template = {"metadata": {"labels": {"from": "tick"}}, "spec": {"template": {}}}
        body = {
            "metadata": {"name": "tick", "namespace": "default", "uid": "uid-of-tick"},
            "spec": {"schedule": "* * * * *", "jobTemplate": template, **spec},
        }
        return await api.create(CRON_JOBS, body)

    return make


@pytest.fixture
def complete(api, clock):
    """Let all Jobs succeed."""

    async def call():
        status = {
            "completionTime": timestamp(clock.now()),
            "conditions": [{"type": "Complete", "status": "True"}],
        }
        for job in api.objects(JOBS):
            if not job.get("status"):
                await api.patch(JOBS, job["metadata"]["name"], {"status": status}, "default")
        await clock.advance(0)

    return call


def names(api):
    return {job["metadata"]["name"] for job in api.objects(JOBS)}


async def test_a_job_is_made_on_time_and_named_after_it(
    api, clock, start, make_cron_job, complete, messages
):
    await make_cron_job()
    async with start(CronJobController):
        await clock.advance(59)
        assert api.objects(JOBS) == []
        await clock.advance(2)
        job = api.one(JOBS)
        # Minutes since 1970 at 12:01.
        assert job["metadata"]["name"] == "tick-29454481"
        assert job["metadata"]["labels"] == {"from": "tick"}
        assert controller_of(job)["name"] == "tick"
        [active] = api.one(CRON_JOBS)["status"]["active"]
        assert active["name"] == job["metadata"]["name"]
        await complete()
    assert api.one(CRON_JOBS)["status"] == {
        "lastScheduleTime": "2026-01-01T12:01:00Z",
        "lastSuccessfulTime": "2026-01-01T12:01:01Z",
    }
    assert messages() == [
        "Created job tick-29454481",
        "Saw completed job: tick-29454481, condition: Complete",
    ]


@pytest.mark.parametrize(
    ("policy", "left"),
    [
        ("Allow", {"tick-29454481", "tick-29454482"}),
        ("Forbid", {"tick-29454481"}),
        ("Replace", {"tick-29454482"}),
    ],
)
async def test_the_policy_says_what_happens_to_a_job_that_still_runs(
    api, clock, start, make_cron_job, policy, left
):
    await make_cron_job(concurrencyPolicy=policy)
    async with start(CronJobController):
        await clock.advance(121)
    assert names(api) == left


async def test_a_job_that_somebody_made_of_it_is_told_and_does_not_count(
    api, clock, start, make_cron_job, messages
):
    cron_job = await make_cron_job(concurrencyPolicy="Forbid")
    by_hand = new_job(cron_job, clock.now())
    by_hand["metadata"]["name"] = "by-hand"
    async with start(CronJobController):
        await api.create(JOBS, by_hand)
        await clock.advance(61)
        [active] = api.one(CRON_JOBS)["status"]["active"]
    assert active["name"] == "tick-29454481"
    assert "Saw a job that the controller did not create or forgot: by-hand" in messages()


async def test_a_job_that_was_deleted_is_missed(api, clock, start, make_cron_job, messages):
    await make_cron_job()
    async with start(CronJobController):
        await clock.advance(61)
        await api.delete(JOBS, "tick-29454481", "default")
        await clock.advance(1)
    assert "active" not in api.one(CRON_JOBS)["status"]
    assert messages()[-1] == "Active job went missing: tick-29454481"


async def test_a_suspended_cron_job_makes_none(api, clock, start, make_cron_job):
    await make_cron_job(suspend=True)
    async with start(CronJobController):
        await clock.advance(200)
    assert api.objects(JOBS) == []


async def test_only_so_many_finished_jobs_are_kept(api, clock, start, make_cron_job, complete):
    await make_cron_job(successfulJobsHistoryLimit=1)
    async with start(CronJobController):
        for _ in range(3):
            await clock.advance(60.5)
            await complete()
    assert names(api) == {"tick-29454483"}


async def test_after_a_long_sleep_one_job_makes_up_for_all_and_a_warning_tells(
    api, clock, start, make_cron_job, messages
):
    await make_cron_job()
    await clock.advance(3 * 60 * 60)
    async with start(CronJobController):
        await clock.advance(0)
    assert len(api.objects(JOBS)) == 1
    assert any(message.startswith("too many missed start times: 180") for message in messages())
