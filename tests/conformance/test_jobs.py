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


# --- policies --------------------------------------------------------------------------------


def on_exit_code(action, *codes):
    on = {"operator": "In", "values": list(codes)}
    return {"rules": [{"action": action, "onExitCodes": on}]}


def test_one_exit_code_can_be_the_end_of_a_job(run, conditions):
    policy = on_exit_code("FailJob", 42)
    job = run("exit 42", backoffLimit=6, podFailurePolicy=policy)
    assert (conditions(job)["Failed"], job.status.failed) == ("PodFailurePolicy", 1)
    [failed] = [each for each in job.status.conditions if each.type == "Failed"]
    assert failed.message.startswith("Container a for pod ")
    assert failed.message.endswith(" failed with exit code 42 matching FailJob rule at index 0")


def test_success_of_one_index_can_be_enough(core, namespace, run, conditions, eventually):
    script = 'test "$JOB_COMPLETION_INDEX" = 1 || sleep 3600'
    rules = [{"succeededIndexes": "1"}]
    job = run(
        script,
        completionMode="Indexed",
        completions=2,
        parallelism=2,
        successPolicy={"rules": rules},
    )
    assert conditions(job)["Complete"] == "SuccessPolicy"
    assert (job.status.succeeded, job.status.failed) == (1, None)
    assert job.status.completed_indexes == "1"


def test_each_index_can_fail_by_itself(run, conditions):
    script = 'test "$JOB_COMPLETION_INDEX" != 1'
    job = run(
        script, completionMode="Indexed", completions=3, parallelism=3, backoffLimitPerIndex=0
    )
    assert conditions(job)["Failed"] == "FailedIndexes"
    assert (job.status.completed_indexes, job.status.failed_indexes) == ("0,2", "1")
    assert (job.status.succeeded, job.status.failed) == (2, 1)


def test_an_index_can_be_given_up_by_its_exit_code(run, conditions):
    script = "exit $(( JOB_COMPLETION_INDEX ? 42 : 0 ))"
    job = run(
        script,
        completionMode="Indexed",
        completions=2,
        parallelism=2,
        backoffLimitPerIndex=5,
        podFailurePolicy=on_exit_code("FailIndex", 42),
    )
    assert conditions(job)["Failed"] == "FailedIndexes"
    assert (job.status.failed_indexes, job.status.failed) == ("1", 1)


def test_too_many_failed_indexes_end_a_job(run, conditions):
    job = run(
        "exit $(( JOB_COMPLETION_INDEX ? 0 : 1 )) && sleep 3600",
        completionMode="Indexed",
        completions=2,
        parallelism=1,
        backoffLimitPerIndex=0,
        maxFailedIndexes=0,
    )
    assert conditions(job)["Failed"] == "MaxFailedIndexesExceeded"
    assert job.status.completed_indexes is None


def test_a_job_can_be_suspended_and_resumed(batch, core, namespace, eventually):
    container = {"name": "a", "image": "busybox:1.37", "command": ["sleep", "3600"]}
    pod = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 0,
        "containers": [container],
    }
    spec = {"suspend": True, "parallelism": 2, "completions": 2, "template": {"spec": pod}}
    batch.create_namespaced_job(namespace, {"metadata": {"name": "nap"}, "spec": spec})

    def state():
        job = batch.read_namespaced_job("nap", namespace)
        suspended = [c.status for c in job.status.conditions or [] if c.type == "Suspended"]
        return suspended, job.status.active or 0, job.status.start_time is not None

    eventually(lambda: state() == (["True"], 0, False))
    assert not core.list_namespaced_pod(namespace).items
    batch.patch_namespaced_job("nap", namespace, {"spec": {"suspend": False}})
    eventually(lambda: state() == (["False"], 2, True))
    batch.patch_namespaced_job("nap", namespace, {"spec": {"suspend": True}})
    eventually(lambda: state()[:2] == (["True"], 0))
    eventually(lambda: not core.list_namespaced_pod(namespace).items)
    assert batch.read_namespaced_job("nap", namespace).status.failed is None


def test_a_job_of_another_controller_is_left_alone(batch, core, namespace, run, conditions):
    container = {"name": "a", "image": "busybox:1.37", "command": ["true"]}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    spec = {"managedBy": "example.com/queue", "template": template}
    batch.create_namespaced_job(namespace, {"metadata": {"name": "theirs"}, "spec": spec})
    run("true")
    assert batch.read_namespaced_job("theirs", namespace).status.start_time is None
    pods = core.list_namespaced_pod(namespace, label_selector="job-name=theirs").items
    assert pods == []
