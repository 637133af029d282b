"""What the zygote is asked for: a request with open files, and the way to answer it.

The files are, in this order: the request as JSON; a socket for answers; a pipe whose end tells that
the program runs or that nothing will come of it; the program's input and its two outputs; and the
namespaces to enter, in the order of the request's `join`.
"""

from __future__ import annotations

import array
import contextlib
import json
import os
import socket
from collections.abc import Mapping, Sequence
from typing import Any, Self

from kubelearn.containers import kernel

_COMMON = 6
_MESSAGE, _MOST_FILES = 2**16, 16


class Setup:
    """One request. A context: at its end the files are closed."""

    def __init__(self, files: Sequence[int], *, rootless: bool) -> None:
        self._files = list(files)
        request, answers, *_ = files
        with open(request, closefd=False) as file:
            self.request: dict[str, Any] = json.load(file)
        self.answers = socket.socket(fileno=os.dup(answers))
        self.ends = files[_COMMON - 3 : _COMMON]
        self.new: Sequence[str] = self.request.get("namespaces", ())
        names = self.request.get("join", ())
        self.join: dict[str, int] = dict(zip(names, files[_COMMON:], strict=False))
        self.rootless = rootless

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.answers.close()
        for descriptor in self._files:
            os.close(descriptor)

    def say(self, answer: Mapping[str, object], files: Sequence[int] = ()) -> None:
        """Answer, with open files, which are closed here."""
        say(self.answers, answer, files)
        for descriptor in files:
            os.close(descriptor)

    @property
    def own(self) -> Sequence[str]:
        """The kinds of namespaces that are the pod's or the container's, and not the machine's."""
        return (*self.new, *self.join)

    def join_those_of(self, pid: int) -> None:
        """Enter all namespaces of a process that are not ours."""
        for name in kernel.NAMESPACES:
            path = f"/proc/{pid}/ns/{name}"
            if os.stat(path).st_ino != os.stat(f"/proc/self/ns/{name}").st_ino:
                self.join[name] = os.open(path, os.O_RDONLY)
                self._files.append(self.join[name])


def say(answers: socket.socket, answer: Mapping[str, object], files: Sequence[int] = ()) -> None:
    """Send an answer, which nobody may be left to take."""
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))] if files else []
    with contextlib.suppress(OSError):
        answers.sendmsg([json.dumps(answer).encode()], rights, socket.MSG_NOSIGNAL)


def receive(source: socket.socket) -> tuple[bytes, list[int]]:
    """Take a message with the open files that came along, which no other program inherits."""
    # The library's `recv_fds` takes flags and forgets them.
    size = socket.CMSG_SPACE(_MOST_FILES * array.array("i").itemsize)
    data, extras, _, _ = source.recvmsg(_MESSAGE, size, socket.MSG_CMSG_CLOEXEC)
    files = array.array("i")
    for level, kind, content in extras:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            files.frombytes(content[: len(content) - len(content) % files.itemsize])
    return data, list(files)
