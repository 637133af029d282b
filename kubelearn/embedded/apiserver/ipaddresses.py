"""An IPAddress for each address that a Service holds.

Stands for `pkg/registry/core/service/ipallocator` of k8s.io/kubernetes, and its controller. There
these objects are the record of what is taken; here the Services are (`allocator.py`), and the
objects follow them a moment later. So one that somebody makes takes no address away.
"""

from __future__ import annotations

import logging

from kubelearn.embedded.apiserver import deletion
from kubelearn.embedded.apiserver.authentication import LOOPBACK
from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.ensuring import ensure
from kubelearn.embedded.apiserver.options import DeleteOptions
from kubelearn.embedded.apiserver.registries import Registries
from kubelearn.embedded.apiserver.status import StatusError
from kubelearn.embedded.apiserver.write import Write
from kubelearn.embedded.store import Event, KeyValue, StoreFailed
from kubelearn.objects import Object, labels_of

_log = logging.getLogger(__name__)

_LABELS = {
    "ipaddress.kubernetes.io/ip-family": "IPv4",
    "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
}


class IPAddresses:
    """Follows the Services of a store."""

    def __init__(self, registries: Registries) -> None:
        self._services = registries.resource("services")
        self._addresses = registries.resource("ipaddresses", "networking.k8s.io")

    async def run(self) -> None:
        """Make and remove objects until cancelled."""
        store, prefix = self._services.store, self._services.prefix()
        changes = store.watch(prefix, after=store.revision)
        try:
            await self._repair(store.range(prefix))
            async for events in changes:
                for event in events:
                    await self._follow(event)
        finally:
            changes.close()

    async def _repair(self, services: list[KeyValue]) -> None:
        """Bring about what the Services of now say, whatever happened before."""
        wanted = {ip: service for each in services for ip, service in _held(each).items()}
        for item in self._addresses.store.range(self._addresses.prefix()):
            found = decode(item.value)
            ours = labels_of(found).items() >= _LABELS.items()
            if ours and found["metadata"]["name"] not in wanted:
                await self._remove(found["metadata"]["name"])
        for ip, service in wanted.items():
            await self._make(ip, service)

    async def _follow(self, event: Event) -> None:
        before = _held(event.prev) if event.prev else {}
        after = _held(event.kv) if event.kind == "PUT" else {}
        for ip in before.keys() - after.keys():
            await self._remove(ip)
        for ip in after.keys() - before.keys():
            await self._make(ip, after[ip])

    async def _make(self, ip: str, service: Object) -> None:
        meta = service["metadata"]
        parent = {"resource": "services", "namespace": meta["namespace"], "name": meta["name"]}
        obj = {"metadata": {"name": ip, "labels": _LABELS}, "spec": {"parentRef": parent}}
        try:
            await ensure(self._addresses, obj)
        except (StatusError, StoreFailed) as error:
            _log.warning("no IPAddress %s: %s", ip, error)

    async def _remove(self, ip: str) -> None:
        try:
            await deletion.delete(self._addresses, Write(user=LOOPBACK, name=ip), DeleteOptions())
        except (StatusError, StoreFailed) as error:
            _log.debug("IPAddress %s not removed: %s", ip, error)


def _held(kv: KeyValue) -> dict[str, Object]:
    service = decode(kv.value)
    return {ip: service for ip in service["spec"].get("clusterIPs") or [] if ip != "None"}
