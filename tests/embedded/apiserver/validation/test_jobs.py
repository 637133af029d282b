"""Rules for Jobs and CronJobs."""

import pytest

POD = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "image"}]}
LABELS = {
    f"{prefix}{name}": value
    for prefix in ("", "batch.kubernetes.io/")
    for name, value in (("job-name", "x"), ("controller-uid", "1"))
}


def job(**spec):
    template = {"metadata": {"labels": LABELS}, "spec": spec.pop("pod", POD)}
    selector = {"matchLabels": {"batch.kubernetes.io/controller-uid": "1"}}
    return {
        "metadata": {"uid": "1"},
        "spec": {"template": template, "selector": selector, **spec},
    }


@pytest.fixture
def change(update):
    def check(new, old=None, **options):
        return update("batch/v1", "Job", old or job(), new, **options)

    return check


def test_a_job_that_selects_its_pods_by_its_uid_is_fine(create):
    assert create("batch/v1", "Job", **job()) == []


def test_pods_of_a_job_do_not_run_for_ever(create):
    assert create("batch/v1", "Job", **job(pod=POD | {"restartPolicy": "Always"})) == [
        'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'
    ]


def test_the_number_of_completions_stays(change):
    assert change(job(completions=3), job(completions=1)) == [
        "spec.completions: Invalid value: 3: field is immutable"
    ]


def test_the_template_stays(change):
    (problem,) = change(job(pod=POD | {"hostname": "other"}))
    assert problem.startswith('spec.template: Invalid value: {"labels":{')
    assert '"Hostname":"other"' in problem
    assert problem.endswith(": field is immutable")


def test_a_suspended_job_may_still_be_given_other_nodes(change):
    pod = POD | {"nodeSelector": {"disk": "fast"}}
    assert change(job(pod=pod, suspend=True), job(suspend=True)) == []


def test_an_indexed_job_needs_completions(create):
    assert create("batch/v1", "Job", **job(completionMode="Indexed", parallelism=2)) == [
        "spec.completions: Required value: when completion mode is Indexed"
    ]


def test_exit_codes_of_a_policy_are_ordered(create):
    codes = {"operator": "In", "values": [2, 0, 2]}
    policy = {"rules": [{"action": "FailJob", "onExitCodes": codes}]}
    field = "spec.podFailurePolicy.rules[0].onExitCodes.values"
    assert create("batch/v1", "Job", **job(podFailurePolicy=policy)) == [
        f"{field}[1]: Invalid value: 0: must not be 0 for the In operator",
        f"{field}[2]: Duplicate value: 2",
        f"{field}: Invalid value: [2,0,2]: must be ordered",
    ]


def test_a_finished_job_stays_finished(change):
    conditions = [{"type": name, "status": "True"} for name in ("FailureTarget", "Failed")]
    ended = job() | {"status": {"startTime": "2026-01-01T00:00:00Z", "conditions": conditions}}
    assert change(job() | {"status": {}}, ended, status=True) == [
        "status.conditions: Invalid value: cannot disable the terminal Failed=True condition",
        "status.conditions: Invalid value: "
        "cannot disable the terminal FailureTarget=True condition",
        "status.startTime: Invalid value: null: field is immutable for unsuspended job once set",
    ]


def cron_job(**spec):
    template = {"spec": {"template": {"spec": POD}}}
    return {"spec": {"schedule": "* * * * *", "jobTemplate": template, **spec}}


def test_a_cron_job_is_fine(create):
    assert create("batch/v1", "CronJob", **cron_job(timeZone="Europe/Berlin")) == []


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"schedule": ""}, "spec.schedule: Required value"),
        (
            {"schedule": "often"},
            'spec.schedule: Invalid value: "often": expected exactly 5 fields, found 1: [often]',
        ),
        (
            {"timeZone": "Mars/Base"},
            'spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base',
        ),
        (
            {"concurrencyPolicy": "Sometimes"},
            'spec.concurrencyPolicy: Unsupported value: "Sometimes": '
            'supported values: "Allow", "Forbid", "Replace"',
        ),
    ],
)
def test_what_a_cron_job_says_is_checked(create, spec, problem):
    assert create("batch/v1", "CronJob", **cron_job(**spec)) == [problem]


def test_names_of_cron_jobs_leave_room(create):
    name = "x" * 53
    assert create("batch/v1", "CronJob", metadata={"name": name}, **cron_job()) == [
        f'metadata.name: Invalid value: "{name}": must be no more than 52 characters'
    ]
