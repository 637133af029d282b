"""A view of the machine in which its name and a few of its files are others.

A container's host name, `/etc/resolv.conf` and `/etc/hosts` are its own, and every program reads
them in just these places. Making such a view takes root (CAP_SYS_ADMIN); without it, the programs
of some images are led there one by one (`shim`).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from kubelearn.containers.kernel import call, libc
from kubelearn.containers.thread import in_thread

_Result = TypeVar("_Result")

# From linux/sched.h and linux/mount.h.
_CLONE_FS, _CLONE_NEWNS, _CLONE_NEWUTS = 0x200, 0x20000, 0x4000000
_BIND, _RECURSIVE, _SLAVE = 0x1000, 0x4000, 0x80000
_OWN = {"mnt": _CLONE_NEWNS, "uts": _CLONE_NEWUTS}


class Namespaces:
    """Open until `close`, or until the last process in them has ended."""

    def __init__(self, files: Mapping[str, Path], *, hostname: str) -> None:
        """Show each of these files at its path, and the name. Raises OSError if not allowed."""

        def make() -> list[int]:
            call(libc.unshare, _CLONE_NEWNS | _CLONE_NEWUTS)
            # What is mounted here is nobody else's business.
            call(libc.mount, None, b"/", None, _SLAVE | _RECURSIVE, None)
            for path, file in files.items():
                call(libc.mount, os.fsencode(file), os.fsencode(path), None, _BIND, None)
            socket.sethostname(hostname)
            return [
                os.open(f"/proc/thread-self/ns/{name}", os.O_RDONLY | os.O_CLOEXEC) for name in _OWN
            ]

        self._descriptors = in_thread(make)

    def run(self, function: Callable[[], _Result]) -> _Result:
        """Call a function inside: a process that it starts stays there."""

        def enter() -> _Result:
            call(libc.unshare, _CLONE_FS)
            for descriptor, kind in zip(self._descriptors, _OWN.values(), strict=True):
                call(libc.setns, descriptor, kind)
            return function()

        return in_thread(enter)

    def close(self) -> None:
        """Let go of them; their processes stay where they are."""
        for descriptor in self._descriptors:
            os.close(descriptor)
