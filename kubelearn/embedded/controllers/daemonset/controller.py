"""Keeps one pod on every node that a DaemonSet is for.

Upstream: pkg/controller/daemon/daemon_controller.go. Where pods belong is decided in `placement`,
and which of them an update may replace in `rolling`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from kubelearn.embedded.controller import ControllerContext
from kubelearn.embedded.controllers.daemonset import placement, rolling
from kubelearn.embedded.controllers.daemonset.backoff import FailedPodsBackoff
from kubelearn.embedded.controllers.daemonset.rolling import PodsByNode, Rollout, Steps
from kubelearn.embedded.controllers.history import History, collisions, hash_of_template
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
    labels_of,
)

_HASH = "controller-revision-hash"
_GENERATION = "deprecated.daemonset.template.generation"


@dataclass(frozen=True)
class _Scene:
    """A DaemonSet and its pods, and what each node is to it: whether one starts, and stays."""

    daemon_set: Object
    pod: Object
    pods: PodsByNode
    fit: Mapping[str, tuple[bool, bool]]
    rollout: Rollout

    @property
    def wanted(self) -> set[str]:
        """The nodes that shall have a pod."""
        return {node for node, (starts, _) in self.fit.items() if starts}


class DaemonSetController(WorkloadController):
    """Creates the pods that nodes lack, and deletes those that do not belong there."""

    name: ClassVar[str] = "daemonset-controller"
    account: ClassVar[str] = "daemon-set-controller"
    resource: ClassVar[Resource] = DAEMON_SETS

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._nodes = self.informer(NODES)
        self._history = History(self, owners=DAEMON_SETS, hash_label=_HASH, digest=hash_of_template)
        self._backoff = FailedPodsBackoff(self.clock)
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
        scene = self._look(daemon_set, await self._claim(daemon_set), revision)
        if self._expectations.satisfied(object_key):
            await self._place(scene)
            # What was just done has to be seen before an update may take a pod away.
            if self._expectations.satisfied(object_key):
                await self._update(scene)
        await self._write_status(daemon_set, self._status(scene))
        live = _revisions(daemon_set, scene.pods, scene.rollout.digest)
        await self._history.clean_up(daemon_set, live=live)

    def _look(self, daemon_set: Object, pods: Sequence[Object], revision: Object) -> _Scene:
        digest = self._history.hash_of(revision)
        pod = _new_pod(daemon_set, digest)
        available = {
            each["metadata"]["name"] for each in pods if self._is_available(daemon_set, each)
        }
        return _Scene(
            daemon_set=daemon_set,
            pod=pod,
            pods=_by_node(pods),
            fit={n["metadata"]["name"]: placement.should_run(pod, n) for n in self._nodes.items()},
            rollout=Rollout(digest, available),
        )

    # --- pods ---

    async def _place(self, scene: _Scene) -> None:
        surging = rolling.allows_surge(scene.daemon_set)
        lacking = [node for node in scene.wanted if _lacks(scene.pods.get(node, ()), surging)]
        surplus: list[Object] = []
        for node, on_node in scene.pods.items():
            _, stays = scene.fit.get(node, (False, False))
            if stays:
                running = self._running(scene.daemon_set, on_node, surplus)
                surplus += scene.rollout.excess(running, surging=surging)
            else:
                surplus += _living(on_node)
        await self._do(scene, Steps(surplus, lacking))

    def _running(
        self, daemon_set: Object, on_node: Sequence[Object], ended: list[Object]
    ) -> list[Object]:
        """The pods of a node that run, the oldest first; those that are over are put aside."""
        running = []
        for pod in sorted(_living(on_node), key=_age):
            phase = (pod.get("status") or {}).get("phase")
            if phase not in ("Failed", "Succeeded"):
                running.append(pod)
            elif self._may_replace(daemon_set, pod, phase):
                ended.append(pod)
        return running

    def _may_replace(self, daemon_set: Object, pod: Object, phase: str) -> bool:
        """Whether the time has come to delete a pod that is over; tells of it."""
        node = placement.node_of(pod)
        if phase == "Failed":
            place = f"{daemon_set['metadata']['uid']}/{node}"
            if (wait := self._backoff.left(place)) > 0:
                self.queue.add_after(key(daemon_set), wait)
                return False
            self._backoff.next(place)
        verb = "kill" if phase == "Failed" else "delete"
        kind = "Warning" if phase == "Failed" else "Normal"
        message = f"Found {phase.lower()} daemon pod {key(pod)} on node {node}"
        reason = f"{phase}DaemonPod"
        self.events.event(daemon_set, kind, reason, f"{message}, will try to {verb} it")
        return True

    async def _update(self, scene: _Scene) -> None:
        if scene.daemon_set["spec"].get("updateStrategy", {}).get("type") != "RollingUpdate":
            return
        pods = {**dict.fromkeys(scene.wanted, ()), **scene.pods}
        surge, unavailable = rolling.limits(scene.daemon_set, len(scene.wanted))
        if surge:
            steps = scene.rollout.surge(pods, scene.wanted, surge=surge)
        else:
            steps = scene.rollout.replace(pods, unavailable=unavailable)
        await self._do(scene, steps)

    async def _do(self, scene: _Scene, steps: Steps) -> None:
        owner, pod = scene.daemon_set, scene.pod
        await all_of(
            self._control.create(owner, placement.tied_to(pod, node)) for node in steps.create
        )
        await all_of(self._control.delete(owner, each) for each in steps.delete)

    def _is_available(self, daemon_set: Object, pod: Object) -> bool:
        if not is_ready(pod) or pod["metadata"].get("deletionTimestamp"):
            return False
        least = daemon_set["spec"].get("minReadySeconds", 0)
        wait = unavailable_for(pod, least, self.clock.now())
        if wait > 0:
            self.queue.add_after(key(daemon_set), wait)
        return wait <= 0

    # --- status ---

    def _status(self, scene: _Scene) -> Object:
        """Count nodes, by the oldest pod that each of them has."""
        pods, wanted, rollout = scene.pods, scene.wanted, scene.rollout
        oldest = {
            node: min(on_node, key=_age) for node, on_node in pods.items() if node in scene.fit
        }
        serving = [pod for node, pod in oldest.items() if node in wanted]
        available = sum(map(rollout.serves, serving))
        optional = {
            "updatedNumberScheduled": sum(
                rolling.is_current(pod, rollout.digest) for pod in serving
            ),
            "numberAvailable": available,
            "numberUnavailable": len(wanted) - available,
        }
        return {
            "currentNumberScheduled": len(serving),
            "numberMisscheduled": len(oldest.keys() - wanted),
            "desiredNumberScheduled": len(wanted),
            "numberReady": sum(map(is_ready, serving)),
            "observedGeneration": scene.daemon_set["metadata"]["generation"],
            **{name: number for name, number in optional.items() if number},
            **(
                {} if (count := collisions(scene.daemon_set)) is None else {"collisionCount": count}
            ),
        }


def _lacks(on_node: Sequence[Object], surging: bool) -> bool:
    """Whether a node is to get a pod; while pods may surge, one on its way out does not count."""
    return not (_living(on_node) if surging else on_node)


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


def _age(pod: Object) -> tuple[bool, str, str]:
    meta = pod["metadata"]
    return not pod["spec"].get("nodeName"), meta["creationTimestamp"], meta["name"]


def _fitness(node: Object) -> tuple[object, ...]:
    return node["metadata"].get("labels"), node["spec"].get("taints")


def _revisions(daemon_set: Object, pods: PodsByNode, digest: str) -> set[str]:
    """The names of the revisions that are in use."""
    hashes = {labels_of(pod).get(_HASH) for on_node in pods.values() for pod in on_node}
    return {f"{daemon_set['metadata']['name']}-{value}" for value in {*hashes, digest}}
