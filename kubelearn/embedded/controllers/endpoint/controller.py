"""Keeps an Endpoints object beside each Service with a selector, for clients of the older kind.

Upstream: pkg/controller/endpoint. Left out: the cut at a thousand addresses.
"""

from __future__ import annotations

from typing import ClassVar

from kubelearn.embedded.controller import ControllerContext, RetryLater
from kubelearn.embedded.controllers.endpoint.subsets import repack, subsets_of
from kubelearn.embedded.controllers.endpointslice.slicing import note_trigger_time
from kubelearn.embedded.controllers.expectations import Expectations
from kubelearn.embedded.controllers.servicepods import (
    ServiceController,
    has_selector,
    is_headless,
)
from kubelearn.errors import ApiError, NotFound
from kubelearn.objects import ENDPOINTS, Object, annotations_of, split_key

MANAGED_BY, CONTROLLER = "endpoints.kubernetes.io/managed-by", "endpoint-controller"
LEADER = "control-plane.alpha.kubernetes.io/leader"
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
            await self._create(object_key, service, subsets=subsets, trigger_time=time)
        elif _differs(current, subsets, labels):
            meta = {**current["metadata"], "labels": labels}
            note_trigger_time(meta, time)
            updated = await self.client.update(
                ENDPOINTS, {**current, "metadata": meta, "subsets": subsets}
            )
            self._expectations.created(object_key, updated)

    async def _create(
        self, object_key: str, service: Object, *, subsets: list[Object], trigger_time: str
    ) -> None:
        meta = service["metadata"]
        made = {"name": meta["name"], "namespace": meta["namespace"], "labels": _labels(service)}
        note_trigger_time(made, trigger_time)
        try:
            created = await self.client.create(ENDPOINTS, {"metadata": made, "subsets": subsets})
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
    labels = {**(service["metadata"].get("labels") or {}), MANAGED_BY: CONTROLLER}
    labels.pop(_HEADLESS, None)
    return labels | ({_HEADLESS: ""} if is_headless(service) else {})


def _differs(current: Object, subsets: list[Object], labels: dict[str, str]) -> bool:
    if (current["metadata"].get("labels") or {}) != labels:
        return True
    return repack(current.get("subsets") or []) != subsets
