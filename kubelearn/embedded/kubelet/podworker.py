"""One task a pod: brings its containers where the pod's spec wants them, then to their end.

Stands for `pkg/kubelet/pod_workers.go` and the `SyncPod` functions of `kubelet.go`. A worker goes
through three phases, as upstream: it syncs until the pod is over, is deleted or has to go; it
terminates what still runs; then it cleans up and, if the pod is deleted, removes it from the API.
It is woken by changes of the pod, by the runtime and by probes, and looks at everything anew then.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

from kubelearn.containers.runtime import ContainerState, ContainerStatus, Sandbox
from kubelearn.embedded.client import Client
from kubelearn.embedded.kubelet.containerstatus import Seen, Waiting, is_sidecar
from kubelearn.embedded.kubelet.handlers import Outcome, Target
from kubelearn.embedded.kubelet.images import NotStarted
from kubelearn.embedded.kubelet.kuberuntime import KubeRuntime, container_path, termination_message
from kubelearn.embedded.kubelet.podactions import pod_actions
from kubelearn.embedded.kubelet.podstatus import TERMINAL, Eviction, pod_status, rejected_status
from kubelearn.embedded.kubelet.prober import ContainerProbes, PodProbes
from kubelearn.embedded.kubelet.statusmanager import StatusManager
from kubelearn.embedded.kubelet.volumes import PodVolumes
from kubelearn.embedded.kubelet.wake import Wake
from kubelearn.errors import ApiError, Conflict, NotFound
from kubelearn.objects import PODS, Object, parse_time, timestamp

_log = logging.getLogger(__name__)

# How long after a failure the pod is looked at again if nothing else happens to it.
_RETRY_SECONDS = 10.0
_DEADLINE = Eviction(
    "DeadlineExceeded", "Pod was active on the node longer than the specified deadline"
)


class PodWorker:
    """Works for one pod until it is gone from the node."""

    def __init__(
        self,
        pod: Object,
        *,
        client: Client,
        kube: KubeRuntime,
        statuses: StatusManager,
        node_ip: str,
        rejection: Eviction | None = None,
    ) -> None:
        self.pod = pod
        self.status: Object = pod.get("status") or {}
        self.sandbox: Sandbox | None = kube.sandbox_of(pod)
        self._client = client
        self._kube = kube
        self._statuses = statuses
        self._node_ip = node_ip
        self._volumes = PodVolumes(kube.volumes, recorder=kube.recorder, clock=kube.clock)
        self._probes = PodProbes(self._make_probes)
        self._waiting: dict[str, Waiting] = {}
        self._words: dict[str, str] = {}
        self._rejection = rejection
        self._eviction: Eviction | None = None
        self._wake = Wake(kube.clock)
        self._deleted = asyncio.Event()
        self._gone = asyncio.Event()
        self._ending = False
        self._syncing: asyncio.Task[None] | None = None
        self._killing: asyncio.Task[None] | None = None
        self._grace_used = 0.0

    # --- what happens to the pod ---

    def update(self, pod: Object) -> None:
        """The API's object has changed."""
        old, self.pod = self.pod, pod
        self._statuses.observe(pod)
        if pod["metadata"].get("deletionTimestamp"):
            self._delete()
        elif _concerns(pod) != _concerns(old):
            self._volumes.touch()
            self.wake()

    def remove(self, pod: Object) -> None:
        """The API's object is gone."""
        self.pod = pod
        self._gone.set()
        self._delete()

    def wake(self) -> None:
        """Something has happened: tell it, and look what is to be done."""
        self._report()
        self._wake.now()

    def runs(self, name: str) -> list[ContainerStatus]:
        """The runs of a container that the runtime still knows, oldest first."""
        return self._kube.runs_of(self.sandbox).get(name, [])

    def container_status(self, name: str) -> Object | None:
        """A container's status as it was last told."""
        statuses = [status for kind in _LISTS for status in self.status.get(kind) or []]
        return next((status for status in statuses if status["name"] == name), None)

    def _delete(self) -> None:
        self._deleted.set()
        if self._syncing:
            self._syncing.cancel()
        if self._killing and self._grace() < self._grace_used:
            self._killing.cancel()  # and begin again with the shorter time

    # --- the three phases ---

    async def run(self) -> None:
        """Go through all of them. Cancelling this leaves the containers alone."""
        over = self._rejection or self.status.get("phase") in TERMINAL
        try:
            if not over and not self._deleted.is_set():
                self._syncing = asyncio.create_task(self._sync_until_over(), name="sync")
                await asyncio.wait([self._syncing])
            await self._terminate()
            await self._clean_up()
        finally:
            for task in (self._syncing, self._killing):
                if task:
                    task.cancel()
            self._probes.stop()

    async def _sync_until_over(self) -> None:
        while True:
            try:
                if await self._sync():
                    return
            except Exception:
                _log.exception("pod %s: sync failed", self.pod["metadata"]["name"])
                self._wake.after(_RETRY_SECONDS)
            await self._wake.wait()

    async def _terminate(self) -> None:
        self._ending = True
        self._probes.stop("startup", "liveness")
        self._report()
        while self._seen().running():
            self._killing = asyncio.create_task(self._kill_all(self._grace()), name="kill")
            await asyncio.wait([self._killing])
            if not self._killing.cancelled() and (error := self._killing.exception()):
                _log.error("pod %s: not ended", self.pod["metadata"]["name"], exc_info=error)
                break  # stopping the sandbox kills what is left
        if self.sandbox:
            await self._kube.runtime.stop_pod_sandbox(self.sandbox.id)
        self._report()

    async def _clean_up(self) -> None:
        uid = self.pod["metadata"]["uid"]
        await self._kube.volumes.tear_down(self.pod)
        await self._deleted.wait()
        if not self._gone.is_set():
            await self._statuses.flush(uid)
            await self._remove_from_api()
            await self._gone.wait()
        self._statuses.forget(uid)
        await self._kube.forget(self.pod, self.sandbox)

    async def _remove_from_api(self) -> None:
        meta = self.pod["metadata"]
        options = {"gracePeriodSeconds": 0, "preconditions": {"uid": meta["uid"]}}
        while not self._gone.is_set():
            try:
                with contextlib.suppress(NotFound, Conflict):
                    await self._client.delete(
                        PODS, meta["name"], meta["namespace"], options=options
                    )
                return
            except ApiError as error:
                _log.warning("pod %s not removed: %s", meta["name"], error)
                await self._kube.clock.sleep(_RETRY_SECONDS)

    # --- syncing ---

    async def _sync(self) -> bool:
        """Do what is to be done now; whether the pod is over."""
        self._report()
        if self._is_past_deadline():
            return True
        if (seconds := await self._volumes.ensure(self._pod_now())) is not None:
            self._wake.after(seconds)
        if not self._volumes.made:
            return False
        if self.sandbox is None and not await self._make_sandbox():
            return False
        statuses = [status for kind in _LISTS for status in self.status.get(kind) or []]
        todo = pod_actions(
            self.pod,
            seen=self._seen(),
            old=statuses,
            failed_probe=lambda name: self._probes.verdict(name).failed,
        )
        for each in todo.kill:
            await self._kill(each.container, each.run, message=each.message)
        for container in todo.start:
            await self._start(container)
        return todo.over

    async def _make_sandbox(self) -> bool:
        if self.status.get("podIP") and not self.pod["spec"].get("hostNetwork"):
            words = "Pod sandbox changed, it will be killed and re-created."
            self._kube.recorder.event(self.pod, "Normal", "SandboxChanged", words)
        try:
            self.sandbox = await self._kube.make_sandbox(self.pod)
        except NotStarted as refusal:
            self._wake.after(refusal.retry_after)
            return False
        self._report()
        return True

    async def _start(self, container: Object) -> None:
        assert self.sandbox
        name = container["name"]
        runs = self._kube.runs_of(self.sandbox).get(name, [])
        try:
            await self._kube.start(self._pod_now(), container, self.sandbox, runs)
            self._waiting.pop(name, None)
            await self._kube.remove_old_runs(self._kube.runs_of(self.sandbox)[name])
        except NotStarted as refusal:
            self._waiting[name] = Waiting(refusal.reason, refusal.message)
            self._wake.after(refusal.retry_after or _RETRY_SECONDS)
        self._report()

    def _is_past_deadline(self) -> bool:
        seconds = self.pod["spec"].get("activeDeadlineSeconds")
        if seconds is None:
            return False
        active = self._kube.clock.now() - parse_time(self.status["startTime"])
        left = float(seconds) - active.total_seconds()
        if left > 0:
            self._wake.after(left)
            return False
        self._eviction = _DEADLINE
        self._kube.recorder.event(self.pod, "Normal", _DEADLINE.reason, _DEADLINE.message)
        return True

    # --- stopping ---

    async def _kill_all(self, grace: float) -> None:
        """Stop what runs: sidecars last, in the reverse order of their start."""
        self._grace_used, began = grace, self._kube.clock.monotonic()
        inits = self.pod["spec"].get("initContainers") or []
        containers = {each["name"]: each for each in [*inits, *self.pod["spec"]["containers"]]}
        running = {run.config.name: run for run in self._seen().running()}
        sidecars = [each["name"] for each in reversed(inits) if is_sidecar(each)]
        await asyncio.gather(
            *(
                self._kill(containers[name], run, grace=grace)
                for name, run in running.items()
                if name not in sidecars
            )
        )
        for name in sidecars:
            if name in running:
                left = max(grace - (self._kube.clock.monotonic() - began), 0.0)
                await self._kill(containers[name], running[name], grace=left)

    async def _kill(self, container: Object, run: ContainerStatus, **how: Any) -> None:
        assert self.sandbox
        await self._kube.kill(self.pod, container, run.id, ip=self.sandbox.ip, **how)

    def _grace(self) -> float:
        seconds = self.pod["metadata"].get("deletionGracePeriodSeconds")
        if seconds is None:
            seconds = self.pod["spec"].get("terminationGracePeriodSeconds", 30)
        return max(float(seconds), 1.0)

    # --- seeing and telling ---

    def _report(self) -> None:
        """Tell the API what is seen now."""
        if self._rejection:
            self.status = rejected_status(self.pod, self._rejection)
            self._statuses.set(self.pod, self.status)
            return
        seen = self._seen()
        self._probes.match(seen.running())
        self.status = pod_status(
            self.pod,
            seen=seen,
            old=self.status,
            node_ip=self._node_ip,
            now=timestamp(self._kube.clock.now()),
            ending=self._ending,
            eviction=self._eviction,
        )
        self._statuses.set(self.pod, self.status)

    def _seen(self) -> Seen:
        return Seen(
            sandbox=self.sandbox,
            runs=self._kube.runs_of(self.sandbox),
            waiting=self._waiting,
            started=lambda name: self._probes.verdict(name).started,
            ready=lambda name: self._probes.verdict(name).ready,
            last_words=self._last_words,
            runtime_name=self._kube.runtime.name,
        )

    def _pod_now(self) -> Object:
        """The pod with its present status: variables and files may tell its address."""
        return self.pod | {"status": self.status}

    def _last_words(self, run: ContainerStatus) -> str:
        if run.state is not ContainerState.EXITED:
            return run.message
        if run.id not in self._words:
            self._words[run.id] = termination_message(self._container(run), run)
        return self._words[run.id]

    def _container(self, run: ContainerStatus) -> Object:
        spec = self.pod["spec"]
        every = [*(spec.get("initContainers") or []), *spec["containers"]]
        return next(each for each in every if each["name"] == run.config.name)

    def _make_probes(self, run: ContainerStatus) -> ContainerProbes:
        assert self.sandbox
        container = self._container(run)
        target = Target(run.id, container, self.sandbox.ip)
        kube, path = self._kube, container_path(self.pod, container)

        async def probe(what: Object) -> Outcome:
            return await kube.handlers.run(what, target, float(what.get("timeoutSeconds") or 1))

        def tell(kind: str, message: str) -> None:
            words = f"{kind.capitalize()} probe failed: {message}"
            kube.recorder.event(self.pod, "Warning", "Unhealthy", words, path=path)

        return ContainerProbes(
            container, run=probe, on_change=self.wake, on_failure=tell, clock=kube.clock
        )


_LISTS = ("initContainerStatuses", "containerStatuses")


def _concerns(pod: Object) -> tuple[Any, ...]:
    """What of a pod makes a difference to its node; all but the kubelet's own status."""
    meta, gates = pod["metadata"], pod["spec"].get("readinessGates")
    conditions = (pod.get("status") or {}).get("conditions") if gates else None
    return meta.get("generation"), meta.get("labels"), meta.get("annotations"), conditions
