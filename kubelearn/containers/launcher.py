"""The daemon's side of the zygote: starts it when it is needed, and asks it for processes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubelearn.containers.runtime import StartError
from kubelearn.containers.setuprequest import receive
from kubelearn.errors import ContainerError

_ANSWER = 2**16
_KILLED = 137
_GONE = "the program that sets containers up has ended"


@dataclass
class Answer:
    """What the zygote and its child have said."""

    rest: socket.socket
    status: int | None = None
    error: str = ""
    done: bool = False
    on_disk: bool = True
    """Of a probe: whether containers write to the disk."""
    files: dict[str, int] = field(default_factory=dict)

    def close(self) -> None:
        """Let go of what came with it."""
        self.rest.close()
        for descriptor in self.files.values():
            os.close(descriptor)


class Launcher:
    """Has a zygote while there is something to ask it for."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._one_at_a_time = threading.Lock()
        self.rootless = False

    def start(self) -> None:
        """Start the zygote, if it does not run. Raises ContainerError, if this is not allowed."""
        if self._process and self._process.poll() is None:
            return
        self.close()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "kubelearn.containers.zygote", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._control = ours
        answer = json.loads(ours.recv(_ANSWER) or b'{"error": "it ended at once"}')
        if "error" in answer:
            self.close()
            raise ContainerError(f"no containers with namespaces: {answer['error']}")
        self.rootless = answer["rootless"]

    async def ask(
        self,
        request: Mapping[str, Any],
        *,
        ends: Sequence[int] = (),
        join: Mapping[str, int] | None = None,
    ) -> Answer:
        """What comes of a request: a process that runs, or just files. Raises StartError."""
        join = join or {}
        await asyncio.to_thread(self._be_there)
        answers, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        started, begun = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        nothing = os.open(os.devnull, os.O_RDWR)
        try:
            with theirs, _file({**request, "join": list(join)}) as text:
                common = [text, theirs.fileno(), begun, *(ends or [nothing] * 3)]
                self._send([*common, *join.values()])
        finally:
            os.close(begun)
            os.close(nothing)
        ended = asyncio.ensure_future(_ended(started))
        try:
            await asyncio.shield(ended)
        except asyncio.CancelledError:
            ended.add_done_callback(lambda _: _abandon(answers))
            raise
        answer = _collect(answers)
        if answer.error:
            answer.close()
            raise StartError(answer.error)
        return answer

    def _be_there(self) -> None:
        with self._one_at_a_time:
            self.start()

    def _send(self, files: Sequence[int]) -> None:
        if self._control is None:
            raise StartError(_GONE)
        try:
            socket.send_fds(self._control, [b"x"], files)
        except OSError as error:
            raise StartError(f"{_GONE}: {error.strerror}") from error

    def close(self) -> None:
        """End the zygote, and with it all that it has started."""
        if self._control:
            self._control.close()
        if self._process:
            self._process.wait()
        self._process = self._control = None


@contextlib.contextmanager
def _file(request: Mapping[str, Any]) -> Any:
    """The request as an open file."""
    descriptor = os.memfd_create("request")
    try:
        with open(descriptor, "w", closefd=False) as file:
            json.dump(request, file)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


async def _ended(pipe: int) -> None:
    """Wait until nobody has the other end any more, and close this one."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(pipe, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(pipe)
        os.close(pipe)


def _collect(answers: socket.socket) -> Answer:
    """All that was said until now."""
    answers.setblocking(False)
    answer = Answer(answers)
    with contextlib.suppress(BlockingIOError):
        while True:
            data, files = receive(answers)
            if not data:
                break
            match json.loads(data):
                case {"done": _}:
                    answer.done = True
                case {"files": names}:
                    answer.files |= dict(zip(names, files, strict=True))
                case {"on_disk": on_disk}:
                    answer.on_disk = on_disk
                case {"status": status}:
                    answer.status = status
                case {"error": error}:
                    answer.error = error
    if not answer.done:
        answer.error = answer.error or _GONE
    return answer


def _abandon(answers: socket.socket) -> None:
    """Nobody waits any more: what has been started has no owner."""
    answer = _collect(answers)
    if process := answer.files.get("process"):
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(process, signal.SIGKILL)
    answer.close()


class LaunchedProcess:
    """A process that the zygote has started; what stays in its group ends with it."""

    def __init__(self, answer: Answer, *, kill: Callable[[], None] = lambda: None) -> None:
        """`kill` ends what is neither its own nor among the processes that end with it."""
        self._pidfd = answer.files["process"]
        self.pid = _number_of(self._pidfd)
        self._answers = answer.rest
        self._status = answer.status
        self._kill = kill

    def terminate(self) -> None:
        """Send SIGTERM, which the kernel keeps from process 1 if that has no handler."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it, and with process 1 all others that it sees."""
        self._signal(signal.SIGKILL)
        self._kill()

    def when_ended(self, call: Callable[[int], None]) -> None:
        """Call back with its exit code."""
        loop = asyncio.get_running_loop()
        if self._status is not None:
            loop.call_soon(self._on_end, self._status, call)
        else:
            loop.add_reader(self._answers, self._hear, loop, call)

    def _hear(self, loop: asyncio.AbstractEventLoop, call: Callable[[int], None]) -> None:
        data = self._answers.recv(_ANSWER)
        loop.remove_reader(self._answers)
        # Without a zygote nobody knows; what it has started was killed with it.
        self._on_end(json.loads(data)["status"] if data else _KILLED, call)

    def _on_end(self, status: int, call: Callable[[int], None]) -> None:
        os.close(self._pidfd)
        self._pidfd = -1
        self._answers.close()
        self._kill()
        call(status)

    def _signal(self, number: int) -> None:
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)


def _number_of(pidfd: int) -> int:
    """A process's number among the machine's; -1 if it has ended."""
    text = Path(f"/proc/self/fdinfo/{pidfd}").read_text()
    return int(text.partition("\nPid:")[2].split(maxsplit=1)[0])
