"""Keeps one pod on every node that a DaemonSet is for.

Upstream: pkg/controller/daemon/daemon_controller.go. Left out: waiting longer and longer before a
failed pod is replaced, and `maxSurge` (see `rolling`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import ClassVar

from kubelearn.embedded.controller import ControllerContext
from kubelearn.embedded.controllers.daemonset import placement, rolling
from kubelearn.embedded.controllers.history import History
from kubelearn.embedded.controllers.podcontrol import all_of, pod_from_template
from kubelearn.embedded.controllers.workload import WorkloadController, unavailable_for
from kubelearn.objects import (
    DAEMON_SETS,
    NODES,
    Object,
    Resource,
    annotations_of,
    is_ready,
    key,
)

_HASH = "controller-revision-hash"
_GENERATION = "deprecated.daemonset.template.generation"

PodsByNode = Mapping[str, Sequence[Object]]


class DaemonSetController(WorkloadController):
    """Creates the pods that nodes lack, and deletes those that do not belong there."""

    name: ClassVar[str] = "daemonset-controller"
    resource: ClassVar[Resource] = DAEMON_SETS

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._nodes = self.informer(NODES)
        self._history = History(self, hash_label=_HASH)
        self._nodes.add_handler(
            on_add=self._node_changed, on_update=self._node_updated, on_delete=self._node_changed
        )

    def _node_updated(self, old: Object, new: Object) -> None:
        # Nodes report every few seconds that they live; only this much of them matters.
        if _fitness(old) != _fitness(new):
            self._node_changed(new)

    def _node_changed(self, node: Object) -> None:
        for daemon_set in self._owners.items():
            self.enqueue(daemon_set)

    async def sync(self, object_key: str) -> None:
        """Bring one DaemonSet's pods to their nodes."""
        daemon_set = self._owners.get(object_key)
        if daemon_set is None or daemon_set["metadata"].get("deletionTimestamp"):
            return
        revision = await self._history.current(daemon_set)
        digest = self._history.hash_of(revision)
        pods = _by_node(await self._claim(daemon_set))
        pod = _new_pod(daemon_set, digest)
        fit = {n["metadata"]["name"]: placement.should_run(pod, n) for n in self._nodes.items()}
        if self._expectations.satisfied(object_key):
            await self._place(daemon_set, pod, pods, fit)
            # What was just done has to be seen before an update may take a pod away.
            if self._expectations.satisfied(object_key):
                await self._update(daemon_set, pods, fit, digest)
        await self._write_status(daemon_set, self._status(daemon_set, pods, fit, digest))
        await self._history.clean_up(daemon_set, live=_revisions(daemon_set, pods, digest))

    # --- pods ---

    async def _place(
        self,
        daemon_set: Object,
        pod: Object,
        pods: PodsByNode,
        fit: Mapping[str, tuple[bool, bool]],
    ) -> None:
        lacking = [node for node, (starts, _) in fit.items() if starts and not pods.get(node)]
        surplus: list[Object] = []
        for node, on_node in pods.items():
            _, stays = fit.get(node, (False, False))
            surplus += self._surplus(daemon_set, on_node) if stays else _living(on_node)
        await all_of(
            self._control.create(daemon_set, placement.tied_to(pod, node)) for node in lacking
        )
        await all_of(self._control.delete(daemon_set, item) for item in surplus)

    def _surplus(self, daemon_set: Object, on_node: Sequence[Object]) -> list[Object]:
        """Pods that have ended, and all but the oldest of the others."""
        ended, running = [], []
        for pod in _living(on_node):
            phase = (pod.get("status") or {}).get("phase")
            if phase not in ("Failed", "Succeeded"):
                running.append(pod)
                continue
            ended.append(pod)
            node = placement.node_of(pod)
            message = f"Found {phase.lower()} daemon pod {key(pod)} on node {node}"
            verb = "kill" if phase == "Failed" else "delete"
            kind = "Warning" if phase == "Failed" else "Normal"
            reason = f"{phase}DaemonPod"
            self.events.event(daemon_set, kind, reason, f"{message}, will try to {verb} it")
        return [*ended, *sorted(running, key=_age)[1:]]

    async def _update(
        self,
        daemon_set: Object,
        pods: PodsByNode,
        fit: Mapping[str, tuple[bool, bool]],
        digest: str,
    ) -> None:
        if daemon_set["spec"].get("updateStrategy", {}).get("type") != "RollingUpdate":
            return
        wanted = {node: pods.get(node, ()) for node, (starts, _) in fit.items() if starts}
        chosen = rolling.to_replace(
            wanted,
            digest=digest,
            available={
                pod["metadata"]["name"]
                for on_node in wanted.values()
                for pod in on_node
                if self._is_available(daemon_set, pod)
            },
            allowed=rolling.allowance(daemon_set, len(wanted)),
        )
        await all_of(self._control.delete(daemon_set, pod) for pod in chosen)

    def _is_available(self, daemon_set: Object, pod: Object) -> bool:
        if not is_ready(pod) or pod["metadata"].get("deletionTimestamp"):
            return False
        least = daemon_set["spec"].get("minReadySeconds", 0)
        wait = unavailable_for(pod, least, self.clock.now())
        if wait > 0:
            self.queue.add_after(key(daemon_set), wait)
        return wait <= 0

    # --- status ---

    def _status(
        self,
        daemon_set: Object,
        pods: PodsByNode,
        fit: Mapping[str, tuple[bool, bool]],
        digest: str,
    ) -> Object:
        """Count nodes, by the oldest pod that each of them has."""
        oldest = {node: min(on_node, key=_age) for node, on_node in pods.items() if node in fit}
        wanted = {node for node, (starts, _) in fit.items() if starts}
        serving = [pod for node, pod in oldest.items() if node in wanted]
        available = sum(self._is_available(daemon_set, pod) for pod in serving)
        optional = {
            "updatedNumberScheduled": sum(rolling.is_current(pod, digest) for pod in serving),
            "numberAvailable": available,
            "numberUnavailable": len(wanted) - available,
        }
        return {
            "currentNumberScheduled": len(serving),
            "numberMisscheduled": len(oldest.keys() - wanted),
            "desiredNumberScheduled": len(wanted),
            "numberReady": sum(map(is_ready, serving)),
            "observedGeneration": daemon_set["metadata"]["generation"],
            **{name: number for name, number in optional.items() if number},
        }


def _new_pod(daemon_set: Object, digest: str) -> Object:
    pod = pod_from_template(daemon_set, daemon_set["spec"]["template"])
    generation = annotations_of(daemon_set).get(_GENERATION, "1")
    labels = {_HASH: digest, "pod-template-generation": generation}
    pod["metadata"]["labels"] = {**pod["metadata"].get("labels", {}), **labels}
    return pod


def _by_node(pods: Sequence[Object]) -> dict[str, list[Object]]:
    found: dict[str, list[Object]] = defaultdict(list)
    for pod in pods:
        node = placement.node_of(pod)
        if node:
            found[node].append(pod)
    return dict(found)


def _living(pods: Sequence[Object]) -> list[Object]:
    return [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]


def _age(pod: Object) -> tuple[str, str]:
    return pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]


def _fitness(node: Object) -> tuple[object, ...]:
    return node["metadata"].get("labels"), node["spec"].get("taints")


def _revisions(daemon_set: Object, pods: PodsByNode, digest: str) -> set[str]:
    """The names of the revisions that are in use."""
    hashes = {
        (pod["metadata"].get("labels") or {}).get(_HASH)
        for on_node in pods.values()
        for pod in on_node
    }
    return {f"{daemon_set['metadata']['name']}-{value}" for value in {*hashes, digest}}
