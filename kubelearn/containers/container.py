"""The life of one container: started, followed, asked to end, killed.

Stands for containerd's `internal/cri/server/container_{start,stop,update_resources,attach}.go`.
Its sandbox, and that others can find it, are the RuntimeService's business.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from kubelearn.containers import leftovers
from kubelearn.containers.child import Child
from kubelearn.containers.handler import Bundle
from kubelearn.containers.logfile import LogFile
from kubelearn.containers.memory import MemoryGuard
from kubelearn.containers.runtime import ContainerState, ContainerStatus, Resources, StartError
from kubelearn.containers.streams import Attachment

# A container whose program could not be started, as containerd reports it.
_START_FAILED = 128

# Leaves a container some MB a second for its log.
_LOG_REST = 0.01


class Container:
    """A container that was created. `tell` is called when it starts and when it ends."""

    def __init__(
        self,
        status: ContainerStatus,
        bundle: Bundle,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        guard: MemoryGuard,
        tell: Callable[[], None],
    ) -> None:
        self.status = status
        self.bundle = bundle
        self._now = now
        self._sleep = sleep
        self._guard = guard
        self._tell = tell
        self._child: Child | None = None
        self._out_of_memory = False
        self._ended = asyncio.Event()
        self._log_grown = asyncio.Event()
        self._attached: set[Attachment] = set()

    @property
    def runs(self) -> bool:
        """Whether its program was started and has not ended yet."""
        return self._child is not None and not self._child.ended

    # --- from the start to the end ---

    async def start(self) -> None:
        """Start the program: the command, else the image's. Raises StartError."""
        status, log = self.status, LogFile(self.status.config.log_path)
        try:
            self._child = await self._spawn(log)
        except StartError as error:
            log.close()
            status.message = f"failed to start container: {error.message}"
            self._finish(_START_FAILED, "StartError")
            raise
        except BaseException:
            log.close()
            raise
        status.pid = self._child.pid
        status.started_at = self._now()
        status.state = ContainerState.RUNNING
        with contextlib.suppress(OSError):  # it has ended already
            leftovers.record(self.bundle.folder, status.pid)
        self._guard_memory()
        self._tell()

    async def _spawn(self, log: LogFile) -> Child:
        def on_output(stream: int, data: bytes) -> None:
            data = self.bundle.to_container(data)
            log.write(stream, data)
            self._wake()
            for attachment in self._attached:
                attachment.feed(stream, data)

        def on_exit(code: int) -> None:
            log.close()
            self._guard.forget(self.status.pid)
            ended = "Completed" if code == 0 else "Error"
            self._finish(code, "OOMKilled" if self._ran_out_of_memory() else ended)

        config = self.status.config
        process, ends = await self.bundle.start(stdin=config.stdin, tty=config.tty)
        return Child(process, ends, on_output=on_output, on_exit=on_exit, rest=_LOG_REST)

    def _finish(self, code: int, reason: str) -> None:
        status = self.status
        status.state, status.exit_code, status.reason = ContainerState.EXITED, code, reason
        status.finished_at = self._now()
        self._ended.set()
        self._wake()
        for attachment in list(self._attached):
            attachment.end()
        self._tell()

    async def stop(self, grace: float) -> None:
        """Ask it to end, and kill it after `grace` seconds. Returns when it has ended."""
        if grace > 0 and self._child and not self._child.ended:
            self._child.terminate()
            await self._wait(grace)
        await self.kill()

    async def kill(self) -> None:
        """End it at once, if it runs. Returns when it has ended."""
        if self._child and not self._child.ended:
            self._child.kill()
            await self._ended.wait()

    async def _wait(self, grace: float) -> None:
        """Wait for its end, but not longer than its grace."""
        ended = asyncio.create_task(self._ended.wait())
        over = asyncio.ensure_future(self._sleep(grace))
        try:
            await asyncio.wait([ended, over], return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
            over.cancel()

    # --- memory ---

    def update(self, resources: Resources) -> None:
        """Let it take more or less. Raises ContainerError."""
        if self.bundle.cgroup:
            self.bundle.cgroup.set(resources)
        self.status.config = replace(self.status.config, resources=resources)
        if self.status.state is ContainerState.RUNNING:
            self._guard_memory()

    def _guard_memory(self) -> None:
        pid, limit = self.status.pid, self.status.config.resources.memory_limit
        self._guard.forget(pid)
        if limit and not self.bundle.cgroup:
            self._guard.watch(pid, limit, self._kill_for_memory)

    def _kill_for_memory(self) -> None:
        self._out_of_memory = True
        if self._child:
            self._child.kill()

    def _ran_out_of_memory(self) -> bool:
        cgroup = self.bundle.cgroup
        return self._out_of_memory or (cgroup is not None and cgroup.ran_out_of_memory())

    # --- those who listen ---

    def attach(self) -> Attachment:
        """Connect to its program. Raises StartError if it has none yet."""
        if self._child is None:
            raise StartError(f"container {self.status.id} is not running")
        once = self.status.config.stdin_once
        attachment = Attachment(self._child, self._attached.discard, stdin_once=once)
        self._attached.add(attachment)
        return attachment

    async def wait_for_log(self) -> None:
        """Wait until it has written more to its log, or has ended."""
        if not self._ended.is_set():
            await self._log_grown.wait()

    def _wake(self) -> None:
        """Let those go on who wait for the log, as for the end."""
        self._log_grown.set()
        self._log_grown.clear()
