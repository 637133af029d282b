"""A view of the machine's files in which a few are others: a mount namespace.

A container's `/etc/resolv.conf` and `/etc/hosts` are its own, and every program reads them by just
these paths. Making such a view takes root (CAP_SYS_ADMIN); without it, the programs of some images
are led there one by one (`shim`).

A namespace belongs to a thread here: a thread enters it, starts a process in it, and ends. So the
daemon itself never leaves its own, and starting a process takes no helper program.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

_Result = TypeVar("_Result")

# From linux/sched.h and linux/mount.h.
_CLONE_FS, _CLONE_NEWNS = 0x200, 0x20000
_BIND, _RECURSIVE, _SLAVE = 0x1000, 0x4000, 0x80000
_libc = ctypes.CDLL(None, use_errno=True)


class MountNamespace:
    """Open until `close`, or until the last process in it has ended."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        """Show each of these files at its path. Raises OSError where that is not allowed."""

        def make() -> int:
            _call(_libc.unshare, _CLONE_NEWNS)
            # What is mounted here is nobody else's business.
            _call(_libc.mount, None, b"/", None, _SLAVE | _RECURSIVE, None)
            for path, file in files.items():
                _call(_libc.mount, os.fsencode(file), os.fsencode(path), None, _BIND, None)
            return os.open("/proc/thread-self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)

        self._descriptor = _in_thread(make)

    def run(self, function: Callable[[], _Result]) -> _Result:
        """Call a function inside: a process that it starts stays there."""

        def enter() -> _Result:
            _call(_libc.unshare, _CLONE_FS)
            _call(_libc.setns, self._descriptor, _CLONE_NEWNS)
            return function()

        return _in_thread(enter)

    def close(self) -> None:
        """Let go of it; its processes stay where they are."""
        os.close(self._descriptor)


def _in_thread(function: Callable[[], _Result]) -> _Result:
    outcome: Future[_Result] = Future()

    def run() -> None:
        try:
            outcome.set_result(function())
        except BaseException as error:
            outcome.set_exception(error)

    thread = Thread(target=run, name="mount namespace")
    thread.start()
    thread.join()
    return outcome.result()


def _call(function: Any, *args: Any) -> None:
    if function(*args) == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
