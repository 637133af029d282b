"""Asking a cluster's daemon: HTTP over its Unix socket, with the standard library alone.

`kubelearn up` and `status` must not wait for a web framework to load.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import math
import socket
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from kubelearn import errors
from kubelearn.embedded.state import StateFolder
from kubelearn.errors import ClusterError, KubelearnError

_SECONDS = 30


class _Connection(http.client.HTTPConnection):
    def __init__(self, folder: StateFolder, *, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._folder = folder

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        with self._folder.control_path() as path:
            self.sock.connect(path)


def ask(
    folder: StateFolder, method: str, *path: str, timeout: float = _SECONDS, **query: object
) -> Any:
    """Send a request to the daemon; `path` are the parts of the path, `timeout` is in seconds.

    Raises ClusterError when it does not run or hangs, and what it refuses with: NotAvailable, say.
    """
    with _answer(folder, method, *path, timeout=timeout, **query) as (response, _):
        return json.loads(response.read())


def stream(
    folder: StateFolder, *path: str, seconds: float | None = None, **query: object
) -> Iterator[Any]:
    """The lines of an answer that goes on, to its end or for so many seconds. Raises as `ask`.

    What comes from now on is kept for the reader, however late it begins to read.
    """
    end = math.inf if seconds is None else time.monotonic() + seconds
    opened = contextlib.ExitStack()
    answer = opened.enter_context(_answer(folder, "GET", *path, timeout=_SECONDS, **query))
    return _lines(opened, *answer, end=end)


def _lines(
    opened: contextlib.ExitStack,
    response: http.client.HTTPResponse,
    door: socket.socket,
    *,
    end: float,
) -> Iterator[Any]:
    with opened:
        while (left := end - time.monotonic()) > 0:
            door.settimeout(min(left, _SECONDS))
            try:
                line = response.readline()
            except TimeoutError:
                if time.monotonic() >= end:
                    return
                raise
            if not line:
                return
            if line.strip():
                told = json.loads(line)
                if "error" in told:
                    raise _refusal(told["error"])
                yield told


@contextlib.contextmanager
def _answer(
    folder: StateFolder, method: str, *path: str, timeout: float, **query: object
) -> Iterator[tuple[http.client.HTTPResponse, socket.socket]]:
    connection = _Connection(folder, timeout=timeout)
    line = "/" + "/".join(quote(part, safe="@") for part in path)
    try:
        connection.request(method, f"{line}?{urlencode(query)}" if query else line)
        door = connection.sock
        with connection.getresponse() as response:
            if response.status >= 400:
                raise _refusal(json.loads(response.read()))
            yield response, door
    except (OSError, http.client.HTTPException) as error:
        raise ClusterError(
            f"cluster {folder.name} does not run", hint=f"kubelearn up --name {folder.name}"
        ) from error
    finally:
        connection.close()


def _refusal(told: Mapping[str, str]) -> KubelearnError:
    kind: type[KubelearnError] = getattr(errors, told["type"], ClusterError)
    return kind(told["message"], hint=told["hint"])
