"""The kubelet: makes the pods that are bound to its node real, and tells how they are.

Stands for `pkg/kubelet/kubelet.go`: follows the node's pods, keeps a worker for each, and runs what
the workers share. It resumes from the API server and the runtime alone: stopped and started again,
it finds the containers that went on without it. Left out: eviction under pressure, plug-ins for
devices.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections.abc import Sequence

from kubelearn.containers.images import ImageStore
from kubelearn.containers.runtime import Runtime, Sandbox
from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.events import EventRecorder
from kubelearn.embedded.informer import Informer
from kubelearn.embedded.kubelet import etchosts
from kubelearn.embedded.kubelet.admission import rejection
from kubelearn.embedded.kubelet.backoff import Backoff
from kubelearn.embedded.kubelet.dns import DnsConfigurer
from kubelearn.embedded.kubelet.environment import Environment
from kubelearn.embedded.kubelet.handlers import Handlers
from kubelearn.embedded.kubelet.images import ImageManager
from kubelearn.embedded.kubelet.kuberuntime import KubeRuntime
from kubelearn.embedded.kubelet.manifests import Manifests, is_static
from kubelearn.embedded.kubelet.node import NodeConfig, NodeReporter
from kubelearn.embedded.kubelet.podstatus import Eviction
from kubelearn.embedded.kubelet.podworker import PodWorker
from kubelearn.embedded.kubelet.server import KubeletServer
from kubelearn.embedded.kubelet.staticpods import StaticPods, is_mirror
from kubelearn.embedded.kubelet.statusmanager import StatusManager
from kubelearn.embedded.kubelet.volumes import DISK, Volumes
from kubelearn.objects import NODES, PODS, SERVICES, TERMINAL_PHASES, Object, labels_of

_log = logging.getLogger(__name__)


class Kubelet:
    """One node's agent. `run` lasts until it is cancelled, and may be called again then."""

    def __init__(
        self,
        client: Client,
        *,
        node: NodeConfig,
        runtime: Runtime,
        images: ImageStore,
        tls: ssl.SSLContext | None,
        clock: Clock,
        random: random.Random,
    ) -> None:
        self.node = node
        node.folder.mkdir(parents=True, exist_ok=True)
        etchosts.put_on_disk(node.folder / DISK)
        self._client = client
        self._runtime = runtime
        self._clock = clock
        self._workers: dict[str, PodWorker] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._services = self._service_informer()
        self._nodes = self._node_informer()
        self._reporter = NodeReporter(
            client, node=node, runtime=runtime, images=images, clock=clock, random=random
        )
        self._server = KubeletServer(node, find=self.worker, runtime=runtime, clock=clock, tls=tls)
        self._statuses = StatusManager(client, clock=clock)
        self._kube = self._kube_runtime(images)
        self._manifests = Manifests(node.folder / DISK, node=node.name)
        self._static = self._static_pods()

    def worker(self, namespace: str, name: str) -> PodWorker | None:
        """The worker of a pod, if the pod is on this node."""
        # The newest first: an earlier pod of that name may not be cleaned up yet.
        for worker in reversed(self._workers.values()):
            meta = worker.pod["metadata"]
            if (meta["namespace"], meta["name"]) == (namespace, name):
                return worker
        return None

    async def run(self) -> None:
        """Be the node's agent. Containers go on when this is cancelled."""
        self._services = self._service_informer()
        self._nodes = self._node_informer()
        self._static = self._static_pods()
        stop_listening = self._runtime.add_listener(self._wake)
        try:
            await self._server.start()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._services.run(), name="informer services")
                await self._reporter.register()
                group.create_task(self._nodes.run(), name="informer nodes")
                group.create_task(self._reporter.run(), name="node heartbeat")
                # A container learns its services' addresses when it starts, and only then.
                await self._services.synced.wait()
                await self._nodes.synced.wait()
                await self._follow_pods(group)
        finally:
            stop_listening()
            await self._stop_workers()
            self._statuses.close()
            self._kube.recorder.close()
            await self._kube.handlers.close()
            await self._server.stop()

    async def _follow_pods(self, group: asyncio.TaskGroup) -> None:
        selector = f"spec.nodeName={self.node.name}"
        pods = Informer(self._client, PODS, clock=self._clock, field_selector=selector)
        group.create_task(pods.run(), name="informer pods")
        await pods.synced.wait()
        wanted = self._static.look() | {pod["metadata"]["uid"] for pod in pods.items()}
        await self._kube.remove_orphans(wanted)
        pods.follow(self._put, gone=self._remove)
        group.create_task(self._static.run(), name="static pods")

    # --- pods come, change and go ---

    def _put(self, pod: Object) -> None:
        if is_mirror(pod):
            self._static.put_mirror(pod)
        else:
            self._put_own(pod)

    def _put_own(self, pod: Object) -> None:
        uid = pod["metadata"]["uid"]
        if worker := self._workers.get(uid):
            worker.update(pod)
            return
        rejected = self._rejection(pod)
        worker = self._workers[uid] = PodWorker(
            pod,
            client=self._client,
            kube=self._kube,
            statuses=self._statuses,
            node_ip=self.node.ip,
            fits=self._refusal,
            rejection=rejected,
        )
        if pod["metadata"].get("deletionTimestamp"):
            worker.update(pod)
        name = f"pod {pod['metadata']['name']}"
        self._tasks[uid] = asyncio.create_task(self._work(uid, worker), name=name)

    def _rejection(self, pod: Object) -> Eviction | None:
        status = pod.get("status") or {}
        if status.get("startTime") or status.get("phase") in TERMINAL_PHASES:
            return None  # it was let in before
        if found := self._refusal(pod):
            self._kube.recorder.event(pod, "Warning", found.reason, found.message)
        return found

    def _refusal(self, pod: Object) -> Eviction | None:
        """Why there is no room for a pod beside the others."""
        others = [
            worker.pod
            for uid, worker in self._workers.items()
            if uid != pod["metadata"]["uid"]
            and worker.view.status.get("phase") not in TERMINAL_PHASES
        ]
        # Labels and extended resources are the administrator's: the API knows them better than who
        # registered the node.
        node = self._nodes.get(self.node.name)
        labels = labels_of(node) if node else self._reporter.labels
        told = (node.get("status") or {}).get("allocatable") or {} if node else {}
        room = {**told, **self._reporter.capacity}
        return rejection(pod, others=others, labels=labels, room=room)

    def _remove(self, pod: Object) -> None:
        if is_mirror(pod):
            self._static.remove_mirror(pod)
        else:
            self._remove_own(pod)

    def _remove_own(self, pod: Object) -> None:
        if worker := self._workers.get(pod["metadata"]["uid"]):
            worker.remove(pod)

    def _wake(self, sandbox: Sandbox) -> None:
        if worker := self._workers.get(sandbox.config.uid):
            worker.wake()

    async def _work(self, uid: str, worker: PodWorker) -> None:
        try:
            await worker.run()
        except Exception:
            # The next change of the pod gets it a new worker.
            _log.exception("the worker of pod %s failed", worker.pod["metadata"]["name"])
        finally:
            self._workers.pop(uid, None)
            self._tasks.pop(uid, None)
            if is_static(worker.pod):
                self._static.ended(worker.pod)

    async def _stop_workers(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- what the workers share ---

    def _service_informer(self) -> Informer:
        services = Informer(self._client, SERVICES, clock=self._clock)
        services.add_index("namespace", lambda service: [service["metadata"]["namespace"]])
        return services

    def _node_informer(self) -> Informer:
        selector = f"metadata.name={self.node.name}"
        return Informer(self._client, NODES, clock=self._clock, field_selector=selector)

    def _static_pods(self) -> StaticPods:
        return StaticPods(
            self._client,
            manifests=self._manifests,
            statuses=self._statuses,
            node=lambda: self._nodes.get(self.node.name),
            start=self._put_own,
            stop=self._remove_own,
            clock=self._clock,
        )

    def _services_of(self, namespace: str) -> Sequence[Object]:
        return self._services.by_index("namespace", namespace)

    def _kube_runtime(self, images: ImageStore) -> KubeRuntime:
        client, clock, folder = self._client, self._clock, self.node.folder
        recorder = EventRecorder(client, "kubelet", clock=clock, host=self.node.name)
        allocatable = self._reporter.capacity
        return KubeRuntime(
            runtime=self._runtime,
            images=ImageManager(images, recorder=recorder, clock=clock),
            volumes=Volumes(
                client,
                folder=folder,
                runtime=self._runtime,
                clock=clock,
                allocatable=allocatable,
                node=lambda: self._nodes.get(self.node.name),
            ),
            environment=Environment(client, services=self._services_of, allocatable=allocatable),
            handlers=Handlers(self._runtime, clock=clock),
            dns=DnsConfigurer(recorder, cluster_dns=self.node.cluster_dns),
            recorder=recorder,
            backoff=Backoff(clock),
            clock=clock,
            logs=folder / "logs",
        )
