"""Asking a cluster's daemon: HTTP over its Unix socket, with the standard library alone.

`kubelearn up` and `status` must not wait for a web framework to load.
"""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any
from urllib.parse import quote

from kubelearn.embedded.state import StateFolder
from kubelearn.errors import ClusterError, NotAvailable

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


def ask(folder: StateFolder, method: str, *path: str, timeout: float = _SECONDS) -> Any:
    """Send a request to the daemon; `path` are the parts of the path.

    Raises ClusterError when it does not run or hangs, NotAvailable for what it refuses.
    """
    connection = _Connection(folder, timeout=timeout)
    try:
        connection.request(method, "/" + "/".join(quote(part, safe="@") for part in path))
        response = connection.getresponse()
        answer = json.loads(response.read())
    except (OSError, http.client.HTTPException) as error:
        raise ClusterError(
            f"cluster {folder.name} does not run", hint=f"kubelearn up --name {folder.name}"
        ) from error
    finally:
        connection.close()
    if response.status >= 400:
        raise NotAvailable(answer["message"], hint=answer["hint"])
    return answer
