"""Pods made from a template and deleted again, with the events that tell of it.

Upstream: `RealPodControl` and `slowStartBatch` of pkg/controller. Pods are created in batches that
double as long as nothing fails, so that a full quota costs one request and not five hundred.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from kubelearn.embedded.client import Client
from kubelearn.embedded.controllers.expectations import Expectations
from kubelearn.embedded.events import EventRecorder
from kubelearn.errors import ApiError, NotFound
from kubelearn.objects import PODS, Object, key, owner_reference

_FIRST_BATCH = 1


def pod_from_template(owner: Object, template: Object) -> Object:
    """A pod as `owner` would create it; only metadata and `spec` itself may be changed."""
    kept = template.get("metadata") or {}
    parts = ("labels", "annotations", "finalizers")
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **{part: kept[part] for part in parts if part in kept},
            "generateName": f"{owner['metadata']['name']}-",
            "namespace": owner["metadata"]["namespace"],
            "ownerReferences": [owner_reference(owner)],
        },
        "spec": dict(template["spec"]),
    }


class PodControl:
    """Creates and deletes pods for their owners, and remembers what the cache has yet to show."""

    def __init__(self, client: Client, events: EventRecorder, expectations: Expectations) -> None:
        self._client = client
        self._events = events
        self._expectations = expectations

    async def create(self, owner: Object, pod: Object) -> None:
        """Create one pod of an owner."""
        try:
            created = await self._client.create(PODS, pod)
        except ApiError as error:
            if error.has_cause("NamespaceTerminating"):
                return  # all others would be refused too, and soon there is nothing to do
            self._events.event(owner, "Warning", "FailedCreate", f"Error creating: {error}")
            raise
        self._expectations.created(key(owner), created)
        message = f"Created pod: {created['metadata']['name']}"
        self._events.event(owner, "Normal", "SuccessfulCreate", message)

    async def delete(self, owner: Object, pod: Object) -> None:
        """Delete one pod of an owner, unless it is gone already."""
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        try:
            await self._client.delete(PODS, name, namespace)
        except NotFound:
            return
        except ApiError as error:
            self._events.event(owner, "Warning", "FailedDelete", f"Error deleting: {error}")
            raise
        self._expectations.deleted(key(owner), pod)
        self._events.event(owner, "Normal", "SuccessfulDelete", f"Deleted pod: {name}")


async def slow_start(count: int, create: Callable[[], Awaitable[None]]) -> None:
    """Call `create` that often, in batches that double; the first batch that fails is the last."""
    size = _FIRST_BATCH
    while count > 0:
        size = min(size, count)
        await all_of(create() for _ in range(size))
        count -= size
        size *= 2


async def all_of(calls: Iterable[Awaitable[None]]) -> None:
    """Wait for all of them, then raise the first failure."""
    for result in await asyncio.gather(*calls, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
