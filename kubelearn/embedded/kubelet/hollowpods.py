"""Pods on nodes without machines: everything is told as if their containers ran, and nothing runs.

Stands for the stages that KWOK ships for pods (`kustomize/stage/pod/fast` in sigs.k8s.io/kwok): a
pod runs as soon as it is bound, its init containers are over, a Job's pod succeeds after a moment,
and one that is deleted goes at once. Left out, as there is no process: probes, hooks, restarts and
volumes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from kubelearn.containers.addresses import AddressPool
from kubelearn.containers.images import Image
from kubelearn.containers.runtime import (
    ContainerConfig,
    ContainerState,
    ContainerStatus,
    LinuxUser,
    Sandbox,
    SandboxConfig,
)
from kubelearn.embedded.controller import Controller, ControllerContext
from kubelearn.embedded.kubelet.containerspec import is_sidecar
from kubelearn.embedded.kubelet.containerstatus import Seen
from kubelearn.embedded.kubelet.node import NodeConfig
from kubelearn.embedded.kubelet.podstatus import pod_status
from kubelearn.embedded.kubelet.statusmanager import status_patch
from kubelearn.objects import (
    PODS,
    TERMINAL_PHASES,
    Object,
    controller_of,
    key,
    parse_time,
    timestamp,
)

RUNTIME = "fake"
_JOB_SECONDS = 1.0
_ROOT = LinuxUser(0, 0, (0,))
_NO_LOG = Path("/dev/null")


class HollowPods(Controller):
    """Plays the pods of some nodes, of those that are switched on."""

    name: ClassVar[str] = "kubelet"
    workers: ClassVar[int] = 16

    def __init__(
        self, context: ControllerContext, *, nodes: Mapping[str, NodeConfig], on: set[str]
    ) -> None:
        super().__init__(context)
        self._nodes = nodes
        self._on = on
        self._pools: dict[str, AddressPool] = {}
        self._addresses: dict[str, tuple[AddressPool, str]] = {}
        self._pods = self.informer(PODS)
        self._pods.add_index("node", lambda pod: [pod["spec"].get("nodeName") or ""])
        self._pods.follow(self._put, gone=self._remove)

    def look_again(self, node: str) -> None:
        """A node was switched on: catch up with what its pods should be."""
        for pod in self._pods.by_index("node", node):
            self.enqueue(pod)

    def _put(self, pod: Object) -> None:
        node = self._nodes.get(pod["spec"].get("nodeName") or "")
        if node is None:
            return
        address, uid = (pod.get("status") or {}).get("podIP"), pod["metadata"]["uid"]
        if address and uid not in self._addresses and not pod["spec"].get("hostNetwork"):
            pool = self._pool(node)
            if pool.reserve(address):
                self._addresses[uid] = pool, address
        self.enqueue(pod)

    def _remove(self, pod: Object) -> None:
        if given := self._addresses.pop(pod["metadata"]["uid"], None):
            pool, address = given
            pool.give_back(address)

    async def sync(self, object_key: str) -> None:
        """Tell how a pod would be by now, or let it go."""
        pod = self._pods.get(object_key)
        if pod is None or pod["spec"].get("nodeName") not in self._on:
            return
        meta, status = pod["metadata"], pod.get("status") or {}
        if meta.get("deletionTimestamp"):
            options = {"gracePeriodSeconds": 0, "preconditions": {"uid": meta["uid"]}}
            await self.client.delete(PODS, meta["name"], meta["namespace"], options=options)
        elif status.get("phase") not in TERMINAL_PHASES:
            await self._tell(pod, ends=self._is_over(pod))

    def _is_over(self, pod: Object) -> bool:
        """Whether the program, that of a Job, would have done its work; if not yet, look later."""
        owner, started = controller_of(pod), (pod.get("status") or {}).get("startTime")
        if not owner or owner["kind"] != "Job" or not started:
            return False
        left = _JOB_SECONDS - (self.clock.now() - parse_time(started)).total_seconds()
        if left > 0:
            self.queue.add_after(key(pod), left)
        return left <= 0

    async def _tell(self, pod: Object, *, ends: bool) -> None:
        meta, old = pod["metadata"], pod.get("status") or {}
        node, now = self._nodes[pod["spec"]["nodeName"]], self.clock.now()
        seen = _seen(pod, address=self._address(pod, node), now=now, ends=ends)
        new = pod_status(pod, seen=seen, old=old, node_ip=node.ip, now=timestamp(now), ending=ends)
        if patch := status_patch(old, new):
            body = {"metadata": {"uid": meta["uid"]}, "status": patch}
            await self.client.patch(
                PODS, meta["name"], body, meta["namespace"], kind="strategic", sub="status"
            )

    def _address(self, pod: Object, node: NodeConfig) -> str:
        if pod["spec"].get("hostNetwork"):
            return node.ip
        uid = pod["metadata"]["uid"]
        if uid not in self._addresses:
            pool = self._pool(node)
            self._addresses[uid] = pool, pool.take()
        return self._addresses[uid][1]

    def _pool(self, node: NodeConfig) -> AddressPool:
        if node.name not in self._pools:
            self._pools[node.name] = AddressPool(node.pod_cidr)
        return self._pools[node.name]


def _seen(pod: Object, *, address: str, now: datetime, ends: bool) -> Seen:
    """What a kubelet would see if the containers had started when the pod did."""
    meta, spec = pod["metadata"], pod["spec"]
    told = (pod.get("status") or {}).get("startTime")
    started = parse_time(told) if told else now
    config = SandboxConfig(
        namespace=meta["namespace"],
        name=meta["name"],
        uid=meta["uid"],
        hostname=meta["name"],
        host_network=bool(spec.get("hostNetwork")),
    )
    over = {each["name"] for each in spec.get("initContainers") or [] if not is_sidecar(each)}
    if ends:
        over.update(each["name"] for each in _containers(pod))
    runs = {
        each["name"]: [
            _run(pod, each, started=started, ended=now if each["name"] in over else None)
        ]
        for each in _containers(pod)
    }
    sandbox = Sandbox(id=meta["uid"], config=config, ip=address, created_at=started, ready=not ends)
    return Seen(sandbox=sandbox, runs=runs, runtime_name=RUNTIME)


def _containers(pod: Object) -> list[Object]:
    return [*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"]]


def _run(
    pod: Object, container: Object, *, started: datetime, ended: datetime | None
) -> ContainerStatus:
    uid, name = pod["metadata"]["uid"], container["name"]
    return ContainerStatus(
        id=f"{uid}-{name}",
        sandbox_id=uid,
        config=ContainerConfig(name=name, image=Image(container["image"]), log_path=_NO_LOG),
        user=_ROOT,
        created_at=started,
        state=ContainerState.EXITED if ended else ContainerState.RUNNING,
        started_at=started,
        finished_at=ended,
        reason="Completed" if ended else "",
    )
