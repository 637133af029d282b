"""Starting and stopping containers the way Kubernetes wants it: `pkg/kubelet/kuberuntime`.

Around each call to the runtime stand images, back-off, hooks, grace periods and Events.
"""

from __future__ import annotations

import asyncio
from collections.abc import Container, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubelearn.containers import trees
from kubelearn.containers.images import Image
from kubelearn.containers.runtime import (
    ContainerConfig,
    ContainerState,
    ContainerStatus,
    Mount,
    Runtime,
    Sandbox,
    SandboxConfig,
    StartError,
)
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.events import EventRecorder
from kubelearn.embedded.kubelet import etchosts
from kubelearn.embedded.kubelet.backoff import Backoff
from kubelearn.embedded.kubelet.configdata import ConfigError
from kubelearn.embedded.kubelet.containerspec import HASH, check_user, resources_of, spec_hash
from kubelearn.embedded.kubelet.dns import DnsConfigurer
from kubelearn.embedded.kubelet.environment import Environment
from kubelearn.embedded.kubelet.expansion import expand
from kubelearn.embedded.kubelet.handlers import Handlers, Target
from kubelearn.embedded.kubelet.images import ImageManager, NotStarted
from kubelearn.embedded.kubelet.names import container_path, duration, hostname_of, pod_text
from kubelearn.embedded.kubelet.portmappings import port_mappings
from kubelearn.embedded.kubelet.securitycontext import security_of, sysctls
from kubelearn.embedded.kubelet.terminationorder import TerminationOrder
from kubelearn.embedded.kubelet.volumes import Volumes
from kubelearn.errors import ApiError, ContainerError
from kubelearn.objects import Object

# A container gets this long at least, even when a hook has used up its grace period.
_SHORTEST_GRACE = 2.0
_HOOK_SECONDS = 30.0


@dataclass(frozen=True)
class KubeRuntime:
    """What a pod's worker does to containers."""

    runtime: Runtime
    images: ImageManager
    volumes: Volumes
    environment: Environment
    handlers: Handlers
    dns: DnsConfigurer
    recorder: EventRecorder
    backoff: Backoff
    clock: Clock
    logs: Path

    # --- sandboxes ---

    def sandbox_of(self, pod: Object) -> Sandbox | None:
        """The pod's newest sandbox."""
        uid = pod["metadata"]["uid"]
        found = [each for each in self.runtime.list_pod_sandboxes() if each.config.uid == uid]
        return found[-1] if found else None

    async def make_sandbox(self, pod: Object) -> Sandbox:
        """Make the pod's sandbox. Raises NotStarted."""
        meta, spec = pod["metadata"], pod["spec"]
        config = SandboxConfig(
            namespace=meta["namespace"],
            name=meta["name"],
            uid=meta["uid"],
            hostname=hostname_of(pod),
            host_network=bool(spec.get("hostNetwork")),
            host_pid=bool(spec.get("hostPID")),
            host_ipc=bool(spec.get("hostIPC")),
            share_processes=bool(spec.get("shareProcessNamespace")),
            sysctls=sysctls(pod),
            dns=self.dns.for_pod(pod),
            port_mappings=port_mappings(pod),
        )
        try:
            return await self.runtime.run_pod_sandbox(config)
        except ContainerError as error:
            message = f"Failed to create pod sandbox: {error.message}"
            self.recorder.event(pod, "Warning", "FailedCreatePodSandBox", message)
            raise NotStarted("ContainerCreating", "", retry_after=10.0) from error

    def runs_of(self, sandbox: Sandbox | None) -> dict[str, list[ContainerStatus]]:
        """The runs of each container in a sandbox, oldest first; one that is made is none yet."""
        runs: dict[str, list[ContainerStatus]] = {}
        for status in self.runtime.list_containers(sandbox.id) if sandbox else ():
            if status.state is not ContainerState.CREATED:
                runs.setdefault(status.config.name, []).append(status)
        return runs

    # --- starting ---

    async def start(
        self, pod: Object, container: Object, *, sandbox: Sandbox, runs: Sequence[ContainerStatus]
    ) -> None:
        """Start a container, again or for the first time. Raises NotStarted.

        `runs` are what the runtime still knows of it, oldest first.
        """
        self._check_backoff(pod, container, runs[-1] if runs else None)
        path = container_path(pod, container)
        try:
            image = await self.images.ensure(pod, container, path)
            attempt = runs[-1].config.attempt + 1 if runs else self._attempt_by_logs(pod, container)
            config = await self._config(
                pod, container, image=image, attempt=attempt, sandbox=sandbox
            )
            container_id = await self._create_and_start(pod, config, sandbox=sandbox, path=path)
        except NotStarted as refusal:
            words = refusal.message if refusal.reason in _TOLD_BY_MESSAGE else refusal.reason
            self.recorder.event(pod, "Warning", "Failed", f"Error: {words}", path=path)
            raise
        await self._post_start(pod, Target(container_id, container, sandbox.ip))

    def _check_backoff(self, pod: Object, container: Object, run: ContainerStatus | None) -> None:
        if run is None or run.finished_at is None:
            return
        name, where = container["name"], pod_text(pod)
        key = f"{pod['metadata']['uid']}_{name}"
        left = self.backoff.left_since(key, run.finished_at)
        if not left:
            self.backoff.grow(key)
            return
        words = f"Back-off restarting failed container {name} in pod {where}"
        path = container_path(pod, container)
        self.recorder.event(pod, "Warning", "BackOff", words, path=path)
        delay = duration(self.backoff.seconds(key))
        message = f"back-off {delay} restarting failed container={name} pod={where}"
        raise NotStarted("CrashLoopBackOff", message, retry_after=left)

    async def _config(
        self, pod: Object, container: Object, *, image: Image, attempt: int, sandbox: Sandbox
    ) -> ContainerConfig:
        try:
            check_user(pod, container, image)
            env = await self.environment.make(pod, container)
            mounts = self.volumes.mounts(pod, container, env)
            mounts += self._hosts_file(pod, sandbox, mounts)
        except (ConfigError, ValueError) as error:
            message = error.message if isinstance(error, ConfigError) else str(error)
            raise NotStarted("CreateContainerConfigError", message) from error
        except ApiError as error:
            raise NotStarted("CreateContainerConfigError", str(error), retry_after=2.0) from error
        return ContainerConfig(
            name=container["name"],
            image=image,
            log_path=self.log_folder(pod, container) / f"{attempt}.log",
            attempt=attempt,
            command=[expand(word, env) for word in container.get("command") or []],
            args=[expand(word, env) for word in container.get("args") or []],
            working_dir=container.get("workingDir", ""),
            env=env,
            mounts=[*mounts, self.volumes.termination_log(pod, container, attempt)],
            annotations={HASH: spec_hash(container)},
            resources=resources_of(container),
            security=security_of(pod, container),
            target=self._target(container, sandbox),
            stdin=bool(container.get("stdin")),
            stdin_once=bool(container.get("stdinOnce")),
            tty=bool(container.get("tty")),
        )

    def _target(self, container: Object, sandbox: Sandbox) -> str:
        """The container whose processes an ephemeral one wants to see."""
        runs = self.runs_of(sandbox).get(container.get("targetContainerName") or "", [])
        return runs[-1].id if runs else ""

    def _hosts_file(
        self, pod: Object, sandbox: Sandbox, mounts: Sequence[Mount]
    ) -> Sequence[Mount]:
        if any(mount.container_path == etchosts.PATH for mount in mounts):
            return []
        text = etchosts.hosts_file(pod, hostname=sandbox.config.hostname, ip=sandbox.ip)
        return [self.volumes.hosts_file(pod, text)]

    async def _create_and_start(
        self, pod: Object, config: ContainerConfig, *, sandbox: Sandbox, path: str
    ) -> str:
        try:
            container_id = await self.runtime.create_container(sandbox.id, config)
        except (ContainerError, OSError) as error:
            raise NotStarted("CreateContainerError", str(error)) from error
        self.recorder.event(pod, "Normal", "Created", "Container created", path=path)
        if config.image.stand_in and not config.attempt:
            words = f'Image "{config.image.name}" is not here: {config.image.stand_in}'
            self.recorder.event(pod, "Normal", "StandIn", f"{words} runs in its place", path=path)
        try:
            await self.runtime.start_container(container_id)
        except StartError as error:
            message = f"failed to start container: {error.message}"
            raise NotStarted("RunContainerError", message) from error
        self.recorder.event(pod, "Normal", "Started", "Container started", path=path)
        return container_id

    async def _post_start(self, pod: Object, target: Target) -> None:
        hook = (target.container.get("lifecycle") or {}).get("postStart")
        if not hook:
            return
        outcome = await self.handlers.run(hook, target, _HOOK_SECONDS)
        if not outcome.ok:
            self._tell_hook(pod, target, "PostStart")
            await self.kill(pod, target, message="FailedPostStartHook")
            raise NotStarted("PostStartHookError", "")

    # --- stopping ---

    async def kill(
        self,
        pod: Object,
        target: Target,
        *,
        message: str = "",
        grace: float | None = None,
        order: TerminationOrder | None = None,
    ) -> None:
        """Stop a container: its preStop hook, SIGTERM, and SIGKILL after `grace` seconds.

        With an `order` it waits, as long as its grace lasts, for those that end before it.
        """
        name = target.container["name"]
        words, path = message or f"Stopping container {name}", container_path(pod, target.container)
        self.recorder.event(pod, "Normal", "Killing", words, path=path)
        if grace is None:
            grace = float(pod["spec"].get("terminationGracePeriodSeconds", 30))
        end = self.clock.monotonic() + grace
        hook = (target.container.get("lifecycle") or {}).get("preStop")
        if hook and grace > 0:
            await self._pre_stop(pod, target, hook=hook, grace=grace)
        if order:
            await self._at_most(order.turn(name), end - self.clock.monotonic())
        left = max(end - self.clock.monotonic(), _SHORTEST_GRACE)
        await self.runtime.stop_container(target.container_id, left)
        if order:
            order.ended(name)

    async def _at_most(self, waiting: Coroutine[Any, Any, None], seconds: float) -> None:
        tasks = [asyncio.ensure_future(each) for each in (waiting, self.clock.sleep(seconds))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()

    async def _pre_stop(self, pod: Object, target: Target, *, hook: Object, grace: float) -> None:
        try:
            outcome = await asyncio.wait_for(self.handlers.run(hook, target, grace), grace)
        except TimeoutError:
            return
        if not outcome.ok:
            self._tell_hook(pod, target, "PreStop")

    def _tell_hook(self, pod: Object, target: Target, kind: str) -> None:
        # The hook's own words may hold a secret; they are not told.
        path = container_path(pod, target.container)
        self.recorder.event(pod, "Warning", f"Failed{kind}Hook", f"{kind}Hook failed", path=path)

    async def remove_old_runs(self, runs: Sequence[ContainerStatus]) -> None:
        """Forget all but the last run and the one before, with their logs."""
        for status in runs[:-2]:
            await self.runtime.remove_container(status.id)
            status.config.log_path.unlink(missing_ok=True)

    async def forget(self, pod: Object, sandbox: Sandbox | None) -> None:
        """The pod is gone: remove everything of it from the node."""
        uid = pod["metadata"]["uid"]
        if sandbox:
            await self.runtime.remove_pod_sandbox(sandbox.id)
        await self.volumes.forget(pod)
        await asyncio.to_thread(trees.discard, self._pod_logs(pod))
        self.backoff.forget(uid)
        self.images.forget(uid)

    async def remove_orphans(self, wanted: Container[str]) -> None:
        """Remove what is left of pods that went while nobody looked; `wanted` are uids to keep."""
        for sandbox in self.runtime.list_pod_sandboxes():
            if sandbox.config.uid not in wanted:
                await self.runtime.remove_pod_sandbox(sandbox.id)
        for folder in [*self.logs.glob("*_*_*"), *self.volumes.pod_folders()]:
            if folder.name.rpartition("_")[2] not in wanted:
                await asyncio.to_thread(trees.discard, folder)

    # --- logs ---

    def _pod_logs(self, pod: Object) -> Path:
        meta = pod["metadata"]
        return self.logs / f"{meta['namespace']}_{meta['name']}_{meta['uid']}"

    def log_folder(self, pod: Object, container: Object) -> Path:
        """Where a container's logs lie, one file a run."""
        name: str = container["name"]
        return self._pod_logs(pod) / name

    def _attempt_by_logs(self, pod: Object, container: Object) -> int:
        # The runtime forgets its containers when the machine restarts; their logs stay.
        found = [int(each.stem) for each in self.log_folder(pod, container).glob("*.log")]
        return max(found) + 1 if found else 0


_TOLD_BY_MESSAGE = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")
