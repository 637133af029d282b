"""Who of a pod ends before whom: `pkg/kubelet/kuberuntime/kuberuntime_termination_order.go`.

Sidecars end after the containers that they serve, the one that was started last first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import pairwise

from kubelearn.embedded.kubelet.containerspec import is_sidecar
from kubelearn.objects import Object


class TerminationOrder:
    """The order in which these running containers of a pod end."""

    def __init__(self, pod: Object, running: Iterable[str]) -> None:
        spec, self._ended = pod["spec"], {name: asyncio.Event() for name in running}
        inits = spec.get("initContainers") or []
        sidecars = [each["name"] for each in inits if is_sidecar(each)]
        self._first = [each["name"] for each in spec["containers"]]
        self._after = dict(pairwise(sidecars))
        self._sidecars = set(sidecars)

    async def turn(self, name: str) -> None:
        """Wait until the container may end."""
        if name not in self._sidecars:
            return
        before = [*self._first, *([self._after[name]] if name in self._after else [])]
        for each in before:
            if each in self._ended:
                await self._ended[each].wait()

    def ended(self, name: str) -> None:
        """The container has ended."""
        self._ended[name].set()
