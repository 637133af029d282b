"""A child process in a session of its own, followed by the event loop.

Nothing here polls or blocks: pipes and the process's end (a pidfd) are watched as files. The
process is started by vfork, which takes a fraction of a millisecond however large the daemon is;
that rules out `preexec_fn`, which would force a copy of all page tables.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import struct
import subprocess
import termios
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from kubelearn.containers.runtime import StartError

Process = subprocess.Popen[bytes]
Spawn = Callable[[], Process]

_CHUNK = 65536
# How much is still read when the process has ended: pipes hold 64 KiB, and nobody writes any more.
_LAST_READS = 32

# A session leader that opens a terminal gets it as its controlling one, so a shell's redirection
# does what login_tty does.
_ON_TERMINAL = 'exec "$@" <"$0" >"$0" 2>&1'


class Child:
    """A process with its open ends. `on_output` gets 1 or 2 (stdout, stderr) and the bytes.

    `start` calls what it is given, where the process shall be.

    `rest` are seconds to read nothing after a full read, so that a program that prints without end
    cannot keep the event loop busy.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        on_output: Callable[[int, bytes], None],
        on_exit: Callable[[int], None],
        stdin: bool = False,
        tty: bool = False,
        rest: float = 0.0,
        start: Callable[[Spawn], Process],
    ) -> None:
        self._rest = rest
        self._on_output = on_output
        self._on_exit = on_exit
        self._loop = asyncio.get_running_loop()
        self._readers: dict[int, int] = {}
        self._held = False
        self._input: int | None = None
        self._terminal: int | None = None
        self._waiting: asyncio.Future[None] | None = None
        self.ended = False

        def spawn() -> Process:
            if tty:
                return self._spawn_on_terminal(argv, env, cwd)
            return self._spawn(argv, env, cwd, stdin)

        try:
            self._process = start(spawn)
        except (OSError, ValueError) as error:
            raise StartError(f'exec: "{argv[0]}": {_reason(error)}') from error
        self.pid = self._process.pid
        self._pidfd = os.pidfd_open(self.pid)
        self._loop.add_reader(self._pidfd, self._on_end)
        self.release()

    # --- starting ---

    def _spawn(
        self, argv: Sequence[str], env: Mapping[str, str], cwd: Path, stdin: bool
    ) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            argv,
            env=env,
            cwd=cwd,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            bufsize=0,
        )
        assert process.stdout
        assert process.stderr
        self._readers = {_own(process.stdout.fileno()): 1, _own(process.stderr.fileno()): 2}
        if process.stdin:
            self._input = _own(process.stdin.fileno())
        for end in (process.stdin, process.stdout, process.stderr):
            if end:
                end.close()
        return process

    def _spawn_on_terminal(
        self, argv: Sequence[str], env: Mapping[str, str], cwd: Path
    ) -> subprocess.Popen[bytes]:
        if not shutil.which(argv[0], path=env.get("PATH")):
            raise FileNotFoundError(argv[0])
        ours, theirs = os.openpty()
        try:
            process = subprocess.Popen(
                ["/bin/sh", "-c", _ON_TERMINAL, os.ttyname(theirs), *argv],
                env=env,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=theirs,
                stderr=theirs,
                start_new_session=True,
            )
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        os.set_blocking(ours, False)
        self._readers, self._input, self._terminal = {ours: 1}, ours, ours
        return process

    # --- output ---

    def hold(self) -> None:
        """Read no more output until `release`; a full pipe makes the process wait."""
        self._held = True
        for descriptor in self._readers:
            self._loop.remove_reader(descriptor)

    def release(self) -> None:
        """Read output again."""
        self._held = False
        for descriptor in self._readers:
            self._loop.add_reader(descriptor, self._readable, descriptor)

    def _readable(self, descriptor: int) -> None:
        if self._read(descriptor) == _CHUNK and self._rest:
            self._loop.remove_reader(descriptor)
            self._loop.call_later(self._rest, self._resume, descriptor)

    def _resume(self, descriptor: int) -> None:
        if descriptor in self._readers and not self._held:
            self._loop.add_reader(descriptor, self._readable, descriptor)

    def _read(self, descriptor: int) -> int:
        """Take what is there: its length, 0 at the end, -1 when there is nothing now."""
        try:
            data = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return -1
        except OSError:  # how a terminal says that nobody has it open any more
            data = b""
        if data:
            self._on_output(self._readers[descriptor], data)
        else:
            self._drop(descriptor)
        return len(data)

    def _drop(self, descriptor: int) -> None:
        self._loop.remove_reader(descriptor)
        del self._readers[descriptor]
        if descriptor != self._terminal:
            os.close(descriptor)

    # --- input ---

    async def write(self, data: bytes) -> None:
        """Send input; input that nobody takes any more is lost."""
        while data and self._input is not None:
            try:
                data = data[os.write(self._input, data) :]
            except BlockingIOError:
                await self._writable(self._input)
            except OSError:
                self.close_input()

    async def _writable(self, descriptor: int) -> None:
        self._waiting = self._loop.create_future()
        self._loop.add_writer(descriptor, self._wake_writer)
        await self._waiting

    def _wake_writer(self) -> None:
        if self._input is not None:
            self._loop.remove_writer(self._input)
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)

    def close_input(self) -> None:
        """End the input: the process reads end-of-file."""
        if self._input is None:
            return
        self._wake_writer()
        descriptor, self._input = self._input, None
        if descriptor != self._terminal:
            os.close(descriptor)
            return
        with contextlib.suppress(OSError):
            os.write(descriptor, b"\x04")  # what Ctrl-D sends

    def resize(self, width: int, height: int) -> None:
        """Tell the terminal its size, which signals SIGWINCH to the process."""
        if self._terminal is not None:
            size = struct.pack("HHHH", height, width, 0, 0)
            fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, size)

    # --- the end ---

    def kill(self) -> None:
        """Kill the process and everything in its group."""
        if not self.ended:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def terminate(self) -> None:
        """Send SIGTERM to the process alone, unless it has no handler for it.

        In a container the first process has pid 1, and the kernel keeps signals from pid 1 that
        it does not catch. So `sleep` takes its whole grace period here too.
        """
        if _catches(self.pid, signal.SIGTERM):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    def _on_end(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        # What it left in its group goes with it. The leader is reaped only after this, so the
        # group's number cannot have gone to anybody else.
        self.kill()
        self.ended = True
        code = self._process.wait()
        for descriptor in list(self._readers):
            self._read_rest(descriptor)
        self.close_input()
        if self._terminal is not None:
            os.close(self._terminal)
        self._on_exit(code if code >= 0 else 128 - code)

    def _read_rest(self, descriptor: int) -> None:
        for _ in range(_LAST_READS):
            if self._read(descriptor) <= 0:
                break
        if descriptor in self._readers:
            self._drop(descriptor)


def _own(descriptor: int) -> int:
    """The same open end under a number of our own, not blocking, not inherited."""
    copy = os.dup(descriptor)
    os.set_blocking(copy, False)
    return copy


def _catches(pid: int, number: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    mask = int(status.partition("SigCgt:")[2].split(maxsplit=1)[0], 16)
    return bool(mask >> (number - 1) & 1)


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "executable file not found in $PATH"
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)).lower()
