"""A container's program as a plain child of this process, in a session of its own.

It is started by vfork, which takes a fraction of a millisecond however large the daemon is; that
rules out `preexec_fn`, which would force a copy of all page tables.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from kubelearn.containers.child import Ends
from kubelearn.containers.runtime import StartError

Started = tuple["PlainProcess", Ends]

# A session leader that opens a terminal gets it as its controlling one, so a shell's redirection
# does what login_tty does.
_ON_TERMINAL = 'exec "$@" <"$0" >"$0" 2>&1'


class PlainProcess:
    """A child that leads a session and a group; what stays in its group ends with it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.pid = process.pid
        self._process = process
        self._pidfd = os.pidfd_open(process.pid)

    def terminate(self) -> None:
        """Send SIGTERM to the process alone, unless it has no handler for it.

        In a container the first process has pid 1, and the kernel keeps signals from pid 1 that
        it does not catch. So `sleep` takes its whole grace period here too.
        """
        if _catches(self.pid, signal.SIGTERM):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """Kill the process and everything in its group."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def when_ended(self, call: Callable[[int], None]) -> None:
        """Call back with its exit code."""
        loop = asyncio.get_running_loop()

        def on_end() -> None:
            loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            # What it left in its group goes with it. The leader is reaped only after this, so the
            # group's number cannot have gone to anybody else.
            self.kill()
            code = self._process.wait()
            call(code if code >= 0 else 128 - code)

        loop.add_reader(self._pidfd, on_end)


def start(
    argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, stdin: bool, tty: bool
) -> Started:
    """Start a program. Raises StartError."""
    try:
        return _on_terminal(argv, env, cwd) if tty else _on_pipes(argv, env, cwd, stdin=stdin)
    except (OSError, ValueError) as error:
        raise StartError(f'exec: "{argv[0]}": {_reason(error)}') from error


def _on_pipes(argv: Sequence[str], env: Mapping[str, str], cwd: Path, *, stdin: bool) -> Started:
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
    ends = Ends({_own(process.stdout.fileno()): 1, _own(process.stderr.fileno()): 2})
    if process.stdin:
        ends.input = _own(process.stdin.fileno())
    for end in (process.stdin, process.stdout, process.stderr):
        if end:
            end.close()
    return PlainProcess(process), ends


def _on_terminal(argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> Started:
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
    return PlainProcess(process), Ends.of_terminal(ours)


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
