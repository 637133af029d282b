"""The kubelet's word for its node: registration, status, and the Lease that says "I live".

Follows `pkg/kubelet/kubelet_node_status.go` and `component-helpers/apimachinery/lease`.
"""

from __future__ import annotations

import contextlib
import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from kubelearn.containers.images import ImageStore
from kubelearn.containers.runtime import Runtime
from kubelearn.embedded.architecture import architecture
from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.kubelet import machine
from kubelearn.embedded.kubelet.csinode import ensure_csi_node
from kubelearn.errors import AlreadyExists, ApiError, NotFound
from kubelearn.objects import LEASES, NODES, Object, micro_timestamp, timestamp

_log = logging.getLogger(__name__)

PORT = 10250
_LEASE_NAMESPACE = "kube-node-lease"
_LEASE_SECONDS = 40
_RENEW_SECONDS = 10.0
# How often the status is sent when nothing in it has changed.
_REPORT_SECONDS = 300.0
_RETRY_SECONDS = 1.0
_CONDITIONS = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory",
     "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)  # fmt: skip


@dataclass(frozen=True)
class NodeConfig:
    """A node: its name and address, its pods' range, and the folder for its files."""

    name: str
    ip: str
    pod_cidr: str
    folder: Path
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[Object] = ()
    port: int = PORT
    cluster_dns: str = ""
    """The address of the cluster's DNS; without it pods use the machine's servers."""


class NodeReporter:
    """Registers a node and keeps its status and Lease fresh."""

    def __init__(
        self,
        client: Client,
        *,
        node: NodeConfig,
        runtime: Runtime,
        images: ImageStore,
        clock: Clock,
        random: random.Random,
    ) -> None:
        self._client = client
        self._node = node
        self._runtime = runtime
        self._images = images
        self._clock = clock
        self._random = random
        self._uid = ""
        self._lease: Object | None = None
        self._reported: datetime | None = None
        self._told_images: list[Object] = []
        self.capacity = machine.capacity(node.folder)
        arch = architecture()
        self.labels = {
            "beta.kubernetes.io/arch": arch,
            "beta.kubernetes.io/os": "linux",
            "kubernetes.io/arch": arch,
            "kubernetes.io/hostname": node.name,
            "kubernetes.io/os": "linux",
            **node.labels,
        }

    async def register(self) -> None:
        """Make sure that there is a Node; asks until the API server answers."""
        while True:
            try:
                node = await self._find_or_create()
                self._uid = node["metadata"]["uid"]
                await self._report(node)
                await ensure_csi_node(self._client, node)
                return
            except ApiError as error:
                _log.warning("node %s not registered: %s", self._node.name, error)
                await self._clock.sleep(_RETRY_SECONDS)

    async def run(self) -> None:
        """Renew the Lease every ten seconds; the status every five minutes, or with new images."""
        while True:
            try:
                await self._renew()
                await self._report_if_due()
                # A little spread, so that the nodes of a cluster do not all speak at once.
                wait = _RENEW_SECONDS * (1 + 0.04 * self._random.random())
            except ApiError as error:
                _log.warning("heartbeat of node %s failed: %s", self._node.name, error)
                wait = _RETRY_SECONDS
            await self._clock.sleep(wait)

    # --- the Node ---

    async def _find_or_create(self) -> Object:
        try:
            return await self._client.get(NODES, self._node.name)
        except NotFound:
            try:
                return await self._client.create(NODES, self._object())
            except AlreadyExists:
                return await self._client.get(NODES, self._node.name)

    def _object(self) -> Object:
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": self._node.name, "labels": self.labels},
            "spec": {
                "podCIDR": self._node.pod_cidr,
                "podCIDRs": [self._node.pod_cidr],
                **({"taints": list(self._node.taints)} if self._node.taints else {}),
            },
        }

    async def _report(self, node: Object) -> None:
        now = self._clock.now()
        before = (node.get("status") or {}).get("conditions") or []
        images = self._image_list()
        await self._client.patch(
            NODES,
            self._node.name,
            {"status": {**self._status(before, timestamp(now)), "images": images}},
            kind="strategic",
            sub="status",
        )
        self._reported = now
        self._told_images = images

    async def _report_if_due(self) -> None:
        due = timedelta(seconds=_REPORT_SECONDS)
        changed = self._image_list() != self._told_images
        if changed or self._reported is None or self._clock.now() - self._reported >= due:
            # A Node that somebody has deleted comes back only when its kubelet starts anew.
            with contextlib.suppress(NotFound):
                await self._report(await self._client.get(NODES, self._node.name))

    def _status(self, before: Sequence[Object], now: str) -> Object:
        runtime = f"{self._runtime.name}://{self._runtime.version}"
        return {
            "addresses": [
                {"type": "InternalIP", "address": self._node.ip},
                {"type": "Hostname", "address": self._node.name},
            ],
            "allocatable": self.capacity,
            "capacity": self.capacity,
            "conditions": ready_conditions(before, now),
            "daemonEndpoints": {"kubeletEndpoint": {"Port": self._node.port}},
            "nodeInfo": machine.node_info(self._node.name, runtime),
        }

    def _image_list(self) -> list[Object]:
        return [
            {"names": [image.name], "sizeBytes": image.size_bytes} for image in self._images.list()
        ]

    # --- the Lease ---

    async def _renew(self) -> None:
        spec = lease_of(self._node.name, self._clock.now())
        name = self._node.name
        if self._lease is not None:
            try:
                await self._client.patch(LEASES, name, {"spec": spec}, _LEASE_NAMESPACE)
                return
            except NotFound:
                self._lease = None
        lease = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {
                "name": name,
                "namespace": _LEASE_NAMESPACE,
                "ownerReferences": [
                    {"apiVersion": "v1", "kind": "Node", "name": name, "uid": self._uid}
                ],
            },
            "spec": spec,
        }
        try:
            self._lease = await self._client.create(LEASES, lease)
        except AlreadyExists:
            self._lease = await self._client.patch(LEASES, name, {"spec": spec}, _LEASE_NAMESPACE)


def lease_of(node: str, now: datetime) -> Object:
    """What a node's Lease says at that time."""
    return {
        "holderIdentity": node,
        "leaseDurationSeconds": _LEASE_SECONDS,
        "renewTime": micro_timestamp(now),
    }


def ready_conditions(before: Sequence[Object], now: str) -> list[Object]:
    """The conditions of a node that is well, given those that it had before."""
    old = {each["type"]: each for each in before}
    conditions = []
    for kind, status, reason, message in _CONDITIONS:
        same = kind in old and old[kind]["status"] == status
        conditions.append(
            {
                "type": kind,
                "status": status,
                "reason": reason,
                "message": message,
                "lastHeartbeatTime": now,
                "lastTransitionTime": old[kind]["lastTransitionTime"] if same else now,
            }
        )
    return conditions
