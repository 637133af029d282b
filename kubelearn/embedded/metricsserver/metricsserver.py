"""The metrics server as one component: it asks the kubelets each quarter of a minute, and serves.

Stands for kubernetes-sigs/metrics-server `pkg/server`.
"""

from __future__ import annotations

import logging
import ssl

from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.metricsserver.scraper import Scraper
from kubelearn.embedded.metricsserver.server import Server
from kubelearn.embedded.metricsserver.storage import Storage
from kubelearn.errors import ApiError
from kubelearn.objects import NODES

_log = logging.getLogger(__name__)

# Seconds: `--metric-resolution` of the manifests that everybody installs.
RESOLUTION = 15.0
_NO_NODES = 1.0


class MetricsServer:
    """Scrapes with one certificate and serves with another."""

    def __init__(
        self,
        client: Client,
        *,
        clock: Clock,
        host: str,
        port: int,
        serving: ssl.SSLContext | None,
        scraping: ssl.SSLContext | None,
    ) -> None:
        self._client = client
        self._clock = clock
        self._host = host
        self._port = port
        self._storage = Storage(RESOLUTION)
        self._scraper = Scraper(scraping)
        self._server = Server(client, self._storage, clock=clock, tls=serving)

    async def run(self) -> None:
        """Serve until cancelled."""
        await self._server.start(self._host, self._port)
        try:
            while True:
                began = self._clock.monotonic()
                # A cluster that has just been started has no nodes yet, but soon.
                pause = RESOLUTION if await self._scrape() else _NO_NODES
                await self._clock.sleep(pause - (self._clock.monotonic() - began))
        finally:
            await self._scraper.close()
            await self._server.stop()

    async def _scrape(self) -> bool:
        """One round; False if no node answered."""
        try:
            nodes = (await self._client.list(NODES))["items"]
        except ApiError as error:
            _log.info("no list of nodes: %s", error)
            return False
        batch = await self._scraper.scrape(nodes)
        self._storage.store(batch)
        return bool(batch.nodes)
