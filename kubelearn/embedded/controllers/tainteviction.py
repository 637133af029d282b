"""Deletes pods from nodes with NoExecute taints, as soon as their tolerations run out.

Upstream: pkg/controller/tainteviction. The time runs from when the taint was added, as the taint
itself says, so that restarting the controller gives no pod another five minutes; for a taint that
does not say, from when it was first seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from kubelearn.embedded.controller import Controller, ControllerContext
from kubelearn.embedded.controllers.nodelifecycle import index_by_node
from kubelearn.embedded.controllers.nodetaints import taints_of
from kubelearn.embedded.controllers.podstatus import disruption, patch_status
from kubelearn.errors import NotFound
from kubelearn.objects import NODES, PODS, Object, condition, key, parse_time, tolerates


class TaintEvictionController(Controller):
    """Evicts what a node's taints no longer allow on it."""

    name: ClassVar[str] = "taint-eviction-controller"
    account: ClassVar[str] = "node-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._nodes = self.informer(NODES)
        self._pods = self.informer(PODS)
        self._first_seen: dict[str, dict[str, datetime]] = {}
        self._marked: set[str] = set()
        index_by_node(self._pods)
        self._nodes.add_handler(on_add=self._node_changed, on_update=self._node_updated)
        self._pods.add_handler(
            on_add=self.enqueue, on_update=self._pod_updated, on_delete=self._pod_deleted
        )

    def _node_updated(self, old: Object, new: Object) -> None:
        if _evicting(old) != _evicting(new):
            self._node_changed(new)

    def _node_changed(self, node: Object) -> None:
        for pod in self._pods.by_index("node", node["metadata"]["name"]):
            self.enqueue(pod)

    def _pod_updated(self, old: Object, new: Object) -> None:
        if old["spec"] != new["spec"]:
            self.enqueue(new)

    def _pod_deleted(self, pod: Object) -> None:
        self._marked.discard(key(pod))
        self._first_seen.pop(pod["metadata"]["uid"], None)

    async def sync(self, object_key: str) -> None:
        """Delete one pod if its time is over, or come back when it is."""
        pod = self._pods.get(object_key)
        node = self._nodes.get(pod["spec"].get("nodeName") or "") if pod else None
        if pod is None or node is None or pod["metadata"].get("deletionTimestamp"):
            return
        now = self.clock.now()
        due = self._due(pod, _evicting(node), now=now)
        if due is None:
            if object_key in self._marked:
                self._marked.discard(object_key)
                self._tell(pod, f"Cancelling deletion of Pod {object_key}")
        elif due <= now:
            self._tell(pod, f"Marking for deletion Pod {object_key}")
            await self._evict(pod)
        else:
            self._marked.add(object_key)
            self.queue.add_after(object_key, (due - now).total_seconds())

    def _due(self, pod: Object, taints: Sequence[Object], *, now: datetime) -> datetime | None:
        """When the pod has to go; None if it may stay."""
        seen = self._first_seen.pop(pod["metadata"]["uid"], {})
        moments = []
        for taint in taints:
            used = [t for t in pod["spec"].get("tolerations") or [] if tolerates(t, taint)]
            if not used:
                return now
            seconds = [
                t["tolerationSeconds"] for t in used if t.get("tolerationSeconds") is not None
            ]
            if seconds:
                since = self._since(pod, taint, seen.get(taint["key"], now))
                moments.append(since + timedelta(seconds=max(min(seconds), 0)))
        return min(moments, default=None)

    def _since(self, pod: Object, taint: Object, seen: datetime) -> datetime:
        if taint.get("timeAdded"):
            # A pod that came later has its time from then on.
            scheduled = condition(pod, "PodScheduled") or {}
            came = scheduled.get("lastTransitionTime") or pod["metadata"]["creationTimestamp"]
            return max(parse_time(taint["timeAdded"]), parse_time(came))
        self._first_seen.setdefault(pod["metadata"]["uid"], {})[taint["key"]] = seen
        return seen

    def _tell(self, pod: Object, message: str) -> None:
        self.events.event(pod, "Normal", "TaintManagerEviction", message)

    async def _evict(self, pod: Object) -> None:
        meta = pod["metadata"]
        reason, message = (
            "DeletionByTaintManager",
            "Taint manager: deleting due to NoExecute taint",
        )
        await patch_status(self.client, pod, disruption(pod, reason, message, now=self.clock.now()))
        try:
            await self.client.delete(PODS, meta["name"], meta["namespace"])
        except NotFound:
            return


def _evicting(node: Object) -> list[Object]:
    return [taint for taint in taints_of(node) if taint["effect"] == "NoExecute"]
