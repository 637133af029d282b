"""Nodes without machines: registered, and kept alive by their Leases alone.

Stands for KWOK's node and node lease controllers (`pkg/kwok/controllers` in sigs.k8s.io/kwok).
Many Leases are renewed less often than a kubelet would, but well before a node counts as silent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import ClassVar

from kubelearn.embedded.architecture import architecture
from kubelearn.embedded.controller import Controller, ControllerContext
from kubelearn.embedded.kubelet import machine
from kubelearn.embedded.kubelet.node import NodeConfig, lease_of, ready_conditions
from kubelearn.errors import AlreadyExists, ApiError, NotFound
from kubelearn.objects import LEASES, NODES, Object, is_ready, timestamp

_log = logging.getLogger(__name__)

_LEASE_NAMESPACE = "kube-node-lease"
_RENEW_SECONDS = 10.0
# Renewals cost what any write costs: with many nodes they may not take up the API server.
_MOST_A_SECOND = 40
_AT_ONCE = 10
# Of a size that many pods fit on, whatever this machine is like.
CAPACITY = {"cpu": "8", "memory": "32Gi", "ephemeral-storage": "100Gi", "pods": "110"}


class HollowNodes(Controller):
    """Plays nodes; those in `on` are switched on."""

    name: ClassVar[str] = "kubelet"

    def __init__(
        self, context: ControllerContext, *, nodes: Mapping[str, NodeConfig], on: set[str]
    ) -> None:
        super().__init__(context)
        self._nodes = nodes
        self._on = on
        self._found = self.informer(NODES)
        self._found.follow(self._put)

    def look_again(self, node: str) -> None:
        """A node was switched on."""
        self.queue.add(node)

    def _put(self, node: Object) -> None:
        # A node that fell silent for too long has been marked; it says that it is well.
        if node["metadata"]["name"] in self._on and not is_ready(node):
            self.enqueue(node)

    async def run(self) -> None:
        """Register the nodes that are missing, then keep all alive until cancelled."""
        await self._found.synced.wait()
        for name in self._nodes:
            self.queue.add(name)
        async with asyncio.TaskGroup() as group:
            group.create_task(super().run(), name="hollow nodes")
            group.create_task(self._renew_all(), name="hollow leases")

    async def sync(self, object_key: str) -> None:
        """Register a node, or tell that it is well if the API says that it is not."""
        node = self._nodes[object_key]
        if object_key not in self._on:
            return
        found = self._found.get(object_key)
        if found is None:
            await self._renew(object_key)
            await self.client.create(NODES, self._object(node))
        elif not is_ready(found):
            before = (found.get("status") or {}).get("conditions") or []
            now = timestamp(self.clock.now())
            status = {"conditions": ready_conditions(before, now)}
            await self.client.patch(
                NODES, object_key, {"status": status}, kind="strategic", sub="status"
            )

    def _object(self, node: NodeConfig) -> Object:
        arch = architecture()
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": node.name,
                "labels": {
                    "kubernetes.io/arch": arch,
                    "kubernetes.io/hostname": node.name,
                    "kubernetes.io/os": "linux",
                    **node.labels,
                },
            },
            "spec": {
                "podCIDR": node.pod_cidr,
                "podCIDRs": [node.pod_cidr],
                **({"taints": list(node.taints)} if node.taints else {}),
            },
            "status": {
                "addresses": [
                    {"type": "InternalIP", "address": node.ip},
                    {"type": "Hostname", "address": node.name},
                ],
                "allocatable": CAPACITY,
                "capacity": CAPACITY,
                "conditions": ready_conditions([], timestamp(self.clock.now())),
                "daemonEndpoints": {"kubeletEndpoint": {"Port": node.port}},
                "nodeInfo": machine.node_info(node.name, f"fake://{machine.VERSION}"),
            },
        }

    # --- signs of life ---

    async def _renew_all(self) -> None:
        while True:
            names = sorted(self._on)
            period = max(_RENEW_SECONDS, len(names) / _MOST_A_SECOND)
            begin = self.clock.monotonic()
            for start in range(0, len(names), _AT_ONCE):
                batch = names[start : start + _AT_ONCE]
                await asyncio.gather(*map(self._try_to_renew, batch))
                # Evenly over the period, but not later because the API server is slow.
                due = begin + period * (start + len(batch)) / len(names)
                await self.clock.sleep(due - self.clock.monotonic())
            if not names:
                await self.clock.sleep(period)

    async def _try_to_renew(self, name: str) -> None:
        try:
            await self._renew(name)
        except ApiError as error:
            _log.info("heartbeat of node %s failed: %s", name, error)

    async def _renew(self, name: str) -> None:
        spec = lease_of(name, self.clock.now())
        try:
            await self.client.patch(LEASES, name, {"spec": spec}, _LEASE_NAMESPACE)
        except NotFound:
            meta = {"name": name, "namespace": _LEASE_NAMESPACE}
            try:
                await self.client.create(LEASES, {"metadata": meta, "spec": spec})
            except AlreadyExists:
                return
