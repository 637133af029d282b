"""In what state objects are, whatever their kind: in a look and in a few words.

The numbers are those of kubectl's columns (upstream `pkg/printers/internalversion/printers.go`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kubelearn.diagrams.looks import Look
from kubelearn.diagrams.phases import PHASES, phase, status_word
from kubelearn.objects import condition, is_true

STATES: dict[str, Look] = {
    "Healthy": Look("Healthy", "as it should be", "#009E73", "#006B4E", "M3.5 8.5l3 3 6-7"),
    "Working": Look(
        "On its way", "not yet as it should be", "#F0E442", "#8A8200", "M8 3.5v9M3.5 8h9"
    ),
    "Idle": Look("Idle", "there is nothing to do", "#BBBBBB", "#5E5E5E", "M5 4.5v7M11 4.5v7"),
    "Troubled": Look("Troubled", "does not get on", "#D55E00", "#9A4400", "M4 4l8 8M12 4l-8 8"),
    "Missing": Look(
        "Missing", "named, but not there", "#D55E00", "#9A4400", "M8 3.5v5.5M8 12.5h.01"
    ),
}
LOOKS: dict[str, Look] = {**PHASES, **STATES}
"""The looks of all states, those of pods among them."""

State = tuple[str, str]


def state_of(obj: Mapping[str, Any]) -> State:
    """A key of LOOKS, or nothing where a kind has no state, and a word for the box."""
    if obj["kind"] == "Pod":
        state = phase(obj)
        return state, "not ready" if state == "NotReady" else status_word(obj)
    if obj["metadata"].get("deletionTimestamp"):
        return "Terminating", "Terminating"
    judge = _JUDGES.get(str(obj["kind"]))
    return judge(obj) if judge else ("", "")


def _parts(obj: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    return obj.get("spec") or {}, obj.get("status") or {}


def _counted(ready: int, wanted: int) -> State:
    if not wanted:
        return "Idle", "0/0"
    return "Healthy" if ready >= wanted else "Working", f"{ready}/{wanted}"


def _replicas(obj: Mapping[str, Any]) -> State:
    spec, status = _parts(obj)
    state, words = _counted(int(status.get("readyReplicas") or 0), int(spec.get("replicas", 1)))
    stuck = (condition(obj, "Progressing") or {}).get("reason") == "ProgressDeadlineExceeded"
    return "Troubled" if stuck or is_true(obj, "ReplicaFailure") else state, words


def _daemons(obj: Mapping[str, Any]) -> State:
    _, status = _parts(obj)
    return _counted(
        int(status.get("numberReady") or 0), int(status.get("desiredNumberScheduled") or 0)
    )


def _job(obj: Mapping[str, Any]) -> State:
    spec, status = _parts(obj)
    done = int(status.get("succeeded") or 0)
    words = f"{done}/{spec.get('completions') or 1}"
    if is_true(obj, "Failed"):
        return "Failed", words
    if is_true(obj, "Complete"):
        return "Succeeded", words
    return ("Idle" if spec.get("suspend") else "Working"), words


def _cron_job(obj: Mapping[str, Any]) -> State:
    spec, status = _parts(obj)
    if spec.get("suspend"):
        return "Idle", "suspended"
    active = len(status.get("active") or [])
    return ("Working", f"{active} active") if active else ("Healthy", str(spec.get("schedule", "")))


def _service(obj: Mapping[str, Any]) -> State:
    spec, _ = _parts(obj)
    kind = str(spec.get("type") or "ClusterIP")
    return "", "headless" if spec.get("clusterIP") == "None" else kind


def _endpoint_slice(obj: Mapping[str, Any]) -> State:
    endpoints = obj.get("endpoints") or []
    ready = sum((each.get("conditions") or {}).get("ready") is not False for each in endpoints)
    return ("Healthy" if ready else "Troubled"), f"{ready}/{len(endpoints)}"


def _claim(obj: Mapping[str, Any]) -> State:
    _, status = _parts(obj)
    word = str(status.get("phase") or "Pending")
    return {"Bound": "Healthy", "Lost": "Troubled"}.get(word, "Working"), word


def _machine(obj: Mapping[str, Any]) -> State:
    spec, _ = _parts(obj)
    if not is_true(obj, "Ready"):
        return "Troubled", "NotReady"
    return ("Idle", "cordoned") if spec.get("unschedulable") else ("Healthy", "Ready")


_JUDGES: dict[str, Callable[[Mapping[str, Any]], State]] = {
    "Deployment": _replicas,
    "ReplicaSet": _replicas,
    "StatefulSet": _replicas,
    "DaemonSet": _daemons,
    "Job": _job,
    "CronJob": _cron_job,
    "Service": _service,
    "EndpointSlice": _endpoint_slice,
    "PersistentVolumeClaim": _claim,
    "Node": _machine,
}
