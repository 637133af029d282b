"""Admission: the last word on a write, after authorization and before validation.

Stands for the plugins of k8s.io/kubernetes `plugin/pkg/admission` that are on by default, in
upstream's order. A plugin may change the new object, or refuse it with 403. Left out so far: those
that guard kinds which no controller here serves yet.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from kubelearn.embedded.apiserver.registry import Registry, Write
from kubelearn.objects import Object

Plugin = Callable[[Registry, Write, Object, Object | None], Awaitable[None]]


class Admission:
    """The plugins in their order."""

    def __init__(self, plugins: Sequence[Plugin]) -> None:
        self.plugins = list(plugins)

    async def __call__(
        self, registry: Registry, write: Write, new: Object, old: Object | None
    ) -> None:
        """Let each plugin see the write; raises what the first one that objects raises."""
        for plugin in self.plugins:
            await plugin(registry, write, new, old)
