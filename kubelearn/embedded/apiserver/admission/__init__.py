"""Admission: the last word on a write, after authorization.

Stands for the plugins of k8s.io/kubernetes `plugin/pkg/admission` that are on by default, in
upstream's order (`pkg/kubeapiserver/options/plugins.go`). First those that may change the new
object, or refuse it with 403; then validation; then those that only look at what would be stored.
Left out: webhooks, policies, and plugins that guard kinds which are not served.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubelearn.embedded.apiserver.registry import Admit, Registry, Write
from kubelearn.objects import Object


class Admission:
    """The plugins in their order."""

    def __init__(self, *, mutating: Sequence[Admit], validating: Sequence[Admit]) -> None:
        self._mutating = list(mutating)
        self._validating = list(validating)

    async def admit(
        self, registry: Registry, write: Write, new: Object, old: Object | None
    ) -> None:
        """Let each plugin change the object; raises what the first one that objects raises."""
        for plugin in self._mutating:
            await plugin(registry, write, new, old)

    async def validate(
        self, registry: Registry, write: Write, new: Object, old: Object | None
    ) -> None:
        """Let each plugin look at the object as it would be stored."""
        for plugin in self._validating:
            await plugin(registry, write, new, old)
