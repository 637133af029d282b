"""What lies behind the cluster's API, for those who want to look: etcd, nodes, the data path.

On kind the same is read with etcdctl, crictl, ps and iptables-save.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from kubelearn import errors
from kubelearn.embedded.launch.component import Component
from kubelearn.embedded.launch.hollow import HollowNode
from kubelearn.embedded.launch.node import Node
from kubelearn.embedded.launch.servicepath import service_path
from kubelearn.embedded.proxy import DataPath
from kubelearn.embedded.store import Compacted, Event, KeyValue, Store, Watch
from kubelearn.errors import ClusterError, NotAvailable
from kubelearn.objects import Object

_SERVICES = "/registry/services/specs"


class Inside:
    """Reads what the daemon holds; `nodes` and `components` may still be filled."""

    def __init__(
        self,
        store: Store,
        *,
        nodes: Mapping[str, Node | HollowNode],
        components: Mapping[str, Component],
        datapath: DataPath,
    ) -> None:
        self._store = store
        self._nodes = nodes
        self._components = components
        self._datapath = datapath

    # --- etcd ---

    def etcd(self) -> Object:
        """Its revision, and up to where it is compacted. Raises ClusterError."""
        store = self._running_store()
        return {"revision": store.revision, "compacted": store.compacted}

    async def keys(self, prefix: str, *, revision: int, limit: int) -> list[Object]:
        """The keys with a prefix at a revision, or (0) now. Raises Compacted, ClusterError."""
        store = self._running_store()
        if revision > store.revision:
            raise _future(revision, store)
        try:
            found = await store.range_at(prefix, revision or store.revision, limit=limit)
        except Compacted as error:
            raise _forgotten(error) from error
        return [_shown(each) for each in found]

    def watch(self, prefix: str, *, start: int) -> Watch:
        """Changes from a revision on, or (0) those to come. Raises Compacted, ClusterError."""
        store = self._running_store()
        try:
            return store.watch(prefix, after=start - 1 if start else store.revision)
        except Compacted as error:
            raise _forgotten(error) from error

    async def compact(self, revision: int) -> None:
        """Forget what was replaced before a revision. Raises Compacted, ClusterError."""
        store = self._running_store()
        if revision > store.revision:
            raise _future(revision, store)
        if revision <= store.compacted:
            raise _forgotten(Compacted(revision, compacted=store.compacted))
        await store.compact(revision)

    def _running_store(self) -> Store:
        etcd = self._components.get("etcd")
        if not (etcd and etcd.running):
            raise ClusterError("etcd is stopped", hint="kubelearn start etcd")
        return self._store

    # --- nodes and Services ---

    def containers(self, node: str) -> list[Object]:
        """A node's containers. Raises NotAvailable, ClusterError."""
        return self._node(node).containers()

    async def processes(self, node: str) -> list[Object]:
        """A node's processes. Raises NotAvailable, ClusterError."""
        return await self._node(node).processes()

    def service_path(self, namespace: str, name: str, *, node: str) -> Object:
        """Where a Service's addresses lead, for clients on a node. Raises NotAvailable."""
        place = self._node(node or next(iter(self._nodes)))
        stored = self._running_store().get(f"{_SERVICES}/{namespace}/{name}")
        if stored is None:
            raise NotAvailable(
                f"there is no Service {name!r} in namespace {namespace!r}",
                hint="kubectl get services -A",
            )
        service = json.loads(stored.value)
        return service_path(service, self._datapath, node=place.name, node_ip=place.ip)

    def _node(self, name: str) -> Node | HollowNode:
        node = self._nodes.get(name)
        if node is None:
            known = ", ".join(self._nodes)
            raise NotAvailable(f"there is no node {name!r}", hint=f"one of: {known}")
        return node


def shown_event(event: Event) -> Object:
    """A change, as etcd tells it: of a deleted key it says the name and the revision alone."""
    state = _shown(event.kv)
    if event.kind == "DELETE":
        state |= {"value": "", "create_revision": 0}
    return {"type": event.kind, "kv": state, "prev": _shown(event.prev) if event.prev else None}


def _shown(state: KeyValue) -> Object:
    return {
        "key": state.key,
        "value": base64.b64encode(state.value).decode(),
        "create_revision": state.create_revision,
        "mod_revision": state.mod_revision,
        "version": state.version,
        "lease": 0,
    }


def _forgotten(error: Compacted) -> errors.Compacted:
    return errors.Compacted(
        f"etcdserver: mvcc: required revision has been compacted ({error.message})",
        hint="read the keys as they are now, and watch from their revision on",
    )


def _future(revision: int, store: Store) -> ClusterError:
    return ClusterError(
        f"etcdserver: mvcc: required revision is a future revision: {revision}",
        hint=f"the newest is {store.revision}",
    )
