"""Containers with a restart policy, and rules about exit codes, of their own."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.needs_nodes

ONCE = "if [ -e /v/ran ]; then exit {second}; fi; touch /v/ran; exit {first}"
RULES = [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]


@pytest.fixture
def run(pods):
    """Run a pod that is never restarted, whose container has these fields."""

    def call(first, second, **fields):
        volume = {"volumes": [{"name": "v", "emptyDir": {}}]}
        mounts = [{"name": "v", "mountPath": "/v"}]
        script = ONCE.format(first=first, second=second)
        pods.run(script, spec=volume, volumeMounts=mounts, **fields)
        return pods.finished()

    return call


@pytest.mark.parametrize(
    ("first", "second", "phase", "restarts"),
    [(42, 0, "Succeeded", 1), (42, 1, "Failed", 1), (1, 0, "Failed", 0)],
)
def test_exit_codes_decide_about_a_restart(run, first, second, phase, restarts):
    pod = run(first, second, restartPolicy="Never", restartPolicyRules=RULES)
    assert (pod.status.phase, pod.status.container_statuses[0].restart_count) == (phase, restarts)


def test_a_container_has_a_policy_of_its_own(run):
    pod = run(1, 0, restartPolicy="OnFailure")
    assert (pod.status.phase, pod.status.container_statuses[0].restart_count) == ("Succeeded", 1)
