from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.job.failurepolicy import judge, message_of_end


def job(*rules):
    return {"spec": {"podFailurePolicy": {"rules": list(rules)}}}


@pytest.fixture
def failed(make_pod):
    """A pod whose container `app` failed with that exit code."""

    def make(code, *, condition=None):
        ended = {"name": "app", "state": {"terminated": {"exitCode": code}}}
        conditions = [{"type": condition, "status": "True"}] if condition else []
        return make_pod("p", status={"containerStatuses": [ended], "conditions": conditions})

    return make


def on_code(operator, *values, action="FailJob", **more):
    return {"action": action, "onExitCodes": {"operator": operator, "values": [*values], **more}}


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        (on_code("In", 42), True),
        (on_code("In", 1, 2), False),
        (on_code("NotIn", 1), True),
        (on_code("NotIn", 42), False),
        (on_code("In", 42, containerName="app"), True),
        (on_code("In", 42, containerName="other"), False),
    ],
    ids=str,
)
def test_a_rule_may_be_about_exit_codes(failed, rule, fits):
    assert (judge(job(rule), failed(42)).action == "FailJob") is fits


def test_a_container_that_did_well_is_not_looked_at(failed):
    assert judge(job(on_code("NotIn", 1)), failed(0)).action == "Count"


def test_a_rule_may_be_about_conditions(failed):
    pattern = {"type": "DisruptionTarget", "status": "True"}
    rule = {"action": "Ignore", "onPodConditions": [pattern]}
    assert not judge(job(rule), failed(1, condition="DisruptionTarget")).counts
    assert judge(job(rule), failed(1)).counts


def test_the_first_rule_that_fits_decides(failed):
    rules = [on_code("In", 7), on_code("In", 42, action="Ignore"), on_code("In", 42)]
    assert judge(job(*rules), failed(42)).action == "Ignore"


def test_the_end_of_a_job_is_told_in_words(failed):
    rules = [on_code("In", 7, action="Count"), on_code("In", 42)]
    assert message_of_end(job(*rules), [failed(7), failed(42)]) == (
        "Container app for pod default/p failed with exit code 42 matching FailJob rule at index 1"
    )
    pattern = {"type": "ConfigIssue", "status": "True"}
    rule = {"action": "FailJob", "onPodConditions": [pattern]}
    assert message_of_end(job(rule), [failed(1, condition="ConfigIssue")]) == (
        "Pod default/p has condition ConfigIssue matching FailJob rule at index 0"
    )
    assert message_of_end(job(*rules), [failed(7)]) == ""
