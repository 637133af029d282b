"""Counts what the namespaces with ResourceQuotas really use.

Upstream: pkg/controller/resourcequota. The API server charges a quota for what is created; this
controller says what there is to charge, and gives back what goes. It follows the kinds that some
quota is about, and no others, and looks at every quota again each five minutes. Not upstream's: a
second look soon after something was given back.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import ClassVar

from kubelearn.embedded.controller import Controller, ControllerContext, RetryLater
from kubelearn.embedded.controllers.discovery import served_resources
from kubelearn.embedded.informer import Informer
from kubelearn.embedded.quota.evaluators import Evaluator, evaluator_of, evaluators_for
from kubelearn.embedded.quota.scopes import is_terminating
from kubelearn.embedded.quota.usage import is_charged
from kubelearn.embedded.resourcelists import add, exceeded, mask, same
from kubelearn.errors import ApiError
from kubelearn.objects import (
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    RESOURCE_QUOTAS,
    SERVICES,
    Object,
    Resource,
)

_NAMESPACE = "namespace"
_RESYNC = 300.0
_SECOND_LOOK = 2.0
_NEEDED = {"create", "delete", "list", "watch"}


class ResourceQuotaController(Controller):
    """Works on keys of ResourceQuotas."""

    name: ClassVar[str] = "resourcequota-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._quotas = self.informer(RESOURCE_QUOTAS)
        self._quotas.add_index(_NAMESPACE, _namespace)
        self._quotas.add_handler(on_add=self.enqueue, on_update=self._quota_changed)
        self._monitors: dict[tuple[str, str], Informer] = {}
        # What these use changes while they are there, so that all of them is needed.
        for resource in (PODS, SERVICES, PERSISTENT_VOLUME_CLAIMS):
            self.informer(resource)
            self._follow(resource)

    async def run(self) -> None:
        """Count until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(super().run(), name=self.name)
            group.create_task(self._resync(), name=f"{self.name} resync")

    async def _resync(self) -> None:
        while True:
            await self.clock.sleep(_RESYNC)
            for quota in self._quotas.items():
                self.enqueue(quota)

    def _quota_changed(self, old: Object, new: Object) -> None:
        if not same(old["spec"].get("hard") or {}, new["spec"].get("hard") or {}):
            self.enqueue(new)

    # --- following what is counted ---

    def _follow(self, resource: Resource) -> Informer:
        informer = self._informers.get(resource)
        informer.add_index(_NAMESPACE, _namespace)
        evaluator = evaluator_of(resource.group, resource.plural)

        def gone(obj: Object) -> None:
            self._replenish(evaluator, obj)

        def changed(old: Object, new: Object) -> None:
            if _uses_otherwise(resource, old, new, now=self.clock.now()):
                self._replenish(evaluator, new)

        informer.add_handler(on_update=changed, on_delete=gone)
        self._monitors[resource.group, resource.plural] = informer
        return informer

    def _replenish(self, evaluator: Evaluator, obj: Object) -> None:
        """Have the quotas counted again that are about the object's kind."""
        for quota in self._quotas.by_index(_NAMESPACE, obj["metadata"]["namespace"]):
            if evaluator.concerned((quota.get("status") or {}).get("hard") or {}):
                self.enqueue(quota)

    async def _monitor(self, evaluator: Evaluator) -> Informer | None:
        """The objects of a kind; None if there is no such kind (now)."""
        identity = (evaluator.group, evaluator.plural)
        known = self._monitors.get(identity)
        if known is None or known not in self._needed:
            # The kind may have come, gone, or gone and come again since it was last looked for.
            resource = await self._countable(identity)
            if resource is None:
                return None
            if known is not self._informers.get(resource):
                known = self._follow(resource)
        if not known.synced.is_set():
            raise RetryLater(f"{evaluator.plural} are not known yet")
        return known

    async def _countable(self, identity: tuple[str, str]) -> Resource | None:
        try:
            served = await served_resources(self.client)
        except ApiError as error:
            raise RetryLater(f"discovery failed: {error}") from error
        for each in served:
            resource = each.resource
            if (resource.group, resource.plural) == identity:
                return resource if resource.namespaced and each.verbs >= _NEEDED else None
        return None

    # --- counting ---

    async def sync(self, object_key: str) -> None:
        """Bring one quota's status up to date."""
        quota = self._quotas.get(object_key)
        if quota is None:
            return
        hard = quota["spec"].get("hard") or {}
        before = quota.get("status") or {}
        counted = await self._usage(quota)
        used = mask({**(before.get("used") or {}), **counted}, hard.keys())
        is_new = "hard" not in before or "used" not in before
        if is_new or not same(before["hard"], hard) or not same(before["used"], used):
            changed = {**quota, "status": {"hard": hard, "used": used}}
            await self.client.update(RESOURCE_QUOTAS, changed, sub="status")
            if exceeded(before.get("used") or {}, used):
                # What was charged a moment ago may not have been stored, or seen here, yet.
                self.queue.add_after(object_key, _SECOND_LOOK)

    async def _usage(self, quota: Object) -> dict[str, str]:
        """What is used of each resource that can be counted."""
        total: dict[str, str] = {}
        names = (quota["spec"].get("hard") or {}).keys()
        namespace, now = quota["metadata"]["namespace"], self.clock.now()
        for evaluator in evaluators_for(names):
            monitor = await self._monitor(evaluator)
            if monitor is None:
                continue
            concerned = evaluator.concerned(names)
            used = dict.fromkeys(concerned, "0")
            for obj in monitor.by_index(_NAMESPACE, namespace):
                if evaluator.covers(quota, obj):
                    used = add(used, mask(evaluator.usage(obj, now=now), concerned))
            total = add(total, used)
        return total


def _uses_otherwise(resource: Resource, old: Object, new: Object, *, now: datetime) -> bool:
    """Whether an object uses something else than before: only some kinds can."""
    if resource == SERVICES:
        return bool(old["spec"].get("type") != new["spec"].get("type"))
    if resource == PERSISTENT_VOLUME_CLAIMS:
        return _storage_of(old) != _storage_of(new)
    if resource != PODS:
        return False
    return (
        is_terminating(old) != is_terminating(new)
        or (is_charged(old, now=now) and not is_charged(new, now=now))
        or _is_resized(old, new)
    )


def _storage_of(claim: Object) -> object:
    """What a claim was given, and the classes that it has, had or will have."""
    status = claim.get("status") or {}
    return [
        status.get("allocatedResources"),
        claim["spec"].get("volumeAttributesClassName"),
        status.get("currentVolumeAttributesClassName"),
        status.get("modifyVolumeStatus"),
    ]


def _is_resized(old: Object, new: Object) -> bool:
    before, after = _resources(old), _resources(new)
    return any(before[name] != after[name] for name in before.keys() & after.keys())


def _resources(pod: Object) -> dict[str, object]:
    """What each container that has begun was given."""
    status = pod.get("status") or {}
    return {
        each["name"]: each.get("resources")
        for kind in ("containerStatuses", "initContainerStatuses")
        for each in status.get(kind) or []
    }


def _namespace(obj: Object) -> list[str]:
    return [obj["metadata"]["namespace"]]
