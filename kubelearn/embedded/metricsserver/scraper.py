"""Asks every kubelet what its containers use.

Stands for kubernetes-sigs/metrics-server `pkg/scraper`: straight to the kubelets, which is the one
way in a cluster that does not lead through the API server. Left out: spreading the requests over
time, which matters on thousands of nodes.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Sequence

import aiohttp
from yarl import URL

from kubelearn.embedded.metricsserver.points import Batch, read_points
from kubelearn.objects import Object

_log = logging.getLogger(__name__)

_PORT = 10250
_SECONDS = 10.0
# Longer than the pause between two rounds, which then needs no new handshake.
_KEEP_ALIVE = 60.0


class Scraper:
    """Connections to all kubelets; `tls` proves who we are."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def scrape(self, nodes: Sequence[Object]) -> Batch:
        """One round; a node that does not answer is left out."""
        batch = Batch()
        await asyncio.gather(*(self._one(node, batch) for node in nodes))
        return batch

    async def close(self) -> None:
        """Give the connections back."""
        if self._session:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        # Made on first use, because a session belongs to the event loop that runs then.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    ssl=self._tls or True, limit=0, keepalive_timeout=_KEEP_ALIVE
                ),
                timeout=aiohttp.ClientTimeout(total=_SECONDS),
            )
        return self._session

    async def _one(self, node: Object, batch: Batch) -> None:
        name = node["metadata"]["name"]
        url = self._url(node)
        if url is None:
            return
        try:
            async with self._open().get(url) as answer:
                answer.raise_for_status()
                read_points(await answer.text(), name, batch)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            _log.info("node %s: no metrics: %s", name, error or type(error).__name__)

    def _url(self, node: Object) -> URL | None:
        status = node.get("status") or {}
        addresses = {each["type"]: each["address"] for each in status.get("addresses") or []}
        if "InternalIP" not in addresses:
            return None
        endpoint = (status.get("daemonEndpoints") or {}).get("kubeletEndpoint") or {}
        return URL.build(
            scheme="https" if self._tls else "http",
            host=addresses["InternalIP"],
            port=endpoint.get("Port", _PORT),
            path="/metrics/resource",
        )
