"""The way to a node's kubelet: its address from the Node object, and one HTTP session for all.

Stands for k8s.io/kubernetes `pkg/kubelet/client/kubelet_client.go`. The API server shows its own
client certificate, so that a kubelet can refuse everybody else.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping

import aiohttp
from yarl import URL

from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.registries import Registries
from kubelearn.embedded.apiserver.status import StatusError, internal, unknown
from kubelearn.objects import Object

_PORT = 10250
_CONNECT_TIMEOUT = 10


class Kubelets:
    """Connections to the kubelets of all nodes."""

    def __init__(self, registries: Registries, *, tls: ssl.SSLContext | None) -> None:
        self._registries = registries
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The session for kubelets and for what is proxied to; made on first use."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._tls or True, limit=0),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_TIMEOUT),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def close(self) -> None:
        """Give the connections back."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def url(self, node: str, path: str, query: Mapping[str, str | None] | None = None) -> URL:
        """Where a node's kubelet serves that path; raises 404 for unknown nodes."""
        obj = decode(self._registries.resource("nodes").get("", node).value)
        status = obj.get("status") or {}
        endpoint = (status.get("daemonEndpoints") or {}).get("kubeletEndpoint") or {}
        return URL.build(
            scheme="https" if self._tls else "http",
            host=_address(obj),
            port=endpoint.get("Port", _PORT),
            path=path,
            query={k: v for k, v in (query or {}).items() if v is not None},
        )


def _address(node: Object) -> str:
    addresses = (node.get("status") or {}).get("addresses") or []
    by_type = {each["type"]: each["address"] for each in reversed(addresses)}
    # Names of virtual nodes resolve nowhere, so addresses come first here.
    for wanted in ("InternalIP", "ExternalIP"):
        if wanted in by_type:
            return str(by_type[wanted])
    raise internal(f"no preferred addresses found; known addresses: {list(by_type.values())}")


def unreachable(url: URL, error: Exception) -> StatusError:
    """500 for a kubelet that does not answer, in the words of Go's HTTP client."""
    return internal(f'Get "{url}": {_dial(url, error)}')


def not_dialed(url: URL, error: Exception) -> StatusError:
    """500 for a kubelet to which no connection can be made that is to be upgraded."""
    return unknown(f"error dialing backend: {_dial(url, error)}")


def _dial(url: URL, error: Exception) -> str:
    refused = isinstance(error, aiohttp.ClientConnectorError) and isinstance(
        error.os_error, ConnectionRefusedError
    )
    problem = "connect: connection refused" if refused else str(error)
    return f"dial tcp {url.host}:{url.port}: {problem}"
