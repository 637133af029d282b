"""Keeps each Service's EndpointSlices in line with the pods that it selects.

Upstream: pkg/controller/endpointslice. Services without a selector are left alone: their slices
are somebody else's. What the slices have to be is worked out in `slicing`.
"""

from __future__ import annotations

from typing import ClassVar

from kubelearn.embedded.controller import ControllerContext
from kubelearn.embedded.controllers.endpointslice import slicing
from kubelearn.embedded.controllers.endpointslice.managed import ManagedSlices
from kubelearn.embedded.controllers.servicepods import ServiceController, has_selector
from kubelearn.objects import ENDPOINT_SLICES


class EndpointSliceController(ServiceController):
    """Works on Services, woken by their pods."""

    name: ClassVar[str] = "endpoint-slice-controller"
    account: ClassVar[str] = "endpointslice-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._slices = ManagedSlices(
            self.client,
            self.informer(ENDPOINT_SLICES),
            manager=slicing.CONTROLLER,
            changed=self.queue.add,
        )

    async def sync(self, object_key: str) -> None:
        """Write the slices of one Service that are not as they should be."""
        service = self.services.get(object_key)
        if service is None:
            self._slices.forget(object_key)
            self.trigger_times.forget(object_key)
            return
        if not has_selector(service):
            return
        if not self._slices.all_seen(object_key):
            return  # the slice that is not seen yet wakes the key again
        pods, slices = self.pods_of(service), self._slices.of(object_key)
        time = self.trigger_times.changed(service, pods)
        plan = slicing.plan(service, pods, slices, trigger_time=time)
        await self._carry_out(object_key, plan)

    async def _carry_out(self, service_key: str, plan: slicing.Plan) -> None:
        for item in plan.create:
            if not await self._slices.create(service_key, item):
                return
        for item in plan.update:
            await self._slices.update(service_key, item)
        for item in plan.delete:
            await self._slices.delete(service_key, item)
