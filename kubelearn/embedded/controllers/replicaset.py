"""Keeps as many pods running as a ReplicaSet says.

Upstream: pkg/controller/replicaset. Pods are created in batches that double as long as nothing
fails, so that a full quota costs one request and not five hundred. Left out: the expectations'
time-out (see `expectations`) and metrics.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import ClassVar

from kubelearn.embedded.controller import Controller, ControllerContext
from kubelearn.embedded.controllers import controllerref
from kubelearn.embedded.controllers.expectations import Expectations
from kubelearn.embedded.controllers.podranking import choose_to_delete
from kubelearn.errors import ApiError, NotFound
from kubelearn.objects import (
    PODS,
    REPLICA_SETS,
    Object,
    condition,
    controller_of,
    is_active,
    is_ready,
    key,
    matches,
    owner_reference,
    parse_time,
    timestamp,
)

# Upstream's burstReplicas and SlowStartInitialBatchSize.
_BURST = 500
_FIRST_BATCH = 1


class ReplicaSetController(Controller):
    """Creates, adopts, releases and deletes pods, and reports how many there are."""

    name: ClassVar[str] = "replicaset-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._replica_sets = self.informer(REPLICA_SETS)
        self._pods = self.informer(PODS)
        self._expectations = Expectations(self._pods)
        controllerref.index_by_controller(self._replica_sets)
        controllerref.index_by_controller(self._pods)
        self._replica_sets.add_index("namespace", lambda r: [r["metadata"]["namespace"]])
        self._replica_sets.add_handler(
            on_add=self.enqueue, on_update=lambda _, new: self.enqueue(new), on_delete=self._gone
        )
        self._pods.add_handler(
            on_add=self._pod_changed, on_update=self._pod_updated, on_delete=self._pod_changed
        )

    # --- what wakes a key ---

    def _gone(self, replica_set: Object) -> None:
        self._expectations.forget(key(replica_set))
        self.enqueue(replica_set)

    def _pod_updated(self, old: Object, new: Object) -> None:
        if controller_of(old) != controller_of(new):
            self._pod_changed(old)
        self._pod_changed(new)

    def _pod_changed(self, pod: Object) -> None:
        namespace, ref = pod["metadata"]["namespace"], controller_of(pod)
        if ref:
            if ref["kind"] == "ReplicaSet":
                self.queue.add(f"{namespace}/{ref['name']}")
            return
        for replica_set in self._replica_sets.by_index("namespace", namespace):
            if matches(replica_set["spec"]["selector"], pod["metadata"].get("labels")):
                self.enqueue(replica_set)

    # --- syncing ---

    async def sync(self, object_key: str) -> None:
        """Bring one ReplicaSet's pods to the number it says, and its status up to date."""
        replica_set = self._replica_sets.get(object_key)
        if replica_set is None:
            return
        counted = self._expectations.satisfied(object_key)
        pods = controllerref.owned(self._pods, replica_set)
        active = await self._claim(replica_set, filter(is_active, pods))
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

    async def _claim(self, replica_set: Object, pods: Iterable[Object]) -> list[Object]:
        orphans = controllerref.orphans(self._pods, replica_set["metadata"]["namespace"])
        return await controllerref.claim(
            self.client,
            REPLICA_SETS,
            replica_set,
            resource=PODS,
            children=[*pods, *filter(is_active, orphans)],
        )

    async def _manage(self, replica_set: Object, active: Sequence[Object]) -> None:
        excess = len(active) - replica_set["spec"]["replicas"]
        if excess < 0:
            await slow_start(min(-excess, _BURST), lambda: self._create_pod(replica_set))
        elif excess > 0:
            chosen = choose_to_delete(
                active, self._related(replica_set), min(excess, _BURST), now=self.clock.now()
            )
            await _all_of(self._delete_pod(replica_set, pod) for pod in chosen)

    async def _create_pod(self, replica_set: Object) -> None:
        template = replica_set["spec"]["template"]
        kept = template.get("metadata") or {}
        meta = {
            part: kept[part] for part in ("labels", "annotations", "finalizers") if part in kept
        }
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                **meta,
                "generateName": f"{replica_set['metadata']['name']}-",
                "namespace": replica_set["metadata"]["namespace"],
                "ownerReferences": [owner_reference(replica_set)],
            },
            "spec": template["spec"],
        }
        try:
            created = await self.client.create(PODS, pod)
        except ApiError as error:
            if error.has_cause("NamespaceTerminating"):
                return  # all others would be refused too, and soon there is nothing to do
            self.events.event(replica_set, "Warning", "FailedCreate", f"Error creating: {error}")
            raise
        self._expectations.created(key(replica_set), created)
        message = f"Created pod: {created['metadata']['name']}"
        self.events.event(replica_set, "Normal", "SuccessfulCreate", message)

    async def _delete_pod(self, replica_set: Object, pod: Object) -> None:
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        try:
            await self.client.delete(PODS, name, namespace)
        except NotFound:
            return
        except ApiError as error:
            self.events.event(replica_set, "Warning", "FailedDelete", f"Error deleting: {error}")
            raise
        self._expectations.deleted(key(replica_set), pod)
        self.events.event(replica_set, "Normal", "SuccessfulDelete", f"Deleted pod: {name}")

    def _related(self, replica_set: Object) -> list[Object]:
        """The pods of all ReplicaSets with the same controller: a rollout's old and new ones."""
        ref = controller_of(replica_set)
        family = (
            self._replica_sets.by_index(controllerref.INDEX, ref["uid"]) if ref else [replica_set]
        )
        return [pod for item in family for pod in controllerref.owned(self._pods, item)]

    async def _write_status(self, replica_set: Object, status: Object) -> None:
        if status == replica_set.get("status"):
            return
        await self.client.update(REPLICA_SETS, {**replica_set, "status": status}, sub="status")

    def _look_again(self, replica_set: Object, active: Sequence[Object]) -> None:
        """Come back when the next ready pod has been so for `minReadySeconds`."""
        least, now = replica_set["spec"].get("minReadySeconds", 0), self.clock.now()
        waits = [_unavailable_for(pod, least, now) for pod in active if is_ready(pod)]
        waits = [wait for wait in waits if wait > 0]
        if waits:
            self.queue.add_after(key(replica_set), min(waits))


def calculate_status(
    replica_set: Object,
    active: Sequence[Object],
    *,
    terminating: int,
    failure: ApiError | None,
    now: datetime,
) -> Object:
    """What a ReplicaSet's status has to say; numbers that may be left out are, when zero."""
    spec, old = replica_set["spec"], replica_set.get("status") or {}
    template = {"matchLabels": (spec["template"].get("metadata") or {}).get("labels") or {}}
    ready = [pod for pod in active if is_ready(pod)]
    least = spec.get("minReadySeconds", 0)
    counts = {
        "fullyLabeledReplicas": sum(matches(template, p["metadata"].get("labels")) for p in active),
        "readyReplicas": len(ready),
        "availableReplicas": sum(_unavailable_for(pod, least, now) <= 0 for pod in ready),
    }
    status: Object = {
        "replicas": len(active),
        **{name: count for name, count in counts.items() if count},
        "terminatingReplicas": terminating,
        "observedGeneration": replica_set["metadata"]["generation"],
    }
    others = [c for c in old.get("conditions") or [] if c["type"] != "ReplicaFailure"]
    if failure:
        others.append(
            condition(replica_set, "ReplicaFailure")
            or {
                "type": "ReplicaFailure",
                "status": "True",
                "lastTransitionTime": timestamp(now),
                "reason": "FailedCreate" if len(active) < spec["replicas"] else "FailedDelete",
                "message": str(failure),
            }
        )
    if others:
        status["conditions"] = others
    return status


async def slow_start(count: int, create: Callable[[], Awaitable[None]]) -> None:
    """Call `create` that often, in batches that double; the first batch that fails is the last."""
    size = _FIRST_BATCH
    while count > 0:
        size = min(size, count)
        await _all_of(create() for _ in range(size))
        count -= size
        size *= 2


async def _all_of(calls: Iterable[Awaitable[None]]) -> None:
    """Wait for all of them, then raise the first failure."""
    for result in await asyncio.gather(*calls, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result


def _unavailable_for(pod: Object, least: int, now: datetime) -> float:
    """For how many more seconds a ready pod does not count as available."""
    if not least:
        return 0.0
    ready = condition(pod, "Ready")
    since = parse_time(ready["lastTransitionTime"]) if ready else now
    return least - (now - since).total_seconds()


def _is_terminating(replica_set: Object, pod: Object) -> bool:
    meta, phase = pod["metadata"], (pod.get("status") or {}).get("phase")
    return (
        bool(meta.get("deletionTimestamp"))
        and phase not in ("Succeeded", "Failed")
        and matches(replica_set["spec"]["selector"], meta.get("labels"))
    )
