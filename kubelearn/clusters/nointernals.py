"""The internals of a cluster that can be used but not opened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from kubelearn.clusters.internals import (
    REGISTRY,
    ComponentState,
    EtcdStatus,
    Internals,
    KeyEvent,
    KeyValue,
    NodeContainer,
    NodeProcess,
    ServicePath,
)
from kubelearn.errors import NotAvailable
from kubelearn.objects import Object


class NoInternals(Internals):
    """Each call is refused, with the reason why the cluster is not ours to open."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def _refuse(self) -> NotAvailable:
        return NotAvailable(
            self._reason, hint="KUBELEARN_BACKEND=embedded   # a cluster whose parts you may open"
        )

    def components(self) -> list[ComponentState]:
        """Not available here."""
        raise self._refuse()

    def stop(self, component: str) -> None:
        """Not available here."""
        raise self._refuse()

    def start(self, component: str) -> None:
        """Not available here."""
        raise self._refuse()

    def stop_node(self, name: str) -> None:
        """Not available here."""
        raise self._refuse()

    def start_node(self, name: str) -> None:
        """Not available here."""
        raise self._refuse()

    def etcd(self) -> EtcdStatus:
        """Not available here."""
        raise self._refuse()

    def keys(self, prefix: str = REGISTRY, *, revision: int = 0, limit: int = 0) -> list[KeyValue]:
        """Not available here."""
        raise self._refuse()

    def watch_keys(
        self, prefix: str = REGISTRY, *, start: int = 0, seconds: float | None = None
    ) -> Iterator[KeyEvent]:
        """Not available here."""
        raise self._refuse()

    def compact(self, revision: int) -> None:
        """Not available here."""
        raise self._refuse()

    def containers(self, node: str) -> list[NodeContainer]:
        """Not available here."""
        raise self._refuse()

    def processes(self, node: str) -> list[NodeProcess]:
        """Not available here."""
        raise self._refuse()

    def service_path(
        self, service: str, namespace: str = "default", *, node: str = ""
    ) -> ServicePath:
        """Not available here."""
        raise self._refuse()

    def audit(self, *, since: datetime | None = None, after: str = "") -> Iterator[Object]:
        """Not available here."""
        raise self._refuse()
