"""Jobs: pods that have to succeed a number of times."""

from __future__ import annotations

import pytest
from kubernetes import client

pytestmark = pytest.mark.needs_nodes


@pytest.fixture
def batch(api):
    return client.BatchV1Api(api)


@pytest.fixture
def run(batch, namespace, eventually):
    """Run a Job `sum` to its end."""

    def call(script, **spec):
        container = {"name": "a", "image": "busybox:1.37", "command": ["sh", "-c", script]}
        pod = {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "containers": [container],
        }
        body = {"metadata": {"name": "sum"}, "spec": {**spec, "template": {"spec": pod}}}
        batch.create_namespaced_job(namespace, body)
        return eventually(finished)

    def finished():
        job = batch.read_namespaced_job("sum", namespace)
        kinds = {c.type for c in job.status.conditions or [] if c.status == "True"}
        return job if kinds & {"Complete", "Failed"} else None

    return call


@pytest.fixture
def conditions():
    return lambda job: {c.type: c.reason for c in job.status.conditions}


def test_a_job_is_complete_when_enough_pods_succeeded(core, namespace, run, conditions):
    job = run("true", completions=3, parallelism=2)
    assert job.status.succeeded == 3
    assert job.status.completion_time >= job.status.start_time
    assert conditions(job)["Complete"] == "CompletionsReached"
    pods = core.list_namespaced_pod(namespace, label_selector="job-name=sum").items
    assert [pod.status.phase for pod in pods] == ["Succeeded"] * 3
    assert not any(pod.metadata.finalizers for pod in pods)


def test_a_job_fails_past_its_backoff_limit(run, conditions):
    job = run("exit 3", backoffLimit=0)
    assert (job.status.failed, job.status.succeeded) == (1, None)
    assert conditions(job)["Failed"] == "BackoffLimitExceeded"


def test_a_job_is_ended_at_its_deadline(core, namespace, run, conditions, eventually):
    job = run("sleep 3600", activeDeadlineSeconds=1)
    assert conditions(job)["Failed"] == "DeadlineExceeded"
    eventually(lambda: not core.list_namespaced_pod(namespace).items)


def test_each_pod_of_an_indexed_job_has_a_number(core, namespace, run):
    job = run("echo $JOB_COMPLETION_INDEX", completionMode="Indexed", completions=2, parallelism=2)
    assert job.status.completed_indexes == "0,1"
    pods = core.list_namespaced_pod(namespace).items
    logs = {core.read_namespaced_pod_log(pod.metadata.name, namespace).strip() for pod in pods}
    assert logs == {"0", "1"}


def test_a_finished_job_with_a_time_to_live_is_deleted(batch, namespace, run, gone, eventually):
    run("true", ttlSecondsAfterFinished=1)
    eventually(lambda: gone(batch.read_namespaced_job, "sum", namespace))
