"""The conditions of a pod that its kubelet owns: `pkg/kubelet/status/generate.go`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kubelearn.embedded.kubelet.containerspec import is_sidecar
from kubelearn.objects import TERMINAL_PHASES, Object, condition

READY_TO_START = "PodReadyToStartContainers"
RESIZE_PENDING = "PodResizePending"
OWNED = (
    READY_TO_START,
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
    RESIZE_PENDING,
)

Verdict = tuple[str, str, str]
"""Status, reason and message of a condition."""

_TRUE: Verdict = ("True", "", "")


def pod_conditions(
    pod: Object,
    *,
    old: Object,
    statuses: Mapping[str, Object],
    phase: str,
    network: bool,
    now: str,
    pending: Verdict | None = None,
) -> list[Object]:
    """All conditions of a pod: its kubelet's own, after those that others have set.

    `pending` is why a resize waits.
    """
    containers = _containers_ready(pod, statuses, phase)
    verdicts = {
        READY_TO_START: ("True" if network else "False", "", ""),
        "Initialized": _initialized(pod, statuses, phase),
        "Ready": _ready(pod, containers),
        "ContainersReady": containers,
        "PodScheduled": _TRUE,
    }
    if pending:
        verdicts[RESIZE_PENDING] = pending
    kept = [c for c in (pod.get("status") or {}).get("conditions") or [] if c["type"] not in OWNED]
    generation = pod["metadata"].get("generation", 1)
    return kept + [
        _condition(kind, verdict, before=condition({"status": old}, kind), now=now)
        | {"observedGeneration": generation}
        for kind, verdict in verdicts.items()
    ]


def _condition(kind: str, verdict: Verdict, *, before: Object | None, now: str) -> Object:
    status, reason, message = verdict
    same = before is not None and before["status"] == status
    return {
        "type": kind,
        "status": status,
        "lastProbeTime": None,
        "lastTransitionTime": before["lastTransitionTime"] if same and before else now,
        **({"reason": reason} if reason else {}),
        **({"message": message} if message else {}),
    }


def _initialized(pod: Object, statuses: Mapping[str, Object], phase: str) -> Verdict:
    if phase == "Succeeded":
        return "True", "PodCompleted", ""
    # Once an ordinary container has started, a sidecar that restarts does not take this back.
    if any(has_started(statuses[each["name"]]) for each in pod["spec"]["containers"]):
        return _TRUE
    missing = [
        each["name"]
        for each in pod["spec"].get("initContainers") or []
        if not statuses[each["name"]]["started" if is_sidecar(each) else "ready"]
    ]
    if missing:
        message = f"containers with incomplete status: {_names(missing)}"
        return "False", "ContainersNotInitialized", message
    return _TRUE


def _containers_ready(pod: Object, statuses: Mapping[str, Object], phase: str) -> Verdict:
    if phase in TERMINAL_PHASES:
        return "False", "PodCompleted" if phase == "Succeeded" else "PodFailed", ""
    sidecars = [each for each in pod["spec"].get("initContainers") or [] if is_sidecar(each)]
    unready = [
        each["name"]
        for each in [*sidecars, *pod["spec"]["containers"]]
        if not statuses[each["name"]]["ready"]
    ]
    if unready:
        return "False", "ContainersNotReady", f"containers with unready status: {_names(unready)}"
    return _TRUE


def _ready(pod: Object, containers: Verdict) -> Verdict:
    if containers[0] != "True":
        return containers
    gates = [gate["conditionType"] for gate in pod["spec"].get("readinessGates") or []]
    found = {gate: condition(pod, gate) for gate in gates}
    messages = [
        f'corresponding condition of pod readiness gate "{gate}" does not exist.'
        if state is None
        else f'the status of pod readiness gate "{gate}" is not "True", but {state["status"]}'
        for gate, state in found.items()
        if state is None or state["status"] != "True"
    ]
    return ("False", "ReadinessGatesNotReady", ", ".join(messages)) if messages else _TRUE


def has_started(status: Object) -> bool:
    """Whether the container runs, or has run."""
    state, last = status["state"], status["lastState"]
    return "running" in state or "terminated" in state or "terminated" in last


def _names(names: Iterable[str]) -> str:
    return f"[{' '.join(names)}]"
