"""Mirrors Endpoints that somebody wrote for a Service without a selector into EndpointSlices.

Upstream: pkg/controller/endpointslicemirroring. Those who route traffic read slices alone, so this
is what makes hand-written Endpoints count. Left out: spreading one subset over several slices.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import ClassVar

from kubelearn.embedded.controller import Controller, ControllerContext
from kubelearn.embedded.controllers.endpoint.controller import LEADER
from kubelearn.embedded.controllers.endpoint.subsets import repack
from kubelearn.embedded.controllers.endpointslice.managed import ManagedSlices
from kubelearn.embedded.controllers.endpointslice.slicing import MANAGED_BY
from kubelearn.objects import (
    ENDPOINT_SLICES,
    ENDPOINTS,
    SERVICE_NAME,
    SERVICES,
    Object,
    annotations_of,
    labels_of,
    owner_reference,
)

CONTROLLER = "endpointslicemirroring-controller.k8s.io"
_SKIP = "endpointslice.kubernetes.io/skip-mirror"
_NOT_COPIED = (
    "endpoints.kubernetes.io/last-change-trigger-time",
    "kubectl.kubernetes.io/last-applied-configuration",
)
_MOST_ADDRESSES = 1000


class EndpointSliceMirroringController(Controller):
    """Works on Endpoints, woken by their Services and by the slices that it made."""

    name: ClassVar[str] = "endpoint-slice-mirroring-controller"
    account: ClassVar[str] = "endpointslicemirroring-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._services = self.informer(SERVICES)
        self._endpoints = self.informer(ENDPOINTS)
        self._slices = ManagedSlices(
            self.client,
            self.informer(ENDPOINT_SLICES),
            manager=CONTROLLER,
            changed=self.queue.add,
        )
        for informer in (self._services, self._endpoints):
            informer.follow(self.enqueue, gone=self.enqueue)

    async def sync(self, object_key: str) -> None:
        """Write the slices of one Endpoints object that are not as they should be."""
        if not self._slices.all_seen(object_key):
            return  # the slice that is not seen yet wakes the key again
        wanted = list(self._wanted(object_key))
        present = list(self._slices.of(object_key))
        for new in wanted:
            old = next((each for each in present if _fits(each, new)), None)
            if old is None:
                await self._slices.create(object_key, new)
            else:
                present.remove(old)
                await self._update(object_key, old, new)
        for old in present:
            await self._slices.delete(object_key, old)

    def _wanted(self, object_key: str) -> Iterator[Object]:
        service, endpoints = self._services.get(object_key), self._endpoints.get(object_key)
        if service is None or service["spec"].get("selector") or endpoints is None:
            return
        labels = labels_of(endpoints)
        if labels.get(_SKIP) == "true" or LEADER in annotations_of(endpoints):
            return
        slices, bad, left = mirror(endpoints)
        if bad:
            words = f"Skipped {bad} invalid IP addresses when mirroring to EndpointSlices"
            self.events.event(endpoints, "Warning", "InvalidIPAddress", words)
        if left:
            words = (
                f"A max of {_MOST_ADDRESSES} addresses can be mirrored to EndpointSlices per "
                f"Endpoints subset. {left + bad} addresses were skipped"
            )
            self.events.event(endpoints, "Warning", "TooManyAddressesToMirror", words)
        yield from slices

    async def _update(self, object_key: str, old: Object, new: Object) -> None:
        labels, annotations = labels_of(new), annotations_of(new)
        same = (labels, annotations) == (labels_of(old), annotations_of(old))
        if not same or (old["endpoints"] or []) != new["endpoints"]:
            meta = {**old["metadata"], "labels": labels, "annotations": annotations}
            item = {**old, "metadata": meta, "endpoints": new["endpoints"]}
            await self._slices.update(object_key, item)


def mirror(endpoints: Object) -> tuple[list[Object], int, int]:
    """The slices of an Endpoints object; how many addresses are none, and how many too many."""
    slices, bad, left = [], 0, 0
    for subset in repack(endpoints.get("subsets") or []):
        listed = [
            *((address, True) for address in subset.get("addresses") or []),
            *((address, False) for address in subset.get("notReadyAddresses") or []),
        ]
        families: dict[str, list[Object]] = {}
        valid = [(address, ready) for address, ready in listed if _family(address["ip"])]
        bad += len(listed) - len(valid)
        left += max(len(valid) - _MOST_ADDRESSES, 0)
        for address, ready in valid[:_MOST_ADDRESSES]:
            family = _family(address["ip"])
            families.setdefault(family, []).append(_endpoint(address, ready))
        for family, found in families.items():
            slices.append(_slice(endpoints, family, ports=subset.get("ports") or [], content=found))
    return slices, bad, left


def _slice(endpoints: Object, family: str, *, ports: list[Object], content: list[Object]) -> Object:
    meta = endpoints["metadata"]
    annotations = annotations_of(endpoints)
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": f"{meta['name']}-",
            "namespace": meta["namespace"],
            "labels": {
                **labels_of(endpoints),
                SERVICE_NAME: meta["name"],
                MANAGED_BY: CONTROLLER,
            },
            "annotations": {k: v for k, v in annotations.items() if k not in _NOT_COPIED},
            "ownerReferences": [
                owner_reference({**endpoints, "apiVersion": "v1", "kind": "Endpoints"})
            ],
        },
        "addressType": family,
        "endpoints": content,
        "ports": [{"name": "", **port} for port in ports],
    }


def _endpoint(address: Object, ready: bool) -> Object:
    kept = {k: address[k] for k in ("hostname", "targetRef", "nodeName") if address.get(k)}
    return {"addresses": [address["ip"]], "conditions": {"ready": ready}, **kept}


def _family(ip: str) -> str:
    try:
        return f"IPv{ipaddress.ip_address(ip).version}"
    except ValueError:
        return ""


def _fits(old: Object, new: Object) -> bool:
    ports = [
        sorted(((each.get("ports")) or []), key=lambda port: (port["name"], port["protocol"]))
        for each in (old, new)
    ]
    return old["addressType"] == new["addressType"] and ports[0] == ports[1]
