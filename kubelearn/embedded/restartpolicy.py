"""Whether a container is started again when it has ended: `pkg/api/v1/pod/util.go`.

A container's own policy outweighs its pod's, and its rules about exit codes outweigh both.
"""

from __future__ import annotations

from kubelearn.objects import Object


def restarts_after(pod: Object, container: Object, code: int) -> bool:
    """Whether it is, after this exit code (`ContainerShouldRestart`)."""
    own = container.get("restartPolicy")
    if own and any(_matches(rule, code) for rule in container.get("restartPolicyRules") or []):
        return True
    policy = own or pod["spec"].get("restartPolicy", "Always")
    return policy == "Always" or (policy == "OnFailure" and code != 0)


def _matches(rule: Object, code: int) -> bool:
    codes = rule.get("exitCodes") or {}
    listed = code in (codes.get("values") or [])
    return listed if codes.get("operator") == "In" else not listed
