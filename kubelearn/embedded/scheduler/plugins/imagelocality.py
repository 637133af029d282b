"""Prefers nodes that have a pod's images already (upstream: plugins/imagelocality).

Left out: volumes that are images.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from kubelearn.embedded.scheduler.cache import NodeInfo, PodInfo
from kubelearn.embedded.scheduler.framework import MAX_SCORE, Plugin, Score

_MEGABYTE = 1024 * 1024
# Less is not worth a thought; more than this, for each container, does not count.
_LEAST, _MOST = 23 * _MEGABYTE, 1000 * _MEGABYTE


class ImageLocality(Plugin):
    """Scores by the size of what need not be pulled."""

    name: ClassVar[str] = "ImageLocality"

    def score_for(
        self, pod: PodInfo, feasible: Sequence[NodeInfo], nodes: Sequence[NodeInfo]
    ) -> Score | None:
        """Add up sizes; an image that few nodes have counts less, or those would fill up."""
        spec = pod.pod["spec"]
        containers = [*(spec.get("initContainers") or []), *spec["containers"]]
        images = [_with_tag(container["image"]) for container in containers]
        if not any(name in info.images for info in feasible for name in images):
            return lambda info: 0
        share = {name: sum(name in info.images for info in nodes) / len(nodes) for name in images}
        most = _MOST * len(containers)

        def score(info: NodeInfo) -> int:
            total = sum(int(info.images.get(name, 0) * share[name]) for name in images)
            return MAX_SCORE * (min(max(total, _LEAST), most) - _LEAST) // (most - _LEAST)

        return score


def _with_tag(image: str) -> str:
    return image if image.rfind(":") > image.rfind("/") else f"{image}:latest"
