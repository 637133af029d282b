"""A server behind an APIService: where it is, whether it answers, and the way to it.

Stands for k8s.io/kube-aggregator `pkg/apiserver/handler_proxy.go` and
`pkg/controllers/status/remote`. This server proves itself with the front proxy's certificate and
says in headers who the user is. Left out: upgraded connections (no extension server here has exec).
"""

from __future__ import annotations

import base64
import random as randomness
import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.response import text
from kubelearn.embedded.apiserver.serviceresolver import Unavailable, resolve
from kubelearn.embedded.store import Store
from kubelearn.objects import Object

Certificate = tuple[Path, Path]
"""The files of a certificate and its key."""

_SECONDS = 5.0
# Headers of one connection, and those that say who somebody is: only this server may set those.
_NOT_FORWARDED = (
    "connection", "host", "authorization", "transfer-encoding", "keep-alive", "x-remote-",
)  # fmt: skip
# What a header's name may hold besides letters and digits; anything else is escaped, `/` above all.
_TOKEN = "!#$&'*+-.^_`|~"
_NOT_RETURNED = ("connection", "transfer-encoding", "keep-alive", "content-length")


class Backend:
    """The server of one APIService. `spec` is fixed; another spec is another backend."""

    def __init__(
        self,
        spec: Object,
        *,
        store: Store,
        random: randomness.Random,
        certificate: Certificate | None,
    ) -> None:
        self.spec = spec
        self.available = False
        self._store = store
        self._random = random
        self._namespace = spec["service"]["namespace"]
        self._name = spec["service"]["name"]
        self._certificate = certificate
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Give the connections back."""
        if self._session:
            await self._session.close()
            self._session = None

    async def discover(self, user: User) -> list[Object]:
        """The resources that it says it has. Raises Unavailable."""
        path = f"/apis/{self.spec['group']}/{self.spec['version']}"
        url = self._url(path)
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        try:
            async with self._open().get(
                url,
                headers=_identity(user),
                timeout=timeout,
                allow_redirects=False,
                server_hostname=self._host,
            ) as answer:
                if answer.status != 200:
                    problem = f"bad status from {url}: {answer.status}"
                    raise Unavailable("FailedDiscoveryCheck", problem)
                resources: list[Object] = (await answer.json()).get("resources") or []
                return resources
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            problem = f"failing or missing response from {url}: {error or type(error).__name__}"
            raise Unavailable("FailedDiscoveryCheck", problem) from error

    async def forward(self, request: Request) -> web.StreamResponse:
        """Hand a request on, and its answer back."""
        try:
            url = self._url(request.info.path) if self.available else None
        except Unavailable:
            url = None
        if url is None:
            return text("service unavailable\n", status=503)
        http = request.http
        headers = _without(http.headers, _NOT_FORWARDED)
        headers.extend(_identity(request.user))
        try:
            async with self._open().request(
                http.method,
                url.with_query(http.rel_url.query),
                headers=headers,
                data=http.content.iter_any() if http.body_exists else None,
                allow_redirects=False,
                server_hostname=self._host,
            ) as answer:
                return await _relay(request, answer)
        except aiohttp.ClientConnectorError as error:
            return text(f"error trying to reach service: {error}\n", status=503)

    # --- the way there ---

    @property
    def _host(self) -> str:
        return f"{self._name}.{self._namespace}.svc"

    def _url(self, path: str) -> URL:
        """One of the Service's endpoints. Raises Unavailable."""
        port = self.spec["service"].get("port", 443)
        address, target = resolve(
            self._store, self._namespace, self._name, port=port, random=self._random
        )
        return URL.build(scheme="https", host=address, port=target, path=path)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._tls()),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_SECONDS),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    def _tls(self) -> ssl.SSLContext:
        """Whom to trust, which the APIService says, and who this server is."""
        bundle = self.spec.get("caBundle")
        authority = base64.b64decode(bundle).decode() if bundle else None
        context = ssl.create_default_context(cadata=authority)
        if self.spec.get("insecureSkipTLSVerify"):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self._certificate:
            context.load_cert_chain(*self._certificate)
        return context


def _identity(user: User) -> CIMultiDict[str]:
    headers = CIMultiDict({"X-Remote-User": user.name})
    for group in user.groups:
        headers.add("X-Remote-Group", group)
    for name, values in user.extra.items():
        for value in values:
            headers.add(f"X-Remote-Extra-{quote(name.lower(), safe=_TOKEN)}", value)
    return headers


def _without(headers: Mapping[str, str], prefixes: tuple[str, ...]) -> CIMultiDict[str]:
    kept: CIMultiDict[str] = CIMultiDict()
    for name, value in headers.items():
        if not name.lower().startswith(prefixes):
            kept.add(name, value)
    return kept


async def _relay(request: Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    stream = web.StreamResponse(status=answer.status, reason=answer.reason)
    stream.headers.extend(_without(answer.headers, _NOT_RETURNED))
    await stream.prepare(request.http)
    async for chunk in answer.content.iter_any():
        await stream.write(chunk)
    await stream.write_eof()
    return stream
