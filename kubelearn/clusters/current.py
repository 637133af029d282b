"""The cluster and the namespace that a notebook is about: what its magics act on."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from kubelearn.clusters.base import Cluster
from kubelearn.errors import ClusterError

DEFAULT_NAMESPACE = "default"


@dataclass(frozen=True)
class Current:
    """A cluster, and the namespace that is meant where none is named."""

    cluster: Cluster
    namespace: str = DEFAULT_NAMESPACE


_latest: list[Current] = []


def use(cluster: Cluster, namespace: str = DEFAULT_NAMESPACE) -> None:
    """From now on this one is meant; in a notebook the magics are there too."""
    _latest[:] = [Current(cluster, namespace)]
    ipython = sys.modules.get("IPython")
    if shell := ipython and ipython.get_ipython():
        # By name: what brings the magics is above all clusters.
        shell.extension_manager.load_extension("kubelearn")


def current() -> Current:
    """What was connected to last, else a cluster that runs already.

    Raises ClusterError where there is none: nothing is started unasked.
    """
    if not _latest:
        from kubelearn.clusters import choose

        found = choose()
        if not found.ready():
            raise ClusterError(
                "no cluster is connected yet", hint="import kubelearn; kubelearn.connect()"
            )
        use(found)
    return _latest[0]
