"""CronJobs: Jobs on time."""

from __future__ import annotations

from datetime import datetime

import pytest
from kubernetes import client

SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"
pytestmark = pytest.mark.needs_nodes


def test_a_job_is_made_on_time_and_its_success_is_noted(
    api, shared_namespace, minutely, eventually
):
    batch = client.BatchV1Api(api)

    def succeeded():
        status = batch.read_namespaced_cron_job(minutely, shared_namespace).status
        return status.last_schedule_time and status.last_successful_time

    eventually(succeeded, within=90)
    # By now the next one may run beside it.
    jobs = batch.list_namespaced_job(shared_namespace).items
    ended = next(job for job in jobs if job.status.succeeded == 1)
    scheduled = datetime.fromisoformat(ended.metadata.annotations[SCHEDULED])
    assert ended.metadata.name == f"{minutely}-{int(scheduled.timestamp()) // 60}"
