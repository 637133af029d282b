"""What a failed pod means to its Job: `podFailurePolicy`.

Upstream: pkg/controller/job/pod_failure_policy.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kubelearn.objects import Object

_PARTS = ("containerStatuses", "initContainerStatuses")


@dataclass(frozen=True)
class Verdict:
    """What the first rule that fits says of a failed pod; without one, the failure counts."""

    action: str = "Count"
    why: str = ""

    @property
    def counts(self) -> bool:
        """Whether the failure is one of those that the limits are about."""
        return self.action != "Ignore"


def judge(job: Object, pod: Object) -> Verdict:
    """What the Job's policy says of a pod."""
    for number, rule in enumerate((job["spec"].get("podFailurePolicy") or {}).get("rules") or []):
        found = (
            _exit(pod, rule["onExitCodes"])
            if rule.get("onExitCodes")
            else _condition(pod, rule.get("onPodConditions") or [])
        )
        if found:
            action = rule["action"]
            return Verdict(action, f"{found} matching {action} rule at index {number}")
    return Verdict()


def message_of_end(job: Object, failed: Iterable[Object]) -> str:
    """Why one of the failed pods is the end of the Job; empty if none is."""
    verdicts = (judge(job, pod) for pod in failed)
    return next((each.why for each in verdicts if each.action == "FailJob"), "")


def _exit(pod: Object, wanted: Object) -> str:
    meta, status = pod["metadata"], pod.get("status") or {}
    for container in (each for part in _PARTS for each in status.get(part) or []):
        ended = (container.get("state") or {}).get("terminated")
        if not ended or wanted.get("containerName") not in (None, container["name"]):
            continue
        code = ended["exitCode"]
        if code and (code in wanted["values"]) == (wanted["operator"] == "In"):
            return (
                f"Container {container['name']} for pod {meta['namespace']}/{meta['name']} failed "
                f"with exit code {code}"
            )
    return ""


def _condition(pod: Object, patterns: Iterable[Object]) -> str:
    meta = pod["metadata"]
    wanted = {(pattern["type"], pattern["status"]) for pattern in patterns}
    for each in (pod.get("status") or {}).get("conditions") or []:
        if (each["type"], each["status"]) in wanted:
            return f"Pod {meta['namespace']}/{meta['name']} has condition {each['type']}"
    return ""
