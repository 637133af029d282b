"""Keeps pods with names that last, made, replaced and deleted in order.

Upstream: pkg/controller/statefulset. What may be done next is decided in `steps`, what makes a pod
the one it is in `identity`, and whose its claims are in `claims`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from kubelearn.embedded.controller import ControllerContext, RetryLater
from kubelearn.embedded.controllers.history import History, collisions, hash_of_data
from kubelearn.embedded.controllers.statefulset import identity
from kubelearn.embedded.controllers.statefulset.claims import Claims
from kubelearn.embedded.controllers.statefulset.steps import Pods, Step, needs_current, next_steps
from kubelearn.embedded.controllers.workload import WorkloadController, unavailable_for
from kubelearn.errors import ApiError, NotFound
from kubelearn.objects import (
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    STATEFUL_SETS,
    Object,
    Resource,
    is_ready,
    key,
)

_HASH = "controller.kubernetes.io/hash"


class StatefulSetController(WorkloadController):
    """Takes one StatefulSet's steps, one at a time where order matters."""

    name: ClassVar[str] = "statefulset-controller"
    resource: ClassVar[Resource] = STATEFUL_SETS

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._history = History(self, owners=STATEFUL_SETS, hash_label=_HASH, digest=hash_of_data)
        self._claims = Claims(
            self.client, claims=self.informer(PERSISTENT_VOLUME_CLAIMS), events=self.events
        )

    async def sync(self, object_key: str) -> None:
        """Take the steps that may be taken now, and say how far things are."""
        stateful_set = self._owners.get(object_key)
        if stateful_set is None or stateful_set["metadata"].get("deletionTimestamp"):
            return
        if not self._expectations.satisfied(object_key):
            return
        update = await self._history.current(stateful_set)
        revisions = {item["metadata"]["name"]: item for item in self._history.of(stateful_set)}
        revisions[update["metadata"]["name"]] = update
        pods = await self._pods_of(stateful_set, update, revisions)
        status = calculate_status(stateful_set, pods)
        written = await self._write_status(stateful_set, status)
        await self._keep_up(written, pods)
        for step in next_steps(written, pods):
            if step.verb == "create":
                old = needs_current(written, step.ordinal)
                await self._create(written, step, revisions[pods.current if old else pods.update])
            else:
                await self._delete(written, pods.by_ordinal[step.ordinal])
        live = {pods.current, pods.update, *map(_revision_name, pods.by_ordinal.values())}
        await self._history.clean_up(stateful_set, live=live)

    async def _pods_of(
        self, stateful_set: Object, update: Object, revisions: Mapping[str, Object]
    ) -> Pods:
        found = {}
        for pod in await self._claim(
            stateful_set, among=lambda pod: identity.ordinal_of(pod, stateful_set) is not None
        ):
            ordinal = identity.ordinal_of(pod, stateful_set)
            if ordinal is not None:
                found[ordinal] = pod
        newest = update["metadata"]["name"]
        current = (stateful_set.get("status") or {}).get("currentRevision", "")
        return Pods(
            by_ordinal=found,
            available=frozenset(
                pod["metadata"]["name"]
                for pod in found.values()
                if self._is_available(stateful_set, pod)
            ),
            current=current if current in revisions else newest,
            update=newest,
        )

    def _is_available(self, stateful_set: Object, pod: Object) -> bool:
        if not _is_running_and_ready(pod) or pod["metadata"].get("deletionTimestamp"):
            return False
        least = stateful_set["spec"].get("minReadySeconds", 0)
        wait = unavailable_for(pod, least, self.clock.now())
        if wait > 0:
            self.queue.add_after(key(stateful_set), wait)
        return wait <= 0

    async def _keep_up(self, stateful_set: Object, pods: Pods) -> None:
        """Put claims right, and labels that somebody has taken off."""
        for ordinal, pod in pods.by_ordinal.items():
            if (pod.get("status") or {}).get("phase") == "Pending":
                await self._claims.create(stateful_set, ordinal)
            changed = await self._claims.retain(stateful_set, pod)
            if pods.is_available(ordinal) and not identity.is_known(pod):
                meta = pod["metadata"]
                labels = identity.name_labels(meta["name"], ordinal)
                patch = {"metadata": {"uid": meta["uid"], "labels": labels}}
                await self.client.patch(PODS, meta["name"], patch, meta["namespace"])
                changed = True
            if changed:
                self._tell(stateful_set, "Update", pod)

    # --- pods ---

    async def _create(self, stateful_set: Object, step: Step, revision: Object) -> None:
        if self._claims.is_stale(stateful_set, step.ordinal):
            raise RetryLater(f"a claim of number {step.ordinal} is still to go with the last pod")
        pod = identity.new_pod(stateful_set, step.ordinal, revision)
        try:
            await self._claims.create(stateful_set, step.ordinal)
            created = await self.client.create(PODS, pod)
        except (ApiError, RetryLater) as error:
            if isinstance(error, ApiError) and error.has_cause("NamespaceTerminating"):
                return  # soon there is nothing to do
            self._tell(stateful_set, "Create", pod, error)
            raise
        self._expectations.created(key(stateful_set), created)
        self._tell(stateful_set, "Create", pod)

    async def _delete(self, stateful_set: Object, pod: Object) -> None:
        try:
            await self.client.delete(PODS, pod["metadata"]["name"], pod["metadata"]["namespace"])
        except NotFound:
            return
        except ApiError as error:
            self._tell(stateful_set, "Delete", pod, error)
            raise
        self._expectations.deleted(key(stateful_set), pod)
        self._tell(stateful_set, "Delete", pod)

    def _tell(
        self, stateful_set: Object, verb: str, pod: Object, error: Exception | None = None
    ) -> None:
        kind, prefix = ("Warning", "Failed") if error else ("Normal", "Successful")
        name = stateful_set["metadata"]["name"]
        message = f"{verb} Pod {pod['metadata']['name']} in StatefulSet {name}"
        message += f" failed error: {error}" if error else " successful"
        self.events.event(stateful_set, kind, f"{prefix}{verb}", message)


def calculate_status(stateful_set: Object, pods: Pods) -> Object:
    """What a StatefulSet's status has to say; most numbers are left out when zero."""
    living = [
        pod for pod in pods.by_ordinal.values() if not pod["metadata"].get("deletionTimestamp")
    ]
    total = len(pods.by_ordinal)
    ready = sum(map(_is_running_and_ready, living))
    updated = sum(identity.revision_of(pod) == pods.update for pod in living)
    current = pods.current
    if current != pods.update and _is_rolled_out(stateful_set, total, ready=ready, updated=updated):
        current = pods.update
    optional = {
        "readyReplicas": ready,
        "currentReplicas": sum(identity.revision_of(pod) == current for pod in living),
        "updatedReplicas": updated,
    }
    return {
        "observedGeneration": stateful_set["metadata"]["generation"],
        "replicas": total,
        **{name: number for name, number in optional.items() if number},
        "currentRevision": current,
        "updateRevision": pods.update,
        "collisionCount": collisions(stateful_set) or 0,
        "availableReplicas": len(pods.available),
    }


def _is_rolled_out(stateful_set: Object, total: int, *, ready: int, updated: int) -> bool:
    strategy = (stateful_set["spec"].get("updateStrategy") or {}).get("type")
    wanted = len(identity.ordinals(stateful_set))
    return strategy != "OnDelete" and total == ready == updated == wanted


def _is_running_and_ready(pod: Object) -> bool:
    return (pod.get("status") or {}).get("phase") == "Running" and is_ready(pod)


def _revision_name(pod: Object) -> str:
    return identity.revision_of(pod) or ""
