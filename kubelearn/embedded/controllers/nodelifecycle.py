"""Notices when a node falls silent, says so in its status, and keeps pods away from it.

Upstream: pkg/controller/nodelifecycle. A node is alive as long as its Lease is renewed or its
status is posted; the controller counts from when it saw that itself, for clocks differ. Left out:
zones, and the beta labels.
"""

from __future__ import annotations

import asyncio
import math
from typing import ClassVar

from kubelearn.embedded.controller import Controller, ControllerContext
from kubelearn.embedded.controllers.nodedisruption import Disruption, NodeDisruption
from kubelearn.embedded.controllers.nodetaints import desired_taints, evicts, taints_of
from kubelearn.embedded.controllers.podstatus import patch_status
from kubelearn.embedded.informer import Informer
from kubelearn.objects import LEASES, NODES, PODS, Object, condition, is_ready, timestamp

GRACE = 50.0
_STARTUP_GRACE = 60.0
_LEASES = "kube-node-lease"
_CONDITIONS = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")


class NodeLifecycleController(Controller):
    """Ready=Unknown after 50 seconds of silence, and the taints that follow from conditions."""

    name: ClassVar[str] = "node-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._nodes = self.informer(NODES)
        self._leases = self.informer(LEASES)
        self._pods = self.informer(PODS)
        self._heard: dict[str, float] = {}
        self._disruption = NodeDisruption()
        index_by_node(self._pods)
        self._nodes.add_handler(
            on_add=self._node_added, on_update=self._node_updated, on_delete=self._node_deleted
        )
        self._leases.add_handler(on_add=self._lease_renewed, on_update=self._lease_updated)

    # --- signs of life ---

    def _node_added(self, node: Object) -> None:
        name = node["metadata"]["name"]
        self._heard[name] = self.clock.monotonic()
        self._tell(node, "RegisteredNode", f"Registered Node {name} in Controller")
        self._judge(node)

    def _node_updated(self, old: Object, new: Object) -> None:
        before, after = condition(old, "Ready"), condition(new, "Ready")
        if _heartbeat(before) != _heartbeat(after):
            self._heard[new["metadata"]["name"]] = self.clock.monotonic()
        self._judge(new)

    def _node_deleted(self, node: Object) -> None:
        name = node["metadata"]["name"]
        self._heard.pop(name, None)
        self._tell(node, "RemovingNode", f"Removing Node {name} from Controller")
        self._judge(node, gone=True)

    def _lease_updated(self, old: Object, new: Object) -> None:
        if old["spec"].get("renewTime") != new["spec"].get("renewTime"):
            self._lease_renewed(new)

    def _lease_renewed(self, lease: Object) -> None:
        # Nothing to do now: the next look at the node will find that it was heard of.
        if lease["metadata"]["namespace"] == _LEASES:
            self._heard[lease["metadata"]["name"]] = self.clock.monotonic()

    def _judge(self, node: Object, *, gone: bool = False) -> None:
        before, name = self._disruption.state, node["metadata"]["name"]
        if gone:
            self._disruption.forget(name)
        else:
            self._disruption.note(name, well=is_ready(node))
        self.enqueue(node)
        if self._disruption.state is not before:
            # What happens to a silent node depends on how the others are.
            for other in self._nodes.items():
                self.enqueue(other)

    def _tell(self, node: Object, reason: str, message: str) -> None:
        name = node["metadata"]["name"]
        self.events.event(node, "Normal", reason, f"Node {name} event: {message}")

    # --- syncing ---

    async def sync(self, object_key: str) -> None:
        """Judge one node and bring its taints in line with its conditions."""
        node = self._nodes.get(object_key)
        if node is None:
            return
        silent_for = self.clock.monotonic() - self._heard.setdefault(
            object_key, self.clock.monotonic()
        )
        grace = GRACE if condition(node, "Ready") else _STARTUP_GRACE
        if silent_for >= grace:
            node = await self._mark_unknown(node)
        else:
            self.queue.add_after(object_key, grace - silent_for)
        if _status(condition(node, "Ready")) == "Unknown":
            await self._mark_pods_not_ready(object_key)
        await self._set_taints(node)

    async def _mark_unknown(self, node: Object) -> Object:
        now = timestamp(self.clock.now())
        changed = [
            new
            for kind in _CONDITIONS
            if (new := _unknown(node, condition(node, kind), kind, now=now)) is not None
        ]
        if not changed:
            return node
        if _status(condition(node, "Ready")) == "True":
            name = node["metadata"]["name"]
            message = f"Node {name} status is now: NodeNotReady"
            self.events.event(node, "Normal", "NodeNotReady", message)
        patch = {"status": {"conditions": changed}}
        return await self.client.patch(
            NODES, node["metadata"]["name"], patch, kind="strategic", sub="status"
        )

    async def _mark_pods_not_ready(self, node: str) -> None:
        """Take the pods of a silent node out of Services: nobody knows how they are."""
        pods = [pod for pod in self._pods.by_index("node", node) if is_ready(pod)]
        await asyncio.gather(*map(self._mark_not_ready, pods))

    async def _mark_not_ready(self, pod: Object) -> None:
        now = timestamp(self.clock.now())
        ready = {**(condition(pod, "Ready") or {}), "status": "False", "lastTransitionTime": now}
        if await patch_status(self.client, pod, ready):
            self.events.event(pod, "Warning", "NodeNotReady", "Node is not ready")

    async def _set_taints(self, node: Object) -> None:
        evict = self._may_evict(node)
        taints = desired_taints(node, evict=evict, now=self.clock.now())
        if taints == taints_of(node):
            return
        meta = node["metadata"]
        patch = {
            "metadata": {"resourceVersion": meta["resourceVersion"]},
            "spec": {"taints": taints or None},
        }
        await self.client.patch(NODES, meta["name"], patch)

    def _may_evict(self, node: Object) -> bool:
        # If no node at all reports, it is this side that lost the connection, or the machine was
        # asleep: nothing is evicted then, and what was to be is not.
        if self._disruption.state is Disruption.FULL:
            return False
        ready, now = condition(node, "Ready"), self.clock.monotonic()
        if evicts(node) or ready is None or ready["status"] == "True":
            return True
        wait = self._disruption.wait(now)
        if wait == 0:
            self._disruption.evict(now)
            return True
        if wait < math.inf:
            self.queue.add_after(node["metadata"]["name"], wait)
        return False


def index_by_node(pods: Informer) -> None:
    """Let pods be found by the node that they are on."""
    pods.add_index("node", lambda pod: [pod["spec"].get("nodeName") or ""])


def _status(ready: Object | None) -> str | None:
    return ready["status"] if ready else None


def _heartbeat(ready: Object | None) -> str | None:
    return ready.get("lastHeartbeatTime") if ready else None


def _unknown(node: Object, old: Object | None, kind: str, *, now: str) -> Object | None:
    """The condition of a silent node, or None if it is so already."""
    if old is None:
        return {
            "type": kind,
            "status": "Unknown",
            "lastHeartbeatTime": node["metadata"]["creationTimestamp"],
            "lastTransitionTime": now,
            "reason": "NodeStatusNeverUpdated",
            "message": "Kubelet never posted node status.",
        }
    if old["status"] == "Unknown":
        return None
    return {
        **old,
        "status": "Unknown",
        "lastTransitionTime": now,
        "reason": "NodeStatusUnknown",
        "message": "Kubelet stopped posting node status.",
    }
