"""The machines of a cluster: nodes with their kubelets, and the images that they have."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from kubelearn.containers.clusterimages import ClusterImages
from kubelearn.containers.images import ImageStore
from kubelearn.containers.probe import NAMESPACES, Choice
from kubelearn.containers.runtime import Runtime
from kubelearn.embedded.addresses import free_port
from kubelearn.embedded.kubelet import Kubelet, NodeConfig
from kubelearn.embedded.launch import identities
from kubelearn.embedded.launch.clusterconfiguration import ClusterConfiguration
from kubelearn.embedded.launch.clusterimages import cluster_images
from kubelearn.embedded.launch.component import Component, Loop
from kubelearn.embedded.launch.hollow import HollowNode, HollowPlayer
from kubelearn.embedded.launch.node import Node, make_runtime
from kubelearn.errors import NotAvailable
from kubelearn.objects import Object

CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
_KUBELET_PORT = 10250


class Machines:
    """All of them. Without a `runtime` there are none, and one component plays the nodes."""

    def __init__(self, cluster: ClusterConfiguration, *, runtime: Choice | None) -> None:
        self._cluster = cluster
        self._images: ClusterImages | None = None
        self.nodes: dict[str, Node | HollowNode] = {}
        self.components: dict[str, Component] = {}
        if runtime is None:
            self._add_hollow_nodes(cluster.node_names)
        else:
            self._add_nodes(runtime)

    def images(self) -> ClusterImages:
        """What all nodes have. Raises NotAvailable."""
        if self._images is None:
            raise NotAvailable(
                "nodes without machines have no images", hint="kubelearn up --runtime process"
            )
        return self._images

    def _add_nodes(self, runtime: Choice) -> None:
        rooted = runtime.runtime == NAMESPACES
        images = self._images = cluster_images(self._cluster.folder, rooted=rooted)
        port = free_port(self._cluster.node_addresses(), _KUBELET_PORT)
        for number, name in enumerate(self._cluster.node_names, start=1):
            self.nodes[name] = self._node(name, number, choice=runtime, images=images, port=port)

    def _node(
        self, name: str, number: int, *, choice: Choice, images: ImageStore, port: int
    ) -> Node:
        block, folder = self._cluster.block, self._cluster.folder.nodes / name
        ip, pod_cidr = block.node_ip(number), block.pod_cidr(number)
        runtime = make_runtime(
            choice,
            folder / "containers",
            pod_cidr=pod_cidr,
            host_ip=ip,
            clock=self._cluster.clock,
            random=self._cluster.random,
        )
        config = NodeConfig(
            name=name,
            ip=ip,
            pod_cidr=pod_cidr,
            folder=folder / "kubelet",
            taints=self._taints(number),
            port=port,
            cluster_dns=block.dns_service_ip,
        )

        kubelet = self._add(
            f"kubelet@{name}",
            partial(self._run_kubelet, config, runtime=runtime, images=images),
            node=name,
        )
        return Node(name, ip=ip, runtime=runtime, kubelet=kubelet)

    async def _run_kubelet(self, node: NodeConfig, *, runtime: Runtime, images: ImageStore) -> None:
        identity = identities.kubelet_client(node.name)
        async with self._cluster.client(identity, "kubelet") as client:
            await Kubelet(
                client,
                node=node,
                runtime=runtime,
                images=images,
                tls=self._cluster.serving(identities.kubelet_server(node.name)),
                clock=self._cluster.clock,
                random=self._cluster.random,
            ).run()

    def _labels(self, number: int) -> dict[str, str]:
        return {CONTROL_PLANE: ""} if number == 1 else {}

    def _taints(self, number: int) -> list[Object]:
        # With one node there is nowhere else to go, so kind leaves the taint out too.
        tainted = number == 1 and self._cluster.settings.nodes > 1
        return [{"key": CONTROL_PLANE, "effect": "NoSchedule"}] if tainted else []

    def _add_hollow_nodes(self, names: Sequence[str]) -> None:
        address = self._cluster.block.node_ip(1)
        port = free_port([address], _KUBELET_PORT)
        player = HollowPlayer(
            [
                NodeConfig(
                    name=name,
                    ip=address,
                    pod_cidr=self._cluster.block.hollow_pod_cidr(number),
                    folder=self._cluster.folder.nodes / name,
                    labels=self._labels(number),
                    taints=self._taints(number),
                    port=port,
                )
                for number, name in enumerate(names, start=1)
            ],
            client=lambda: self._cluster.client(
                identities.kubelet_client(identities.HOLLOW), "kubelet"
            ),
            certificate=lambda: self._cluster.serving(identities.kubelet_server(identities.HOLLOW)),
            clock=self._cluster.clock,
            random=self._cluster.random,
        )
        self._add("kubelet", player.run, node=names[0])
        self.nodes |= player.nodes

    def _add(self, name: str, run: Callable[[], Awaitable[None]], *, node: str) -> Component:
        component = Loop(name, run, clock=self._cluster.clock, node=node)
        self.components[name] = component
        return component
