"""Gives every namespace what pods expect in it: an identity and the cluster's certificate.

Upstream: pkg/controller/serviceaccount/serviceaccounts_controller.go and
pkg/controller/certificates/rootcacertpublisher. Two controllers with one trigger: a namespace.
"""

from __future__ import annotations

from typing import ClassVar

from kubelearn.embedded.controller import Controller, ControllerContext
from kubelearn.errors import AlreadyExists, ApiError, NotFound
from kubelearn.objects import CONFIG_MAPS, NAMESPACES, SERVICE_ACCOUNTS, Object

_ROOT_CA = "kube-root-ca.crt"
_DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal "
    "endpoints such as the internal service IP or kubernetes.default.svc. No other usage is "
    "guaranteed across distributions of Kubernetes clusters."
)


class ServiceAccountsController(Controller):
    """Makes the ServiceAccount `default` in every namespace."""

    name: ClassVar[str] = "serviceaccount-controller"
    account: ClassVar[str] = "service-account-controller"
    workers: ClassVar[int] = 1

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._namespaces = self.informer(NAMESPACES)
        self._accounts = self.informer(SERVICE_ACCOUNTS)
        self._namespaces.follow(self.enqueue)
        self._accounts.add_handler(on_delete=self._account_deleted)

    def _account_deleted(self, account: Object) -> None:
        if account["metadata"]["name"] == "default":
            self.queue.add(account["metadata"]["namespace"])

    async def sync(self, object_key: str) -> None:
        """Make the account if it is missing."""
        if not _is_active(self._namespaces.get(object_key)):
            return
        if self._accounts.get(f"{object_key}/default"):
            return
        account = {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "default", "namespace": object_key},
        }
        try:
            await self.client.create(SERVICE_ACCOUNTS, account)
        except ApiError as error:
            _raise_unless_settled(error)


class RootCACertPublisher(Controller):
    """Keeps the certificate authority's certificate in a ConfigMap of every namespace."""

    name: ClassVar[str] = "root-ca-certificate-publisher-controller"
    account: ClassVar[str] = "root-ca-cert-publisher"
    workers: ClassVar[int] = 1

    def __init__(self, context: ControllerContext, *, root_ca: str) -> None:
        super().__init__(context)
        self._data = {"ca.crt": root_ca}
        self._namespaces = self.informer(NAMESPACES)
        self._config_maps = self.informer(CONFIG_MAPS)
        self._namespaces.follow(self.enqueue)
        self._config_maps.add_handler(
            on_update=lambda _, new: self._config_map_changed(new),
            on_delete=self._config_map_changed,
        )

    def _config_map_changed(self, config_map: Object) -> None:
        if config_map["metadata"]["name"] == _ROOT_CA:
            self.queue.add(config_map["metadata"]["namespace"])

    async def sync(self, object_key: str) -> None:
        """Make the ConfigMap, or put its content right."""
        if not _is_active(self._namespaces.get(object_key)):
            return
        found = self._config_maps.get(f"{object_key}/{_ROOT_CA}")
        if found is None:
            try:
                await self.client.create(CONFIG_MAPS, self._make(object_key))
            except ApiError as error:
                _raise_unless_settled(error)
        elif found.get("data") != self._data:
            await self.client.update(CONFIG_MAPS, {**found, "data": self._data})

    def _make(self, namespace: str) -> Object:
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": _ROOT_CA,
                "namespace": namespace,
                "annotations": {"kubernetes.io/description": _DESCRIPTION},
            },
            "data": self._data,
        }


def _is_active(namespace: Object | None) -> bool:
    return namespace is not None and not namespace["metadata"].get("deletionTimestamp")


def _raise_unless_settled(error: ApiError) -> None:
    # It exists already, the namespace is gone, or it is being deleted: nothing is left to do.
    settled = isinstance(error, AlreadyExists | NotFound)
    if not settled and not error.has_cause("NamespaceTerminating"):
        raise error
