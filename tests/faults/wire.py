"""A connection to a cluster that hides nothing, and what breaks it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kubelearn.clusters import EmbeddedCluster
from kubelearn.embedded.launch import identities, tls

GONE = (OSError, http.client.HTTPException)
"""What a client sees of a server that was killed."""

STRANGER = "127.99.99.1"
"""Where those connect from whose connections are counted: the cluster's own come and go."""


class Wire:
    """One connection to a cluster's API server, as its administrator: no retries, no pool."""

    def __init__(self, cluster: EmbeddedCluster, *, timeout: float = 30) -> None:
        self.cluster = cluster
        self.timeout = timeout
        self._http: http.client.HTTPSConnection | None = None
        self._answer: http.client.HTTPResponse | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the server, as the kubeconfig has them now."""
        url = urlsplit(self.cluster.api_client.configuration.host)
        return str(url.hostname), int(url.port or 443)

    def context(self) -> ssl.SSLContext:
        """TLS with the administrator's certificate."""
        return tls.client(self.cluster.folder.pki, identities.ADMIN)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        """The status and the JSON of the answer; raises one of GONE if there is none."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        try:
            answer = self._ask(method, path, data, headers or {})
            return answer.status, json.loads(answer.read())
        except BaseException:
            self.close()
            raise

    def watch(self, path: str) -> Iterator[Any]:
        """The events of a watch, until the server ends it or goes."""
        try:
            for line in self._ask("GET", path, None, {}):
                yield json.loads(line)
        finally:
            self.close()

    def close(self) -> None:
        """Hang up; the next request connects again."""
        for part in (self._answer, self._http):
            if part:
                part.close()
        self._answer = self._http = None

    def _ask(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        if self._http is None:
            host, port = self.address
            self._http = http.client.HTTPSConnection(
                host, port, context=self.context(), timeout=self.timeout
            )
        sent = {"Content-Type": "application/json"} if data is not None else {}
        self._http.request(method, path, data, sent | headers)
        self._answer = self._http.getresponse()
        return self._answer


def strangers() -> int:
    """How many connections from STRANGER their server still holds."""
    there = socket.inet_aton(STRANGER)[::-1].hex().upper()
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    # Columns: number, local address, remote address, ... ; inode 0 is no process's any more.
    return sum(line[2].startswith(f"{there}:") and line[9] != "0" for line in lines)


def connect_as_stranger(address: tuple[str, int], *, timeout: float) -> socket.socket:
    """A plain connection that `strangers` counts."""
    return socket.create_connection(address, timeout, source_address=(STRANGER, 0))


def megabytes(pid: int) -> int:
    """How much memory a process has in use."""
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20


def kill(cluster: EmbeddedCluster) -> None:
    """`kill -9` of the daemon."""
    pid = cluster.status()["pid"]
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
