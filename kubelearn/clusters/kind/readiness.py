"""When a kind cluster is ready: its API server says so, and its nodes are Ready."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from kubelearn.clusters.transport import send
from kubelearn.errors import ClusterError
from kubelearn.objects import is_ready

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

    from kubelearn.clusters.base import Cluster

_READY_SECONDS = 180
_POLL_SECONDS = 0.2


def wait(cluster: Cluster, nodes: set[str]) -> None:
    """Wait until the API server and these nodes are ready. Raises ClusterError."""
    _until(cluster.ready, f"the API server of cluster {cluster.name} is not ready")
    _until(
        lambda: _ready_nodes(cluster.api_client) >= nodes, f"not all of {sorted(nodes)} are Ready"
    )


def _ready_nodes(api: ApiClient) -> set[str]:
    nodes = send(api, "GET", "/api/v1/nodes").checked()["items"]
    return {str(node["metadata"]["name"]) for node in nodes if is_ready(node)}


def _until(holds: Callable[[], bool], problem: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise ClusterError(
                f"{problem} after {_READY_SECONDS} s",
                hint="kubectl describe nodes   # and: kubelearn logs --backend kind kubelet@NODE",
            )
        time.sleep(_POLL_SECONDS)
