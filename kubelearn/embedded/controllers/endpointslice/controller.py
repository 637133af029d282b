"""Keeps each Service's EndpointSlices in line with the pods that it selects.

Upstream: pkg/controller/endpointslice. Services without a selector are left alone: their slices
are somebody else's. What the slices have to be is worked out in `slicing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from kubelearn.embedded.controller import Controller, ControllerContext
from kubelearn.embedded.controllers.endpointslice import slicing
from kubelearn.embedded.controllers.expectations import Expectations
from kubelearn.errors import ApiError, NotFound
from kubelearn.objects import ENDPOINT_SLICES, PODS, SERVICES, Object, is_ready


class EndpointSliceController(Controller):
    """Works on Services, woken by their pods."""

    name: ClassVar[str] = "endpoint-slice-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._services = self.informer(SERVICES)
        self._pods = self.informer(PODS)
        self._slices = self.informer(ENDPOINT_SLICES)
        self._expectations = Expectations(self._slices)
        for informer in (self._services, self._pods):
            informer.add_index("namespace", lambda obj: [obj["metadata"]["namespace"]])
        self._slices.add_index("service", _service_of)
        self._services.add_handler(
            on_add=self.enqueue, on_update=lambda _, new: self.enqueue(new), on_delete=self.enqueue
        )
        self._pods.add_handler(
            on_add=self._pod_changed, on_update=self._pod_updated, on_delete=self._pod_changed
        )
        self._slices.add_handler(
            on_add=self._slice_changed,
            on_update=lambda _, new: self._slice_changed(new),
            on_delete=self._slice_changed,
        )

    # --- what wakes a key ---

    def _pod_updated(self, old: Object, new: Object) -> None:
        if _relevant(old) == _relevant(new):
            return
        if old["metadata"].get("labels") != new["metadata"].get("labels"):
            self._pod_changed(old)
        self._pod_changed(new)

    def _pod_changed(self, pod: Object) -> None:
        for service in self._services.by_index("namespace", pod["metadata"]["namespace"]):
            if _selects(service, pod):
                self.enqueue(service)

    def _slice_changed(self, item: Object) -> None:
        for service_key in _service_of(item):
            self.queue.add(service_key)

    # --- syncing ---

    async def sync(self, object_key: str) -> None:
        """Write the slices of one Service that are not as they should be."""
        service = self._services.get(object_key)
        if service is None:
            self._expectations.forget(object_key)  # its slices are garbage now
            return
        if not service["spec"].get("selector") or service["spec"].get("type") == "ExternalName":
            return
        if not self._expectations.satisfied(object_key):
            return  # the slice that is not seen yet wakes the key again
        pods = [
            pod
            for pod in self._pods.by_index("namespace", service["metadata"]["namespace"])
            if _selects(service, pod)
        ]
        plan = slicing.plan(service, pods, self._slices.by_index("service", object_key))
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


def _selects(service: Object, pod: Object) -> bool:
    selector: Mapping[str, str] = service["spec"].get("selector") or {}
    labels = pod["metadata"].get("labels") or {}
    return bool(selector) and selector.items() <= labels.items()


def _relevant(pod: Object) -> tuple[object, ...]:
    """What of a pod an endpoint shows."""
    meta, status = pod["metadata"], pod.get("status") or {}
    return (
        meta.get("labels"),
        bool(meta.get("deletionTimestamp")),
        pod["spec"].get("nodeName"),
        status.get("podIPs"),
        status.get("phase") in ("Succeeded", "Failed"),
        is_ready(pod),
    )


def _service_of(item: Object) -> list[str]:
    labels = item["metadata"].get("labels") or {}
    if labels.get(slicing.MANAGED_BY) != slicing.CONTROLLER or slicing.SERVICE_NAME not in labels:
        return []
    return [f"{item['metadata']['namespace']}/{labels[slicing.SERVICE_NAME]}"]
