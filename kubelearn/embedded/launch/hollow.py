"""The wiring of nodes without machines: one component plays them, and each has its power switch."""

from __future__ import annotations

import random
import ssl
from collections.abc import Callable, Sequence

from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.kubelet import HollowKubelet, NodeConfig
from kubelearn.errors import NotAvailable
from kubelearn.objects import Object


class HollowPlayer:
    """Plays the nodes that are on; `run` may be called again."""

    def __init__(
        self,
        configs: Sequence[NodeConfig],
        *,
        client: Callable[[], Client],
        certificate: Callable[[], ssl.SSLContext],
        clock: Clock,
        random: random.Random,
    ) -> None:
        self._configs = configs
        self._client = client
        self._certificate = certificate
        self._clock = clock
        self._random = random
        self._on = {config.name for config in configs}
        self._kubelet: HollowKubelet | None = None
        self.nodes = {config.name: HollowNode(config, self) for config in configs}

    async def run(self) -> None:
        """Play until cancelled."""
        async with self._client() as client:
            self._kubelet = HollowKubelet(
                client,
                nodes=self._configs,
                on=self._on,
                tls=self._certificate(),
                clock=self._clock,
                random=self._random,
            )
            await self._kubelet.run()

    def switch(self, node: str, *, on: bool) -> None:
        """Switch a node on or off."""
        if not on:
            self._on.discard(node)
        elif node not in self._on:
            self._on.add(node)
            if self._kubelet:
                self._kubelet.look_again(node)


class HollowNode:
    """A node that is played."""

    def __init__(self, config: NodeConfig, player: HollowPlayer) -> None:
        self.name = config.name
        self.ip = config.ip
        self._player = player

    async def clean_up(self) -> None:
        """Nothing can be left."""

    async def start(self) -> None:
        """Switch it on."""
        self._player.switch(self.name, on=True)

    async def power_off(self, *, grace: float = 0) -> None:
        """Switch it off. There is nothing to end, so no grace is needed."""
        self._player.switch(self.name, on=False)

    def containers(self) -> list[Object]:
        """Raises NotAvailable: nothing runs there."""
        raise self._nothing()

    async def processes(self) -> list[Object]:
        """Raises NotAvailable: nothing runs there."""
        raise self._nothing()

    def _nothing(self) -> NotAvailable:
        return NotAvailable(
            f"there is no machine behind node {self.name}: nothing runs there",
            hint="kubelearn up --name OTHER   # a cluster whose nodes run containers",
        )
