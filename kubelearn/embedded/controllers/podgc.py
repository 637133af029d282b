"""Removes pods whose node no longer exists, since no kubelet will ever do it.

Upstream: pkg/controller/podgc. Left out: finished pods in excess of 12,500, and nodes tainted as
out of service.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from kubelearn.embedded.controller import Controller, ControllerContext
from kubelearn.embedded.controllers.nodelifecycle import index_by_node
from kubelearn.embedded.controllers.podstatus import disruption, patch_status
from kubelearn.errors import NotFound
from kubelearn.objects import NODES, PODS, Object, is_terminal

# A node that is deleted may come back under its name: kubelets register themselves.
_QUARANTINE = 40.0


class PodGCController(Controller):
    """Works on names of nodes that pods say they are on."""

    name: ClassVar[str] = "pod-garbage-collector"
    workers: ClassVar[int] = 1

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._nodes = self.informer(NODES)
        self._pods = self.informer(PODS)
        index_by_node(self._pods)
        self._nodes.add_handler(on_delete=lambda node: self._suspect(node["metadata"]["name"]))
        self._pods.add_handler(on_add=self._pod_added)

    def _pod_added(self, pod: Object) -> None:
        node = pod["spec"].get("nodeName")
        if node and self._nodes.get(node) is None:
            self._suspect(node)

    def _suspect(self, node: str) -> None:
        self.queue.add_after(node, _QUARANTINE)

    async def sync(self, object_key: str) -> None:
        """Delete the pods of a node, if it really does not exist."""
        if self._nodes.get(object_key) is not None:
            return
        try:
            await self.client.get(NODES, object_key)
        except NotFound:
            pods = self._pods.by_index("node", object_key)
            await asyncio.gather(*map(self._delete, pods))

    async def _delete(self, pod: Object) -> None:
        meta = pod["metadata"]
        ended = pod["status"]["phase"] if is_terminal(pod) else "Failed"
        why = disruption(
            pod, "DeletionByPodGC", "PodGC: node no longer exists", now=self.clock.now()
        )
        await patch_status(self.client, pod, why, phase=ended)
        try:
            await self.client.delete(
                PODS, meta["name"], meta["namespace"], options={"gracePeriodSeconds": 0}
            )
        except NotFound:
            return
