"""Starting and stopping the daemon of an embedded cluster, from any process of its user.

One lock decides who may: whoever holds it starts the daemon and hands the lock over to it, open
file and all, so there is no moment at which two could start one, and after `kill -9` the kernel
has freed it. No file with a process number can be out of date.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from kubelearn import errors
from kubelearn.clusters.controlsocket import ask
from kubelearn.embedded.state import StateFolder
from kubelearn.errors import ClusterError, KubelearnError

Step = Callable[[str, str], None]
"""Told the name of each step of a start, and its result."""

_START_SECONDS = 60
_STOP_SECONDS = 20
_KILL_SECONDS = 5
_POLL_SECONDS = 0.02
_ASK_SECONDS = 5.0
_LOG_BYTES = 2_000_000


def status(folder: StateFolder) -> dict[str, Any] | None:
    """What the daemon says of itself; None when there is none that answers."""
    if not folder.control.exists():
        return None
    try:
        answer: dict[str, Any] = ask(folder, "GET", "status", timeout=_ASK_SECONDS)
    except ClusterError:
        return None
    return answer


def start(
    folder: StateFolder,
    *,
    nodes: int | None,
    port: int | None,
    step: Step,
    runtime: str | None = None,
) -> bool:
    """Have a daemon that is ready; tells whether it was started now.

    While somebody else is starting it, waits for that. Raises StateError or ClusterError, with the
    daemon's own reason if it gave one.
    """
    folder.prepare()
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        lock = folder.try_lock()
        if lock is not None:
            try:
                chosen = {"--nodes": nodes, "--port": port, "--runtime": runtime}
                _launch(folder, chosen, lock=lock, step=step)
            finally:
                os.close(lock)
            return True
        found = status(folder)
        if found and found["ready"]:
            return False
        time.sleep(_POLL_SECONDS)
    raise ClusterError(
        f"cluster {folder.name} is being started, but is not ready after {_START_SECONDS} s",
        hint=f"kubelearn down --name {folder.name}   # then up again; its log is {folder.log}",
    )


def stop(folder: StateFolder) -> bool:
    """End the daemon and everything that it runs; tells whether there was one.

    Raises ClusterError for one that cannot be ended.
    """
    if not folder.path.is_dir():
        return False
    if _is_over(folder, within=0):
        _end_leftovers(folder)
        return False
    found = status(folder)
    with contextlib.suppress(ClusterError):
        ask(folder, "POST", "shutdown", timeout=_ASK_SECONDS)
    if not _is_over(folder, within=_STOP_SECONDS):
        _kill(folder)
        _end_leftovers(folder)
    if found:
        # If it was this process that started it, nobody else takes note of its end.
        with contextlib.suppress(ChildProcessError):
            os.waitpid(found["pid"], 0)
    return True


def _kill(folder: StateFolder) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in _processes(folder):
            os.kill(process, number)
        if _is_over(folder, within=_KILL_SECONDS):
            return
    raise ClusterError(
        f"the daemon of cluster {folder.name} does not end", hint=f"tail -n 50 {folder.log}"
    )


def _end_leftovers(folder: StateFolder) -> None:
    """End the containers of a daemon that was killed."""
    left = [path for path in folder.nodes.glob("*/containers") if any(path.iterdir())]
    if left:
        import asyncio
        from concurrent.futures import ThreadPoolExecutor

        from kubelearn.containers import leftovers

        # In a thread, because a notebook's own thread has an event loop that runs.
        with ThreadPoolExecutor(1) as thread:
            for path in left:
                thread.submit(asyncio.run, leftovers.end_all(path)).result()


def _launch(
    folder: StateFolder, chosen: Mapping[str, int | str | None], *, lock: int, step: Step
) -> None:
    reading, writing = os.pipe()
    options = {**chosen, "--lock-fd": lock, "--report-fd": writing}
    with os.fdopen(reading, "rb") as report:
        try:
            daemon = _spawn(folder, options, pass_fds=(lock, writing))
        finally:
            os.close(writing)
        try:
            ready = _follow(report, step)
        except KubelearnError:
            daemon.wait()
            raise
    if not ready:
        daemon.wait()
        raise ClusterError(
            f"cluster {folder.name} ended while it started: {_last_line(folder.log)}",
            hint=f"tail -n 50 {folder.log}   # has the details",
        )
    # It outlives this process on purpose; without this, Python would warn of a forgotten child.
    daemon.returncode = 0


def _spawn(
    folder: StateFolder, options: Mapping[str, int | str | None], *, pass_fds: tuple[int, ...]
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "kubelearn.embedded.launch", "--state", str(folder.path)]
    for name, value in options.items():
        command += [] if value is None else [name, str(value)]
    try:
        with _open_log(folder.log) as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Whoever deletes the folder in which this was typed must not be kept from it.
                cwd="/",
                start_new_session=True,
                pass_fds=pass_fds,
            )
    except OSError as error:
        raise folder.unusable(error) from error


def _open_log(path: Path) -> Any:
    if path.exists() and path.stat().st_size > _LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")


def _follow(report: Any, step: Step) -> bool:
    """Pass on the daemon's steps, up to its word that it is ready; False if that never came."""
    for line in report:
        told = json.loads(line)
        if "error" in told:
            kind = getattr(errors, told["type"], ClusterError)
            raise kind(told["error"]["message"], hint=told["error"]["hint"])
        if "ready" in told:
            return True
        step(told["step"], told["result"])
    return False


def _is_over(folder: StateFolder, *, within: float) -> bool:
    deadline = time.monotonic() + within
    while True:
        lock = folder.try_lock()
        if lock is not None:
            os.close(lock)
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)


def _processes(folder: StateFolder) -> Iterator[int]:
    """The daemon of that folder, found by its command line: it is one that does not answer."""
    wanted = [b"kubelearn.embedded.launch", b"--state", os.fsencode(folder.path)]
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[2:5] == wanted:
            yield int(entry.name)


def _last_line(path: Path) -> str:
    try:
        lines = path.read_text(errors="replace").split("\n")
    except OSError:
        return "it said nothing"
    return next((line for line in reversed(lines) if line.strip()), "it said nothing")
