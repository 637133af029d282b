"""Taints that the control plane puts on nodes, and how they are exchanged.

Upstream: pkg/controller/util/node and pkg/util/taints.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from kubelearn.objects import Object, condition, timestamp

NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"

# Which taint goes with which status of a condition.
_BY_CONDITION = {
    ("Ready", "False"): NOT_READY,
    ("Ready", "Unknown"): UNREACHABLE,
    ("MemoryPressure", "True"): "node.kubernetes.io/memory-pressure",
    ("DiskPressure", "True"): "node.kubernetes.io/disk-pressure",
    ("PIDPressure", "True"): "node.kubernetes.io/pid-pressure",
    ("NetworkUnavailable", "True"): "node.kubernetes.io/network-unavailable",
}
_NO_SCHEDULE = {*_BY_CONDITION.values(), UNSCHEDULABLE}
_NO_EXECUTE = {NOT_READY, UNREACHABLE}


def taints_of(node: Mapping[str, Any]) -> Sequence[Object]:
    """A node's taints, perhaps none."""
    return node["spec"].get("taints") or []


def evicts(node: Mapping[str, Any]) -> bool:
    """Whether a node's pods have to go, by a taint of the control plane."""
    return any(t["effect"] == "NoExecute" and t["key"] in _NO_EXECUTE for t in taints_of(node))


def desired_taints(node: Object, *, evict: bool, now: datetime) -> list[Object]:
    """A node's taints with those of the control plane as its conditions say.

    New pods are kept away in any case; with `evict` running pods have to go as well.
    """
    wanted = [(name, "NoSchedule") for name in _no_schedule(node)]
    if evict and (name := _no_execute(node)):
        wanted.append((name, "NoExecute"))
    kept = [t for t in taints_of(node) if not _is_ours(t) or (t["key"], t["effect"]) in wanted]
    present = {(t["key"], t["effect"]) for t in kept}
    added = [
        {"key": name, "effect": effect, "timeAdded": timestamp(now)}
        for name, effect in wanted
        if (name, effect) not in present
    ]
    return [*kept, *added]


def _is_ours(taint: Mapping[str, Any]) -> bool:
    ours = _NO_SCHEDULE if taint["effect"] == "NoSchedule" else _NO_EXECUTE
    return taint["effect"] in ("NoSchedule", "NoExecute") and taint["key"] in ours


def _no_schedule(node: Object) -> Iterable[str]:
    for item in (node.get("status") or {}).get("conditions") or []:
        if name := _BY_CONDITION.get((item["type"], item["status"])):
            yield name
    if node["spec"].get("unschedulable"):
        yield UNSCHEDULABLE


def _no_execute(node: Object) -> str | None:
    ready = condition(node, "Ready")
    return _BY_CONDITION.get(("Ready", ready["status"])) if ready else None
