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

from kubelearn.containers.runtime import ContainerStatus
from kubelearn.embedded.client import Client
from kubelearn.embedded.kubelet.allocation import Allocation, Fits
from kubelearn.embedded.kubelet.containerstatus import Waiting
from kubelearn.embedded.kubelet.handlers import Target
from kubelearn.embedded.kubelet.images import NotStarted
from kubelearn.embedded.kubelet.kuberuntime import KubeRuntime
from kubelearn.embedded.kubelet.podactions import Kill, pod_actions
from kubelearn.embedded.kubelet.podobserver import PodObserver
from kubelearn.embedded.kubelet.podstatus import Eviction
from kubelearn.embedded.kubelet.statusmanager import StatusManager
from kubelearn.embedded.kubelet.terminationorder import TerminationOrder
from kubelearn.embedded.kubelet.volumes import PodVolumes
from kubelearn.embedded.kubelet.wake import Wake
from kubelearn.errors import ApiError, Conflict, NotFound
from kubelearn.objects import PODS, TERMINAL_PHASES, Object, parse_time

_log = logging.getLogger(__name__)

# How long after a failure the pod is looked at again if nothing else happens to it.
_RETRY_SECONDS = 10.0
_EVICTED, _EVICTION_GRACE_SECONDS = "Evicted", 1.0
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
        fits: Fits,
        rejection: Eviction | None = None,
    ) -> None:
        self._allocation = Allocation(pod, kube=kube, fits=fits)
        self.view = PodObserver(
            pod, kube=kube, statuses=statuses, node_ip=node_ip, on_probe=self.wake
        )
        self.view.rejection = rejection
        self._client = client
        self._kube = kube
        self._statuses = statuses
        self._volumes = PodVolumes(kube.volumes, recorder=kube.recorder, clock=kube.clock)
        self._wake = Wake(kube.clock)
        self._deleted = asyncio.Event()
        self._gone = asyncio.Event()
        self._syncing: asyncio.Task[None] | None = None

    @property
    def pod(self) -> Object:
        """The API's object as it was last seen."""
        return self.view.pod

    # --- what happens to the pod ---

    def update(self, pod: Object) -> None:
        """The API's object has changed."""
        old, self.view.pod = self.pod, self._allocation.update(pod)
        self._statuses.observe(pod)
        if pod["metadata"].get("deletionTimestamp"):
            self._delete()
        elif _concerns(pod) != _concerns(old):
            self._volumes.touch()
            self.wake()

    def remove(self, pod: Object) -> None:
        """The API's object is gone."""
        self.view.pod = self._allocation.update(pod)
        self._gone.set()
        self._delete()

    def wake(self) -> None:
        """Something has happened: tell it, and look what is to be done."""
        self.view.report()
        self._wake.now()

    def _delete(self) -> None:
        self._deleted.set()
        if self._syncing:
            self._syncing.cancel()

    # --- the three phases ---

    async def run(self) -> None:
        """Go through all of them. Cancelling this leaves the containers alone."""
        over = self.view.rejection or self.view.status.get("phase") in TERMINAL_PHASES
        try:
            if not over and not self._deleted.is_set():
                self._syncing = asyncio.create_task(self._sync_until_over(), name="sync")
                await asyncio.wait([self._syncing])
            await self._terminate()
            await self._clean_up()
        finally:
            if self._syncing:
                self._syncing.cancel()
            self.view.probes.stop()

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
        self.view.ending = True
        self.view.probes.stop("startup", "liveness")
        self.view.report()
        while self.view.seen().running():
            try:
                # A grace that is made shorter from now on comes too late, as upstream
                # (kubelet.go, SyncTerminatingPod: a new context, issue 113606).
                await self._kill_all(self._grace())
            except Exception:
                _log.exception("pod %s: not ended", self.pod["metadata"]["name"])
                break  # stopping the sandbox kills what is left
        if self.view.sandbox:
            await self._kube.runtime.stop_pod_sandbox(self.view.sandbox.id)
        self.view.report()

    async def _clean_up(self) -> None:
        uid = self.pod["metadata"]["uid"]
        await self._kube.volumes.tear_down(self.pod)
        await self._deleted.wait()
        if not self._gone.is_set():
            await self._statuses.flush(uid)
            await self._remove_from_api()
            await self._gone.wait()
        self._statuses.forget(uid)
        await self._kube.forget(self.pod, self.view.sandbox)

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
        if self._allocation.allocate():
            self._wake.after(_RETRY_SECONDS)
        self.view.pod, self.view.pending_resize = self._allocation.pod(), self._allocation.pending
        self.view.report()
        if self._is_past_deadline():
            return True
        if (seconds := await self._volumes.ensure(self.view.pod_now())) is not None:
            self._wake.after(seconds)
        if not self._volumes.made:
            return False
        if await self._takes_too_much():
            return True
        if self.view.sandbox is None and not await self._make_sandbox():
            return False
        todo = pod_actions(
            self.pod,
            seen=self.view.seen(),
            old=self.view.container_statuses(),
            failed_probe=lambda name: self.view.probes.verdict(name).failed,
        )
        todo.kill += await self._allocation.settle(self.view.seen().running())
        if self._allocation.error:
            self._wake.after(_RETRY_SECONDS)
        for each in todo.kill:
            await self._kill(each.run, message=each.message, grace=self._probe_grace(each))
        for container in todo.start:
            await self._start(container)
        return todo.over

    async def _make_sandbox(self) -> bool:
        if self.view.status.get("podIP") and not self.pod["spec"].get("hostNetwork"):
            words = "Pod sandbox changed, it will be killed and re-created."
            self._kube.recorder.event(self.pod, "Normal", "SandboxChanged", words)
        try:
            self.view.sandbox = await self._kube.make_sandbox(self.pod)
        except NotStarted as refusal:
            self._wake.after(refusal.retry_after)
            return False
        self.view.report()
        return True

    async def _start(self, container: Object) -> None:
        assert self.view.sandbox
        name = container["name"]
        try:
            await self._kube.start(
                self.view.pod_now(),
                container,
                sandbox=self.view.sandbox,
                runs=self.view.runs(name),
            )
            self.view.waiting.pop(name, None)
            await self._kube.remove_old_runs(self.view.runs(name))
        except NotStarted as refusal:
            self.view.waiting[name] = Waiting(refusal.reason, refusal.message)
            self._wake.after(refusal.retry_after or _RETRY_SECONDS)
        self.view.report()

    def _probe_grace(self, kill: Kill) -> float | None:
        """The grace period that the failed probe has of its own."""
        probe = self.view.container(kill.run.config.name).get(f"{kill.probe}Probe") or {}
        seconds = probe.get("terminationGracePeriodSeconds")
        return None if seconds is None else float(seconds)

    def _is_past_deadline(self) -> bool:
        seconds = self.pod["spec"].get("activeDeadlineSeconds")
        if seconds is None:
            return False
        active = self._kube.clock.now() - parse_time(self.view.status["startTime"])
        left = float(seconds) - active.total_seconds()
        if left > 0:
            self._wake.after(left)
            return False
        self.view.eviction = _DEADLINE
        self._kube.recorder.event(self.pod, "Normal", _DEADLINE.reason, _DEADLINE.message)
        return True

    async def _takes_too_much(self) -> bool:
        """Whether the pod has to go because of what it wrote."""
        message, seconds = await self._volumes.overuse(self.pod)
        if seconds is not None:
            self._wake.after(seconds)
        if message:
            self.view.eviction = Eviction(_EVICTED, message)
            self._kube.recorder.event(self.pod, "Warning", _EVICTED, message)
        return bool(message)

    # --- stopping ---

    async def _kill_all(self, grace: float) -> None:
        """Stop what runs: all begin at once, and sidecars wait for their turn."""
        running = self.view.seen().running()
        order = TerminationOrder(self.pod, [run.config.name for run in running])
        await asyncio.gather(*(self._kill(run, grace=grace, order=order) for run in running))

    async def _kill(
        self,
        run: ContainerStatus,
        *,
        message: str = "",
        grace: float | None = None,
        order: TerminationOrder | None = None,
    ) -> None:
        assert self.view.sandbox
        target = Target(run.id, self.view.container(run.config.name), self.view.sandbox.ip)
        await self._kube.kill(self.pod, target, message=message, grace=grace, order=order)

    def _grace(self) -> float:
        if self.view.eviction and self.view.eviction.reason == _EVICTED:
            return _EVICTION_GRACE_SECONDS
        seconds = self.pod["metadata"].get("deletionGracePeriodSeconds")
        if seconds is None:
            seconds = self.pod["spec"].get("terminationGracePeriodSeconds", 30)
        return max(float(seconds), 1.0)


def _concerns(pod: Object) -> tuple[Any, ...]:
    """What of a pod makes a difference to its node; all but the kubelet's own status."""
    meta, gates = pod["metadata"], pod["spec"].get("readinessGates")
    conditions = (pod.get("status") or {}).get("conditions") if gates else None
    return meta.get("generation"), meta.get("labels"), meta.get("annotations"), conditions
