"""What lies behind the API of a kind cluster: programs on its machines are asked.

Read with crictl, etcdctl, ps and iptables-save; stopped and started as an administrator would.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from kubelearn.clusters.internals import (
    REGISTRY,
    ComponentState,
    Decision,
    EtcdStatus,
    Internals,
    KeyEvent,
    KeyValue,
    NodeContainer,
    NodeProcess,
    ServicePath,
)
from kubelearn.clusters.kind import audit, crictl, iptables, schedulerlog
from kubelearn.clusters.kind.components import Components
from kubelearn.clusters.kind.etcd import Etcd
from kubelearn.clusters.kind.machines import run
from kubelearn.clusters.transport import send
from kubelearn.errors import NotAvailable
from kubelearn.objects import Object

if TYPE_CHECKING:
    from kubelearn.clusters.kind.cluster import KindCluster

_STOP_SECONDS = 3


class KindInternals(Internals):
    """What lies behind the API of one kind cluster."""

    def __init__(self, cluster: KindCluster) -> None:
        self._cluster = cluster
        self._machines = cluster.machines
        self._components = Components(cluster.machines, lambda: cluster.api_client)
        self._etcd = Etcd(cluster.machines)

    # --- components and machines ---

    def components(self) -> list[ComponentState]:
        """All components, with their states."""
        return self._components.all()

    def stop(self, component: str) -> None:
        """Stop one component, and wait until it is."""
        self._components.switch(component, on=False)

    def start(self, component: str) -> None:
        """Start one component, and wait until it runs."""
        self._components.switch(component, on=True)

    def stop_node(self, name: str) -> None:
        """Switch a machine off, with all that runs on it."""
        self._machines.named(name).stop(timeout=_STOP_SECONDS)

    def start_node(self, name: str) -> None:
        """Switch a machine on."""
        self._machines.named(name).start()

    # --- etcd ---

    def etcd(self) -> EtcdStatus:
        """The current revision, and how much of the past is left."""
        return self._etcd.status()

    def keys(self, prefix: str = REGISTRY, *, revision: int = 0, limit: int = 0) -> list[KeyValue]:
        """The keys that begin with `prefix`, in order, at a revision of the past or (0) now."""
        return self._etcd.keys(prefix, revision=revision, limit=limit)

    def watch_keys(
        self, prefix: str = REGISTRY, *, start: int = 0, seconds: float | None = None
    ) -> Iterator[KeyEvent]:
        """The changes of such keys from the revision `start` on, or (0) those to come."""
        return self._etcd.watch(prefix, start=start, seconds=seconds)

    def compact(self, revision: int) -> None:
        """Forget the states that were replaced or deleted before a revision."""
        self._etcd.compact(revision)

    # --- nodes ---

    def containers(self, node: str) -> list[NodeContainer]:
        """The containers that the node's containerd knows, dead ones too, newest first."""
        machine = self._machines.running(node)
        return crictl.with_processes(machine, crictl.containers_of(machine))

    def processes(self, node: str) -> list[NodeProcess]:
        """The node's processes, by number: its own, and those in containers."""
        return crictl.processes_of(self._machines.running(node))

    # --- Services ---

    def service_path(
        self, service: str, namespace: str = "default", *, node: str = ""
    ) -> ServicePath:
        """Where connections to a Service's addresses go that begin on a node, or on the first."""
        machine = self._machines.running(node or self._machines.names()[0])
        path = f"/api/v1/namespaces/{namespace}/services/{service}"
        answer = send(self._cluster.api_client, "GET", path)
        if answer.code == 404:
            raise NotAvailable(
                f"there is no Service {service!r} in namespace {namespace!r}",
                hint="kubectl get services -A",
            )
        saved = run(machine, ["iptables-save", "-t", "nat"])
        if "\n:KUBE-SERVICES " not in saved:
            raise NotAvailable(
                f"kube-proxy on {machine.name} keeps no rules in iptables",
                hint=f"docker exec {machine.name} nft list ruleset   # where it may keep them",
            )
        networks = machine.attrs["NetworkSettings"]["Networks"]
        return iptables.service_path(
            answer.checked(),
            saved,
            node=str(machine.name),
            node_ip=next(iter(networks.values()))["IPAddress"],
        )

    # --- audit ---

    def audit(self, *, since: datetime | None = None, after: str = "") -> Iterator[Object]:
        """The events of the audit trail that the API server wrote to its machine's disk."""
        machine = self._machines.running(str(self._machines.control_plane().name))
        return audit.events(machine, since=since, after=after)

    # --- the scheduler ---

    def decision(self, pod: str, namespace: str = "default") -> Decision:
        """What the scheduler's log tells of a pod, if it writes that much."""
        machine = self._machines.running(str(self._machines.control_plane().name))
        return schedulerlog.read(machine, f"{namespace}/{pod}")

    # --- logs ---

    def logs(self, component: str) -> str:
        """The last lines that a component wrote."""
        return self._components.logs(component)
