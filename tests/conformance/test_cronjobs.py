"""CronJobs: Jobs on time."""

from __future__ import annotations

from datetime import datetime

import pytest
from kubernetes import client

SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"
SLEEPER = {"name": "a", "image": "busybox:1.37", "command": ["sleep", "3600"]}
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


def test_a_job_that_somebody_made_of_it_is_told(api, core, namespace, eventually):
    batch = client.BatchV1Api(api)
    pod = {"restartPolicy": "Never", "containers": [SLEEPER], "terminationGracePeriodSeconds": 0}
    template = {"spec": {"template": {"spec": pod}}}
    body = {
        "metadata": {"name": "yearly"},
        "spec": {"schedule": "@yearly", "jobTemplate": template},
    }
    yearly = batch.create_namespaced_cron_job(namespace, body)
    # As `kubectl create job by-hand --from=cronjob/yearly` does it.
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "controller": True}
    owner |= {"name": "yearly", "uid": yearly.metadata.uid}
    by_hand = {"metadata": {"name": "by-hand", "ownerReferences": [owner]}, **template}
    batch.create_namespaced_job(namespace, by_hand)

    def told():
        events = core.list_namespaced_event(namespace, field_selector="reason=UnexpectedJob").items
        return [event.message for event in events]

    message = "Saw a job that the controller did not create or forgot: by-hand"
    assert eventually(told) == [message]
    assert batch.read_namespaced_cron_job("yearly", namespace).status.active is None
