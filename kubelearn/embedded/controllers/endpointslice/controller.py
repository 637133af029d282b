"""Keeps each Service's EndpointSlices in line with the pods that it selects.

Upstream: pkg/controller/endpointslice. Services without a selector are left alone: their slices
are somebody else's. What the slices have to be is worked out in `slicing`.
"""

from __future__ import annotations

from typing import ClassVar

from kubelearn.embedded.controller import ControllerContext
from kubelearn.embedded.controllers.endpointslice import slicing
from kubelearn.embedded.controllers.expectations import Expectations
from kubelearn.embedded.controllers.servicepods import ServiceController, has_selector
from kubelearn.errors import ApiError, NotFound
from kubelearn.objects import ENDPOINT_SLICES, SERVICE_NAME, Object, labels_of


class EndpointSliceController(ServiceController):
    """Works on Services, woken by their pods."""

    name: ClassVar[str] = "endpoint-slice-controller"
    account: ClassVar[str] = "endpointslice-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._slices = self.informer(ENDPOINT_SLICES)
        self._expectations = Expectations(self._slices)
        self._slices.add_index("service", _service_of)
        self._slices.follow(self._slice_changed, gone=self._slice_changed)

    def _slice_changed(self, item: Object) -> None:
        for service_key in _service_of(item):
            self.queue.add(service_key)

    # --- syncing ---

    async def sync(self, object_key: str) -> None:
        """Write the slices of one Service that are not as they should be."""
        service = self.services.get(object_key)
        if service is None:
            self._expectations.forget(object_key)  # its slices are garbage now
            self.trigger_times.forget(object_key)
            return
        if not has_selector(service):
            return
        if not self._expectations.satisfied(object_key):
            return  # the slice that is not seen yet wakes the key again
        pods, slices = self.pods_of(service), self._slices.by_index("service", object_key)
        time = self.trigger_times.changed(service, pods)
        plan = slicing.plan(service, pods, slices, trigger_time=time)
        await self._carry_out(object_key, plan)

    async def _carry_out(self, service_key: str, plan: slicing.Plan) -> None:
        for item in plan.create:
            try:
                created = await self.client.create(ENDPOINT_SLICES, item)
            except ApiError as error:
                if error.has_cause("NamespaceTerminating"):
                    return
                raise
            self._expectations.created(service_key, created)
        for item in plan.update:
            updated = await self.client.update(ENDPOINT_SLICES, item)
            self._expectations.created(service_key, updated)
        for item in plan.delete:
            try:
                meta = item["metadata"]
                await self.client.delete(ENDPOINT_SLICES, meta["name"], meta["namespace"])
            except NotFound:
                continue
            self._expectations.deleted(service_key, item)


def _service_of(item: Object) -> list[str]:
    labels = labels_of(item)
    if labels.get(slicing.MANAGED_BY) != slicing.CONTROLLER or SERVICE_NAME not in labels:
        return []
    return [f"{item['metadata']['namespace']}/{labels[SERVICE_NAME]}"]
