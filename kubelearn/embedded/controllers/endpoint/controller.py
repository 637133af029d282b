"""Keeps an Endpoints object beside each Service with a selector, for clients of the older kind.

Upstream: pkg/controller/endpoint. Left out: writing the same thousand addresses of a larger Service
again for the sake of a newer trigger time.
"""

from __future__ import annotations

from typing import ClassVar

from kubelearn.embedded.controller import ControllerContext, RetryLater
from kubelearn.embedded.controllers.endpoint.subsets import (
    is_over_capacity,
    repack,
    subsets_of,
    truncated,
)
from kubelearn.embedded.controllers.endpointslice.slicing import note_trigger_time
from kubelearn.embedded.controllers.expectations import Expectations
from kubelearn.embedded.controllers.servicepods import ServiceController, has_selector, is_headless
from kubelearn.errors import ApiError, NotFound
from kubelearn.objects import ENDPOINTS, Object, annotations_of, labels_of, split_key

MANAGED_BY, CONTROLLER = "endpoints.kubernetes.io/managed-by", "endpoint-controller"
LEADER = "control-plane.alpha.kubernetes.io/leader"
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
_HEADLESS = "service.kubernetes.io/headless"


class EndpointController(ServiceController):
    """Works on Services, woken by their pods."""

    name: ClassVar[str] = "endpoint-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._endpoints = self.informer(ENDPOINTS)
        self._expectations = Expectations(self._endpoints)
        self._endpoints.add_handler(on_delete=self.enqueue)

    async def run(self) -> None:
        """Work until cancelled; first look at what Services left that went while nobody looked."""
        await self._endpoints.synced.wait()
        for endpoints in self._endpoints.items():
            # Those of a leader election have no Service, and never had one.
            if LEADER not in annotations_of(endpoints):
                self.enqueue(endpoints)
        await super().run()

    async def sync(self, object_key: str) -> None:
        """Write the Endpoints of one Service if they are not as they should be."""
        service, current = self.services.get(object_key), self._endpoints.get(object_key)
        if service is None:
            self._expectations.forget(object_key)
            self.trigger_times.forget(object_key)
            if current is not None:
                await self._delete(object_key)
            return
        if not has_selector(service):
            return
        if not self._expectations.satisfied(object_key):
            raise RetryLater("the Endpoints written last are not seen yet")
        pods, labels = self.pods_of(service), _labels(service)
        subsets, time = subsets_of(service, pods), self.trigger_times.changed(service, pods)
        if current is None:
            meta = {part: service["metadata"][part] for part in ("name", "namespace")}
            made = _made({"metadata": meta}, subsets, labels=labels, trigger_time=time)
            await self._create(object_key, made)
        elif _differs(current, subsets, labels):
            made = _made(current, subsets, labels=labels, trigger_time=time)
            updated = await self.client.update(ENDPOINTS, made)
            self._expectations.created(object_key, updated)

    async def _create(self, object_key: str, endpoints: Object) -> None:
        try:
            created = await self.client.create(ENDPOINTS, endpoints)
        except ApiError as error:
            if error.has_cause("NamespaceTerminating"):
                return
            raise
        self._expectations.created(object_key, created)

    async def _delete(self, object_key: str) -> None:
        namespace, name = split_key(object_key)
        try:
            await self.client.delete(ENDPOINTS, name, namespace)
        except NotFound:
            return


def _labels(service: Object) -> dict[str, str]:
    labels = {**labels_of(service), MANAGED_BY: CONTROLLER}
    labels.pop(_HEADLESS, None)
    return labels | ({_HEADLESS: ""} if is_headless(service) else {})


def _made(
    current: Object, subsets: list[Object], *, labels: dict[str, str], trigger_time: str
) -> Object:
    """The Endpoints with these subsets, as far as they have room for them."""
    meta = {**current["metadata"], "labels": labels}
    note_trigger_time(meta, trigger_time)
    meta["annotations"].pop(OVER_CAPACITY, None)
    if is_over_capacity(subsets):
        meta["annotations"][OVER_CAPACITY] = "truncated"
    return {**current, "metadata": meta, "subsets": truncated(subsets)}


def _differs(current: Object, subsets: list[Object], labels: dict[str, str]) -> bool:
    if labels_of(current) != labels:
        return True
    if (OVER_CAPACITY in annotations_of(current)) != is_over_capacity(subsets):
        return True
    return repack(current.get("subsets") or []) != truncated(subsets)
