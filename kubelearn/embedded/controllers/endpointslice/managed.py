"""The EndpointSlices that one controller manages: telling whose they are, and writing them.

Upstream has this in k8s.io/endpointslice and, once more, in pkg/controller/endpointslicemirroring.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kubelearn.embedded.client import Client
from kubelearn.embedded.controllers.endpointslice.slicing import MANAGED_BY
from kubelearn.embedded.controllers.expectations import Expectations
from kubelearn.embedded.endpointslices import service_keys
from kubelearn.embedded.informer import Informer
from kubelearn.errors import ApiError, NotFound
from kubelearn.objects import ENDPOINT_SLICES, Object, labels_of


class ManagedSlices:
    """Those whose label `managed-by` names the manager; `changed` hears their Services' keys."""

    def __init__(
        self, client: Client, slices: Informer, *, manager: str, changed: Callable[[str], None]
    ) -> None:
        self._client = client
        self._slices = slices
        self._manager = manager
        self._changed = changed
        self._expectations = Expectations(slices)
        slices.add_index(manager, self._keys)
        slices.follow(self._tell, gone=self._tell)

    def of(self, service_key: str) -> Sequence[Object]:
        """The slices of a Service."""
        return self._slices.by_index(self._manager, service_key)

    def all_seen(self, service_key: str) -> bool:
        """Whether `of` shows all that was written; if not, what is missing will be told."""
        return self._expectations.satisfied(service_key)

    def forget(self, service_key: str) -> None:
        """The Service is gone, and its slices are garbage now."""
        self._expectations.forget(service_key)

    async def create(self, service_key: str, item: Object) -> bool:
        """Write a new one; False where nothing is made any more, as its namespace is ending."""
        try:
            created = await self._client.create(ENDPOINT_SLICES, item)
        except ApiError as error:
            if error.has_cause("NamespaceTerminating"):
                return False
            raise
        self._expectations.created(service_key, created)
        return True

    async def update(self, service_key: str, item: Object) -> None:
        """Write one anew."""
        updated = await self._client.update(ENDPOINT_SLICES, item)
        self._expectations.created(service_key, updated)

    async def delete(self, service_key: str, item: Object) -> None:
        """Delete one, if it is still there."""
        meta = item["metadata"]
        try:
            await self._client.delete(ENDPOINT_SLICES, meta["name"], meta["namespace"])
        except NotFound:
            return
        self._expectations.deleted(service_key, item)

    def _tell(self, item: Object) -> None:
        for service_key in self._keys(item):
            self._changed(service_key)

    def _keys(self, item: Object) -> list[str]:
        managed = labels_of(item).get(MANAGED_BY) == self._manager
        return service_keys(item) if managed else []
