"""Takes a pod that names its node at its word (upstream: plugins/nodename)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from kubelearn.embedded.scheduler.cache import NodeInfo, PodInfo
from kubelearn.embedded.scheduler.framework import Filter, Plugin, Rejection


class NodeName(Plugin):
    """Rejects all nodes but the one in `spec.nodeName`."""

    name: ClassVar[str] = "NodeName"
    local: ClassVar[bool] = True

    def filter_for(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Filter | None:
        """Compare names."""
        wanted = pod.pod["spec"].get("nodeName")
        if not wanted:
            return None
        rejection = Rejection(self.name, ("node(s) didn't match the requested node name",))
        return lambda info: None if info.name == wanted else rejection
