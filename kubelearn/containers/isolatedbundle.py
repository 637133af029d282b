"""One container of the namespaces runtime, as a bundle is one of runc's: how its programs start."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubelearn.containers.cgroup import Cgroup
from kubelearn.containers.child import Ends
from kubelearn.containers.handler import Started
from kubelearn.containers.launcher import LaunchedProcess, Launcher
from kubelearn.containers.runtime import LinuxUser, StartError
from kubelearn.containers.sockets import Place, answer_from_now_on


@dataclass
class IsolatedBundle:
    """A container's folder, and how to run programs in its namespaces."""

    folder: Path
    user: LinuxUser
    request: Mapping[str, Any]
    join: Mapping[str, int]
    launcher: Launcher
    place: Place | None
    cgroup: Cgroup | None
    own_processes: bool
    target: int | None = None
    """The namespace of the processes of another container, if it has that."""
    process: LaunchedProcess | None = None

    async def start(self, *, stdin: bool, tty: bool) -> Started:
        """Start the container's own program. Raises StartError."""
        request = {**self.request, "action": "run", "process": self._process_of(tty=tty)}
        self.process, ends = await self._launch(
            request, stdin=stdin, tty=tty, kill=self._kill_others
        )
        return self.process, ends

    async def exec(self, command: Sequence[str], *, stdin: bool, tty: bool) -> Started:
        """Start a program beside it. Raises StartError."""
        if self.process is None:
            raise StartError("the container is not running")
        request = {
            "action": "exec",
            "pid": self.process.pid,
            "cgroups": self.request["cgroups"],
            "gate": self.request["gate"],
            "process": {**self._process_of(tty=tty), "args": list(command)},
        }
        return await self._launch(request, stdin=stdin, tty=tty)

    def to_container(self, output: bytes) -> bytes:
        """Output as it is."""
        return output

    def close(self) -> None:
        """Remove its control group."""
        if self.target is not None:
            os.close(self.target)
        if self.cgroup:
            self.cgroup.remove()

    def _process_of(self, *, tty: bool) -> dict[str, Any]:
        process = self.request["process"]
        env = {**({"TERM": "xterm"} if tty else {}), **process["env"]}
        return {**process, "env": env, "terminal": tty}

    async def _launch(
        self, request: Mapping[str, Any], *, stdin: bool, tty: bool, **options: Any
    ) -> tuple[LaunchedProcess, Ends]:
        ends, theirs = (Ends(), []) if tty else _pipes(stdin=stdin)
        join = self.join if request["action"] == "run" else {}
        try:
            answer = await self.launcher.ask(request, ends=theirs, join=join)
        except BaseException:
            for descriptor in (*ends.outputs, ends.input):
                if descriptor is not None:
                    os.close(descriptor)
            raise
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        if "terminal" in answer.files:
            ends = Ends.of_terminal(answer.files["terminal"])
        if "listener" in answer.files and self.place:
            loop = asyncio.get_running_loop()
            answer_from_now_on(loop, answer.files["listener"], self.place)
        return LaunchedProcess(answer, **options), ends

    def _kill_others(self) -> None:
        """Kill what does not end with process 1, as that is not the container's own."""
        if self.cgroup and not self.own_processes:
            self.cgroup.kill()


def _pipes(*, stdin: bool) -> tuple[Ends, list[int]]:
    """Ends for us, and for the process."""
    out, their_out = os.pipe2(os.O_CLOEXEC)
    err, their_err = os.pipe2(os.O_CLOEXEC)
    ends = Ends({out: 1, err: 2})
    if stdin:
        their_in, ends.input = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(ends.input, False)
    else:
        their_in = os.open(os.devnull, os.O_RDONLY)
    for descriptor in (out, err):
        os.set_blocking(descriptor, False)
    return ends, [their_in, their_out, their_err]
