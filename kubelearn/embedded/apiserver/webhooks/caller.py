"""The way to a webhook: HTTPS to a Service of the cluster, or to any URL.

Stands for k8s.io/apiserver `pkg/util/webhook/client.go`. Left out: credentials for the webhook from
files of this server's.
"""

from __future__ import annotations

import asyncio
import base64
import errno
import random as randomness
import ssl
from functools import lru_cache
from http import HTTPStatus

import aiohttp
import orjson
from yarl import URL

from kubelearn.embedded.apiserver.serviceresolver import Unavailable, resolve
from kubelearn.embedded.apiserver.status import quote
from kubelearn.embedded.store import Store
from kubelearn.objects import Object

_MOST_BYTES = 6 * 2**20


_FAILURES = {
    404: "the server could not find the requested resource",
    503: "the server is currently unable to handle the request",
    504: "the server was unable to return a response in the time allotted, but may still be "
    "processing the request",
}


class CallFailed(Exception):
    """A webhook that could not be asked, or whose answer is none."""


async def call(hook: Object, review: Object, *, store: Store, random: randomness.Random) -> bytes:
    """Post a review to a webhook; gives the body of its answer. Raises CallFailed."""
    client, seconds = hook["clientConfig"], hook.get("timeoutSeconds", 10)
    shown = _shown(client).with_query(timeout=f"{seconds}s")
    try:
        url, host = _place(client, shown, store=store, random=random)
        async with asyncio.timeout(seconds):
            return await _post(url, host, review, client.get("caBundle", ""))
    except Unavailable as error:
        raise CallFailed(f'Post "{shown}": {error.message}') from None
    except TimeoutError:
        raise CallFailed(f'Post "{shown}": context deadline exceeded') from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise CallFailed(f'Post "{shown}": {_problem(error)}') from None


def _problem(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError) and error.errno == errno.ECONNREFUSED:
        return f"dial tcp {error.host}:{error.port}: connect: connection refused"
    return str(error) or type(error).__name__


def _failure(status: int, body: str) -> str:
    """What Kubernetes' own client makes of an answer that is none."""
    if status in _FAILURES:
        return _FAILURES[status]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        said = quote(body or "unknown")
        return f"an error on the server ({said}) has prevented the request from succeeding"
    return f"the server responded with the status code {status} but did not return more information"


def _shown(client: Object) -> URL:
    """The webhook's address as errors name it."""
    if url := client.get("url"):
        return URL(url)
    service = client["service"]
    return URL.build(
        scheme="https",
        host=f"{service['name']}.{service['namespace']}.svc",
        port=service.get("port", 443),
        path=service.get("path") or "/",
    )


def _place(
    client: Object, shown: URL, *, store: Store, random: randomness.Random
) -> tuple[URL, str | None]:
    """Where to connect, and whose certificate to expect there."""
    service = client.get("service")
    if service is None:
        return shown, None
    namespace, name, port = service["namespace"], service["name"], service.get("port", 443)
    address, target = resolve(store, namespace, name, port=port, random=random)
    return shown.with_host(address).with_port(target), f"{name}.{namespace}.svc"


async def _post(url: URL, host: str | None, review: Object, bundle: str) -> bytes:
    connector = aiohttp.TCPConnector(ssl=_tls(bundle))
    headers = {"Content-Type": "application/json", "Accept": "application/json, */*"}
    async with (
        aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session,
        session.post(
            url,
            data=orjson.dumps(review),
            headers=headers,
            allow_redirects=False,
            server_hostname=host,
        ) as answer,
    ):
        body = await answer.content.read(_MOST_BYTES)
        if answer.status != 200:
            raise CallFailed(_failure(answer.status, body.decode(errors="replace").strip()))
        return body


@lru_cache(maxsize=64)
def _tls(bundle: str) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=base64.b64decode(bundle).decode() if bundle else None)
