"""What the scheduler knows about nodes and the pods on them.

Upstream: pkg/scheduler/backend/cache and framework.NodeInfo. A pod is *assumed* on its node from
the moment of the decision, so that the next decision can be made while the binding is under way.
There are no snapshots: one decision is made between two turns of the event loop, and nothing can
change meanwhile.
"""

from __future__ import annotations

import copy
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TypeVar

import orjson

from kubelearn.embedded.hostports import host_ports
from kubelearn.embedded.scheduler.resources import Amounts, amounts, pod_requests, scored_requests
from kubelearn.objects import Object, key, labels_of

LabelSet = tuple[str, frozenset[tuple[str, str]]]
_T = TypeVar("_T")


# What of containers, and of the pod, plugins look at that judge a node by itself.
_ASKED = ("resources", "ports", "restartPolicy")
_ASKED_OF_NODE = ("nodeName", "nodeSelector", "tolerations", "overhead", "resources")
_generations = itertools.count()
# What changes in a NodeInfo when pods come and go.
_CHANGING = ("pods", "requested", "scored", "ports", "label_sets", "leaving", "opinionated")


class PodInfo:
    """A pod and what is derived from it for scheduling."""

    def __init__(self, pod: Object) -> None:
        self.pod = pod
        self.key = key(pod)
        self.uid: str = pod["metadata"]["uid"]
        self.namespace: str = pod["metadata"]["namespace"]
        self.labels = labels_of(pod)
        self.priority: int = pod["spec"].get("priority") or 0
        affinity = pod["spec"].get("affinity") or {}
        self.has_pod_affinity = bool(affinity.get("podAffinity") or affinity.get("podAntiAffinity"))

    @cached_property
    def requests(self) -> Amounts:
        """What the pod asks for."""
        return pod_requests(self.pod)

    @cached_property
    def scored_requests(self) -> Amounts:
        """What it counts for when nodes are scored."""
        return scored_requests(self.pod)

    @cached_property
    def signature(self) -> bytes:
        """What it asks of a single node. Pods of one template have the same."""
        spec = self.pod["spec"]
        containers = [*(spec.get("initContainers") or []), *spec["containers"]]
        asked = [[each.get(part) for part in _ASKED] for each in containers]
        affinity = (spec.get("affinity") or {}).get("nodeAffinity")
        return orjson.dumps([asked, affinity, *(spec.get(part) for part in _ASKED_OF_NODE)])

    @cached_property
    def ports(self) -> set[tuple[str, str, int]]:
        """The ports of its node that it takes."""
        return host_ports(self.pod)

    @cached_property
    def label_set(self) -> LabelSet:
        """Its namespace and labels: pods of one owner share them."""
        return self.namespace, frozenset(self.labels.items())


class NodeInfo:
    """A node and the pods that are, or soon will be, on it."""

    def __init__(self, name: str) -> None:
        self.name = name
        # Another number after each change, which no other node and no copy ever has.
        self.generation = next(_generations)
        self.node: Object | None = None
        self.labels: dict[str, str] = {}
        self.taints: Sequence[Object] = ()
        self.allocatable: Amounts = {}
        self.pods: dict[str, PodInfo] = {}
        self.requested: Counter[str] = Counter()
        self.scored: Counter[str] = Counter()
        self.ports: Counter[tuple[str, str, int]] = Counter()
        # The images that are here already, with their sizes.
        self.images: dict[str, int] = {}
        # How many pods have the same labels. Counting what a selector selects is the costliest
        # part of a decision; this makes it depend on the kinds of pods, not on their number.
        self.label_sets: Counter[LabelSet] = Counter()
        # Those of them that are on their way out: they are near, but not for long.
        self.leaving: Counter[LabelSet] = Counter()
        # The pods that have a say in which others come near them: few, and asked about all.
        self.opinionated: dict[str, PodInfo] = {}

    def clone(self) -> NodeInfo:
        """A copy to try things on: pods come and go without a trace here."""
        new = copy.copy(self)
        for name in _CHANGING:
            setattr(new, name, getattr(self, name).copy())
        return new

    def set_node(self, node: Object | None) -> None:
        """Take over what the node says of itself."""
        self.node = node
        self.generation = next(_generations)
        if node is not None:
            self.labels = labels_of(node)
            self.taints = node["spec"].get("taints") or ()
            status = node.get("status") or {}
            self.allocatable = amounts(status.get("allocatable"))
            self.images = {
                name: image.get("sizeBytes") or 0
                for image in status.get("images") or []
                for name in image.get("names") or []
            }

    def add(self, info: PodInfo) -> None:
        """Count a pod in."""
        self.pods[info.key] = info
        if info.has_pod_affinity:
            self.opinionated[info.key] = info
        self._count(info, 1)

    def remove(self, pod_key: str) -> None:
        """Count a pod out."""
        self.opinionated.pop(pod_key, None)
        self._count(self.pods.pop(pod_key), -1)

    def _count(self, info: PodInfo, times: int) -> None:
        self.generation = next(_generations)
        for counter, values in (
            (self.requested, info.requests),
            (self.scored, info.scored_requests),
        ):
            for name, value in values.items():
                counter[name] += times * value
        for port in info.ports:
            _add(self.ports, port, times)
        _add(self.label_sets, info.label_set, times)
        if info.pod["metadata"].get("deletionTimestamp"):
            _add(self.leaving, info.label_set, times)

    def count_pods(self, selects: Callable[[LabelSet], bool]) -> int:
        """How many pods that stay have a namespace and labels that `selects` takes."""
        found = 0
        for label_set, count in self.label_sets.items():
            if selects(label_set):
                found += count - self.leaving.get(label_set, 0)
        return found


def _add(counter: Counter[_T], item: _T, times: int) -> None:
    counter[item] += times
    if not counter[item]:
        del counter[item]


class Cache:
    """The nodes with their pods, assumed ones included."""

    def __init__(self) -> None:
        self._nodes: dict[str, NodeInfo] = {}
        self._node_of: dict[str, str] = {}

    def nodes(self) -> list[NodeInfo]:
        """The nodes that exist."""
        return [info for info in self._nodes.values() if info.node is not None]

    def node(self, name: str) -> NodeInfo:
        """The node of that name, which exists."""
        return self._nodes[name]

    def put_node(self, node: Object) -> None:
        """A node appeared or changed."""
        self._info(node["metadata"]["name"]).set_node(node)

    def remove_node(self, name: str) -> None:
        """A node is gone; its pods may still be there for a while."""
        info = self._nodes.get(name)
        if info:
            info.set_node(None)
            self._prune(info)

    def put_pod(self, info: PodInfo, node: str) -> None:
        """A pod is on a node, or assumed to be."""
        self.remove_pod(info.key)
        self._info(node).add(info)
        self._node_of[info.key] = node

    def remove_pod(self, pod_key: str) -> None:
        """A pod is not on its node any more, or was never bound."""
        name = self._node_of.pop(pod_key, None)
        if name is not None:
            self._nodes[name].remove(pod_key)
            self._prune(self._nodes[name])

    def node_of(self, pod_key: str) -> str | None:
        """The node that a pod is on, as far as is known."""
        return self._node_of.get(pod_key)

    def keys(self) -> Iterable[str]:
        """The pods that are on nodes."""
        return self._node_of.keys()

    def _info(self, name: str) -> NodeInfo:
        return self._nodes.setdefault(name, NodeInfo(name))

    def _prune(self, info: NodeInfo) -> None:
        if info.node is None and not info.pods:
            del self._nodes[info.name]
