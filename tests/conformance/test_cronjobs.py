"""CronJobs: Jobs on time."""

from __future__ import annotations

import pytest
from kubernetes import client

pytestmark = pytest.mark.needs_nodes


def test_a_job_is_made_on_time_and_its_success_is_noted(
    api, shared_namespace, minutely, eventually
):
    batch = client.BatchV1Api(api)

    def succeeded():
        status = batch.read_namespaced_cron_job(minutely, shared_namespace).status
        return status.last_successful_time and status

    status = eventually(succeeded, within=90)
    minute = int(status.last_schedule_time.timestamp()) // 60
    assert batch.read_namespaced_job(f"{minutely}-{minute}", shared_namespace).status.succeeded == 1
