"""The way to a webhook: HTTPS to a Service of the cluster, or to any URL.

Stands for k8s.io/apiserver `pkg/util/webhook/client.go`. Left out: credentials for the webhook from
files of this server's.
"""

from __future__ import annotations

import asyncio
import base64
import random as randomness
import ssl
from functools import lru_cache

import aiohttp
import orjson
from yarl import URL

from kubelearn.embedded.apiserver.serviceresolver import Unavailable, resolve
from kubelearn.embedded.store import Store
from kubelearn.objects import Object

_MOST_BYTES = 6 * 2**20


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
        raise CallFailed(f'Post "{shown}": {error or type(error).__name__}') from None


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
            text = body.decode(errors="replace").strip()
            raise ValueError(text or f"the server answered with HTTP {answer.status}")
        return body


@lru_cache(maxsize=64)
def _tls(bundle: str) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=base64.b64decode(bundle).decode() if bundle else None)
