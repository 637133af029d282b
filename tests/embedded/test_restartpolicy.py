"""Whether an ended container is started again."""

import pytest

from kubelearn.embedded.restartpolicy import restarts_after


def rule(operator, *values):
    return {"action": "Restart", "exitCodes": {"operator": operator, "values": list(values)}}


@pytest.mark.parametrize(
    ("pod", "own", "code", "again"),
    [
        ("Always", None, 0, True),
        ("OnFailure", None, 0, False),
        ("OnFailure", None, 1, True),
        ("Never", None, 1, False),
        ("Never", "Always", 0, True),
        ("Never", "OnFailure", 1, True),
        ("Always", "Never", 1, False),
        ("Always", "OnFailure", 0, False),
    ],
)
def test_a_containers_own_policy_outweighs_its_pods(pod, own, code, again):
    container = {"name": "a", **({"restartPolicy": own} if own else {})}
    assert restarts_after({"spec": {"restartPolicy": pod}}, container, code) is again


@pytest.mark.parametrize(
    ("rules", "code", "again"),
    [
        ([rule("In", 42)], 42, True),
        ([rule("In", 42)], 1, False),
        ([rule("NotIn", 1)], 42, True),
        ([rule("NotIn", 1)], 1, False),
        ([rule("In", 1), rule("In", 42)], 42, True),
    ],
)
def test_rules_about_exit_codes_outweigh_the_policy(rules, code, again):
    container = {"name": "a", "restartPolicy": "Never", "restartPolicyRules": rules}
    assert restarts_after({"spec": {"restartPolicy": "Always"}}, container, code) is again
