"""What the scheduler looks at on nodes: their room, their taints, their labels.

The requests of a pod are those of k8s.io/component-helpers `resource/helpers.go`. Left out: resizes
under way, overheads, and requests of a pod as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kubelearn.objects import Object, is_ready, is_terminal, labels_of
from kubelearn.quantity import quantity

SHOWN = ("cpu", "memory")
Row = dict[str, Any]

# Labels that every node has: they tell nodes apart only by their names.
_USUAL = ("kubernetes.io/", "node.kubernetes.io/", "node-role.kubernetes.io/")
_MIB = 2**20


@dataclass(frozen=True)
class Requests:
    """What a pod takes of a node, in cores and bytes."""

    cpu: Decimal = Decimal(0)
    memory: Decimal = Decimal(0)

    def __add__(self, other: Requests) -> Requests:
        return Requests(self.cpu + other.cpu, self.memory + other.memory)

    def most(self, other: Requests) -> Requests:
        """The greater of each."""
        return Requests(max(self.cpu, other.cpu), max(self.memory, other.memory))


def requests_of(pod: Mapping[str, Any]) -> Requests:
    """Containers run together; init containers one by one, beside the sidecars before them."""
    spec = pod["spec"]
    sidecars = peak = Requests()
    for container in spec.get("initContainers") or []:
        if container.get("restartPolicy") == "Always":
            sidecars += _of(container)
        else:
            peak = peak.most(sidecars + _of(container))
    return sum((_of(each) for each in spec.get("containers") or []), sidecars).most(peak)


def _of(container: Mapping[str, Any]) -> Requests:
    stated = (container.get("resources") or {}).get("requests") or {}
    return Requests(*(quantity(stated.get(name) or 0) for name in SHOWN))


def takes_room(pod: Mapping[str, Any]) -> bool:
    """Whether a pod is on a node and not finished."""
    return bool(pod["spec"].get("nodeName")) and not is_terminal(pod)


def node_row(node: Object, pods: Iterable[Requests]) -> Row:
    """What is shown of a node, with the pods that are on it."""
    listed = list(pods)
    used = sum(listed, Requests())
    room = (node.get("status") or {}).get("allocatable") or {}
    spec, meta = node.get("spec") or {}, node["metadata"]
    return {
        "name": meta["name"],
        "ready": is_ready(node),
        "cordoned": bool(spec.get("unschedulable")),
        "taints": [format_taint(each) for each in spec.get("taints") or []],
        "labels": [_label(*pair) for pair in sorted(labels_of(node).items()) if _own(pair[0])],
        "cpu": [float(used.cpu), float(quantity(room.get("cpu") or 0))],
        "memory": [_mib(used.memory), _mib(quantity(room.get("memory") or 0))],
        "pods": [len(listed), int(room.get("pods") or 0)],
    }


def _mib(amount: Decimal) -> int:
    return round(amount / _MIB)


def _own(label: str) -> bool:
    prefix, slash, _ = label.partition("/")
    return not (slash and f"{prefix.removeprefix('beta.')}/" in _USUAL)


def _label(name: str, value: str) -> str:
    return f"{name}={value}" if value else name


def format_taint(taint: Mapping[str, Any]) -> str:
    """`key=value:NoSchedule`, as kubectl writes it."""
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint['key']}{value}:{taint['effect']}"
