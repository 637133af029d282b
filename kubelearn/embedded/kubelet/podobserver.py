"""What a worker sees of its pod, and how it tells it (upstream: `generateAPIPodStatus`)."""

from __future__ import annotations

from collections.abc import Callable

from kubelearn.containers.runtime import ContainerState, ContainerStatus, Sandbox
from kubelearn.embedded.kubelet.containerstatus import Seen, Waiting
from kubelearn.embedded.kubelet.handlers import Outcome, Target
from kubelearn.embedded.kubelet.kuberuntime import KubeRuntime
from kubelearn.embedded.kubelet.names import container_path, kind_of
from kubelearn.embedded.kubelet.podstatus import Eviction, pod_status, rejected_status, statuses_of
from kubelearn.embedded.kubelet.prober import ContainerProbes, PodProbes
from kubelearn.embedded.kubelet.statusmanager import StatusManager
from kubelearn.embedded.kubelet.terminationmessage import termination_message
from kubelearn.objects import Object, timestamp


class PodObserver:
    """A pod as its node sees it. `on_probe` is called when a probe has changed its mind."""

    def __init__(
        self,
        pod: Object,
        *,
        kube: KubeRuntime,
        statuses: StatusManager,
        node_ip: str,
        on_probe: Callable[[], None],
    ) -> None:
        self.pod = pod
        self.status: Object = pod.get("status") or {}
        self.sandbox: Sandbox | None = kube.sandbox_of(pod)
        self.waiting: dict[str, Waiting] = {}
        self.rejection: Eviction | None = None
        self.eviction: Eviction | None = None
        self.ending = False
        self.pending_resize = ""
        self.probes = PodProbes(self._make_probes)
        self._kube = kube
        self._statuses = statuses
        self._node_ip = node_ip
        self._on_probe = on_probe
        self._words: dict[str, str] = {}

    def report(self) -> None:
        """Tell the API what is seen now."""
        if self.rejection:
            self.status = rejected_status(self.pod, self.rejection)
        else:
            seen = self.seen()
            self.probes.match(seen.running())
            self.status = pod_status(
                self.pod,
                seen=seen,
                old=self.status,
                node_ip=self._node_ip,
                now=timestamp(self._kube.clock.now()),
                ending=self.ending,
                eviction=self.eviction,
                pending=self.pending_resize,
            )
        self._statuses.set(self.pod, self.status)

    def seen(self) -> Seen:
        """What the runtime and the probes show."""
        return Seen(
            sandbox=self.sandbox,
            runs=self._kube.runs_of(self.sandbox),
            waiting=self.waiting,
            started=lambda name: self.probes.verdict(name).started,
            ready=lambda name: self.probes.verdict(name).ready,
            last_words=self._last_words,
            runtime_name=self._kube.runtime.name,
        )

    def pod_now(self) -> Object:
        """The pod with its present status: variables and files may tell its address."""
        return self.pod | {"status": self.status}

    def runs(self, name: str) -> list[ContainerStatus]:
        """The runs of a container that the runtime still knows, oldest first."""
        return self._kube.runs_of(self.sandbox).get(name, [])

    def container_statuses(self) -> dict[str, Object]:
        """The statuses of containers as they were last told, by name."""
        return statuses_of(self.status)

    def container(self, name: str) -> Object:
        """The definition of a container."""
        found = self.pod["spec"][kind_of(self.pod, name)]
        return next(each for each in found if each["name"] == name)

    def _last_words(self, run: ContainerStatus) -> str:
        if run.state is not ContainerState.EXITED:
            return run.message
        if run.id not in self._words:
            self._words[run.id] = termination_message(self.container(run.config.name), run)
        return self._words[run.id]

    def _make_probes(self, run: ContainerStatus) -> ContainerProbes:
        assert self.sandbox
        container = self.container(run.config.name)
        target = Target(run.id, container, self.sandbox.ip)
        kube, path = self._kube, container_path(self.pod, container)

        async def probe(what: Object) -> Outcome:
            return await kube.handlers.run(what, target, float(what.get("timeoutSeconds") or 1))

        def tell(kind: str, message: str) -> None:
            words = f"{kind.capitalize()} probe failed: {message}"
            kube.recorder.event(self.pod, "Warning", "Unhealthy", words, path=path)

        return ContainerProbes(
            container, run=probe, on_change=self._on_probe, on_failure=tell, clock=kube.clock
        )
