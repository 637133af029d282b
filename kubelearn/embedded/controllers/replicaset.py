"""Keeps as many pods running as a ReplicaSet says, or a ReplicationController, its forerunner.

Upstream: pkg/controller/replicaset, and pkg/controller/replication, which makes ReplicaSets of the
older kind and hands them on. Left out: the expectations' time-out (see `expectations`) and metrics.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from kubelearn.embedded.controllers import controllerref
from kubelearn.embedded.controllers.podcontrol import all_of, pod_from_template, slow_start
from kubelearn.embedded.controllers.podranking import choose_to_delete
from kubelearn.embedded.controllers.workload import WorkloadController, unavailable_for
from kubelearn.errors import ApiError
from kubelearn.labelselector import matches
from kubelearn.objects import (
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    Object,
    Resource,
    condition,
    controller_of,
    is_active,
    is_ready,
    is_terminal,
    key,
    labels_of,
    timestamp,
)

# Upstream's burstReplicas.
_BURST = 500


class ReplicaSetController(WorkloadController):
    """Creates, adopts, releases and deletes pods, and reports how many there are."""

    name: ClassVar[str] = "replicaset-controller"
    resource: ClassVar[Resource] = REPLICA_SETS

    async def sync(self, object_key: str) -> None:
        """Bring one ReplicaSet's pods to the number it says, and its status up to date."""
        replica_set = self._owners.get(object_key)
        if replica_set is None:
            return
        counted = self._expectations.satisfied(object_key)
        pods = controllerref.owned(self._pods, replica_set)
        active = await self._claim(replica_set, among=is_active)
        failure: ApiError | None = None
        if counted and not replica_set["metadata"].get("deletionTimestamp"):
            try:
                await self._manage(replica_set, active)
            except ApiError as error:
                failure = error
        status = calculate_status(
            replica_set,
            active,
            terminating=sum(_is_terminating(replica_set, pod) for pod in pods),
            failure=failure,
            now=self.clock.now(),
        )
        await self._write_status(replica_set, status)
        if failure:
            raise failure
        self._look_again(replica_set, active)

    async def _manage(self, replica_set: Object, active: Sequence[Object]) -> None:
        excess = len(active) - replica_set["spec"]["replicas"]
        if excess < 0:
            pod = pod_from_template(replica_set, replica_set["spec"]["template"])
            await slow_start(min(-excess, _BURST), lambda: self._control.create(replica_set, pod))
        elif excess > 0:
            chosen = choose_to_delete(
                active, self._related(replica_set), min(excess, _BURST), now=self.clock.now()
            )
            await all_of(self._control.delete(replica_set, pod) for pod in chosen)

    def _related(self, replica_set: Object) -> list[Object]:
        """The pods of all ReplicaSets with the same controller: a rollout's old and new ones."""
        ref = controller_of(replica_set)
        family = self._owners.by_index(controllerref.INDEX, ref["uid"]) if ref else [replica_set]
        return [pod for item in family for pod in controllerref.owned(self._pods, item)]

    def _look_again(self, replica_set: Object, active: Sequence[Object]) -> None:
        """Come back when the next ready pod has been so for `minReadySeconds`."""
        least, now = replica_set["spec"].get("minReadySeconds", 0), self.clock.now()
        waits = [unavailable_for(pod, least, now) for pod in active if is_ready(pod)]
        waits = [wait for wait in waits if wait > 0]
        if waits:
            self.queue.add_after(key(replica_set), min(waits))


class ReplicationController(ReplicaSetController):
    """The same for ReplicationControllers."""

    name: ClassVar[str] = "replication-controller"
    resource: ClassVar[Resource] = REPLICATION_CONTROLLERS


def calculate_status(
    replica_set: Object,
    active: Sequence[Object],
    *,
    terminating: int,
    failure: ApiError | None,
    now: datetime,
) -> Object:
    """What a ReplicaSet's status has to say; numbers that may be left out are, when zero."""
    spec = replica_set["spec"]
    template = {"matchLabels": (spec["template"].get("metadata") or {}).get("labels") or {}}
    ready = [pod for pod in active if is_ready(pod)]
    least = spec.get("minReadySeconds", 0)
    counts = {
        "fullyLabeledReplicas": sum(matches(template, p["metadata"].get("labels")) for p in active),
        "readyReplicas": len(ready),
        "availableReplicas": sum(unavailable_for(pod, least, now) <= 0 for pod in ready),
    }
    status: Object = {
        "replicas": len(active),
        **{name: count for name, count in counts.items() if count},
        **({"terminatingReplicas": terminating} if _tells_terminating(replica_set) else {}),
        "observedGeneration": replica_set["metadata"]["generation"],
    }
    if conditions := _conditions(replica_set, len(active), failure=failure, now=now):
        status["conditions"] = conditions
    return status


def _conditions(
    replica_set: Object, active: int, *, failure: ApiError | None, now: datetime
) -> list[Object]:
    """The conditions of others, and whether pods could not be made or deleted."""
    old = (replica_set.get("status") or {}).get("conditions") or []
    others = [each for each in old if each["type"] != "ReplicaFailure"]
    if failure is None:
        return others
    wanted = replica_set["spec"]["replicas"]
    failed = {
        "type": "ReplicaFailure",
        "status": "True",
        "lastTransitionTime": timestamp(now),
        "reason": "FailedCreate" if active < wanted else "FailedDelete",
        "message": str(failure),
    }
    return [*others, condition(replica_set, "ReplicaFailure") or failed]


def _tells_terminating(replica_set: Object) -> bool:
    return bool(replica_set["kind"] != REPLICATION_CONTROLLERS.kind)


def _is_terminating(replica_set: Object, pod: Object) -> bool:
    return (
        bool(pod["metadata"].get("deletionTimestamp"))
        and not is_terminal(pod)
        and matches(controllerref.selector_of(replica_set), labels_of(pod))
    )
