"""The row of a pod, whose STATUS is told by its containers rather than by its phase.

Follows `printPod` of upstream's `pkg/printers/internalversion/printers.go`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from kubelearn.embedded.apiserver.printers.columns import (
    Cells,
    age,
    containers,
    labels,
    printer,
    since,
)
from kubelearn.objects import Object, is_terminal, is_true


class _Summary:
    """What is found out from one container status after the other."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.ready = 0
        self.restarts = 0
        self.last_restart = ""

    def count_restarts(self, status: Object) -> None:
        self.restarts += status["restartCount"]
        ended = (status["lastState"].get("terminated") or {}).get("finishedAt") or ""
        self.last_restart = max(self.last_restart, ended)


@printer(
    "core.v1.Pod",
    columns=(
        "Name", "Ready", "Status", "Restarts", "Age",
        "+IP", "+Node", "+Nominated Node", "+Readiness Gates",
    ),
)  # fmt: skip
def pod(obj: Object, now: datetime) -> Cells:
    """A pod."""
    spec, status = obj["spec"], obj["status"]
    sidecars = _sidecars(spec)
    found = _summary(obj, sidecars)
    total = len(spec.get("containers") or []) + len(sidecars)
    restarts = str(found.restarts)
    if found.restarts and found.last_restart:
        restarts = f"{restarts} ({since(found.last_restart, now)} ago)"
    addresses = status.get("podIPs") or [{}]
    return [
        obj["metadata"]["name"],
        f"{found.ready}/{total}",
        _deletion(obj) or found.reason,
        restarts,
        age(obj, now),
        addresses[0].get("ip") or "<none>",
        spec.get("nodeName") or "<none>",
        status.get("nominatedNodeName") or "<none>",
        _readiness_gates(obj),
    ]


def _sidecars(spec: Object) -> set[str]:
    init = spec.get("initContainers") or []
    return {each["name"] for each in init if each.get("restartPolicy") == "Always"}


def _deletion(obj: Object) -> str:
    if not obj["metadata"].get("deletionTimestamp"):
        return ""
    if obj["status"].get("reason") == "NodeLost":
        return "Unknown"
    return "" if is_terminal(obj) else "Terminating"


def _readiness_gates(obj: Object) -> str:
    gates = obj["spec"].get("readinessGates")
    if not gates:
        return "<none>"
    return f"{sum(is_true(obj, gate['conditionType']) for gate in gates)}/{len(gates)}"


def _summary(obj: Object, sidecars: set[str]) -> _Summary:
    status = obj["status"]
    reason = status.get("reason") or status.get("phase") or ""
    for condition in status.get("conditions") or []:
        if condition["type"] == "PodScheduled" and condition.get("reason") == "SchedulingGated":
            reason = "SchedulingGated"
    found = _Summary(reason)
    initializing = _init_containers(obj, sidecars, found)
    if not initializing or is_true(obj, "Initialized"):
        # From here on only containers count that may still restart.
        statuses = status.get("initContainerStatuses") or []
        _restart_anew(found, (each for each in statuses if each["name"] in sidecars))
        _main_containers(obj, found)
    return found


def _restart_anew(found: _Summary, statuses: Iterable[Object]) -> None:
    found.restarts, found.last_restart = 0, ""
    for status in statuses:
        found.count_restarts(status)


def _init_containers(obj: Object, sidecars: set[str], found: _Summary) -> bool:
    """Go through init containers up to the one that is at work; whether there is one."""
    for i, status in enumerate(obj["status"].get("initContainerStatuses") or []):
        found.count_restarts(status)
        ended = status["state"].get("terminated")
        if ended is not None and ended["exitCode"] == 0:
            continue
        if status["name"] in sidecars and status.get("started"):
            found.ready += status["ready"]
            continue
        waiting = (status["state"].get("waiting") or {}).get("reason", "")
        if ended is not None:
            found.reason = f"Init:{_termination(ended)}"
        elif waiting not in ("", "PodInitializing"):
            found.reason = f"Init:{waiting}"
        else:
            found.reason = f"Init:{i}/{len(obj['spec'].get('initContainers') or [])}"
        return True
    return False


def _termination(ended: Object) -> str:
    if reason := ended.get("reason"):
        return str(reason)
    signal = ended.get("signal")
    return f"Signal:{signal}" if signal else f"ExitCode:{ended['exitCode']}"


def _main_containers(obj: Object, found: _Summary) -> None:
    running, failure = False, ""
    # Backwards, so that the first container has the last word.
    for status in reversed(obj["status"].get("containerStatuses") or []):
        found.count_restarts(status)
        state = status["state"]
        ended = state.get("terminated")
        if reason := (state.get("waiting") or {}).get("reason"):
            found.reason = reason
        elif ended is not None:
            found.reason = _termination(ended)
            failure = found.reason if ended["exitCode"] else failure
        elif status["ready"] and "running" in state:
            running = True
            found.ready += 1
    if found.reason == "Completed":
        found.reason = _of_completed(obj, running=running, failure=failure)


def _of_completed(obj: Object, *, running: bool, failure: str) -> str:
    if running and is_true(obj, "Ready"):
        return "Running"
    return failure or ("NotReady" if running else "Completed")


@printer("core.v1.PodTemplate", columns=("Name", "Containers", "Images", "Pod Labels"))
def pod_template(obj: Object, _: datetime) -> Cells:
    """A pod template that stands alone."""
    template = obj["template"]
    return [
        obj["metadata"]["name"],
        *containers(template),
        labels(template["metadata"].get("labels")),
    ]
