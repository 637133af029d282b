"""Where a cluster comes from: one small interface, several back ends, and `connect`."""

from __future__ import annotations

import os
import shutil
import socket

from kubelearn.clusters import current
from kubelearn.clusters.base import Cluster, Info
from kubelearn.clusters.embedded import EmbeddedCluster
from kubelearn.clusters.internals import ComponentState, Internals
from kubelearn.clusters.kubeconfig import KubeconfigCluster
from kubelearn.clusters.nointernals import NoInternals
from kubelearn.embedded.state import DEFAULT_NAME, StateFolder, home
from kubelearn.errors import ClusterError

__all__ = [
    "Cluster",
    "ComponentState",
    "EmbeddedCluster",
    "Info",
    "Internals",
    "KubeconfigCluster",
    "NoInternals",
    "choose",
    "connect",
]

BACKENDS = ("auto", "embedded", "kubeconfig", "kind")


def connect(backend: str = "auto", *, name: str | None = None) -> Cluster:
    """The cluster to learn on, running: started first when it is ours and does not run.

    `backend` is one of BACKENDS; `auto` takes what KUBELEARN_BACKEND says, else a kubelearn cluster
    that runs already (an embedded one before one of kind), else the embedded one. Prints which one
    it took, and why. Raises ClusterError when that cluster does not answer and cannot be started.
    """
    cluster = choose(backend, name=name)
    if not cluster.ready():
        cluster.up()
    print(f"connected to {cluster.backend} cluster {cluster.name!r}: {cluster.why}")
    current.use(cluster)
    return cluster


def choose(backend: str = "auto", *, name: str | None = None) -> Cluster:
    """The cluster that `connect` would take, as it is. Raises ClusterError for unknown words."""
    why = "you asked for it"
    if backend == "auto" and (chosen := os.environ.get("KUBELEARN_BACKEND")):
        backend, why = chosen, f"KUBELEARN_BACKEND={chosen}"
    match backend:
        case "auto":
            return _automatic(name)
        case "embedded":
            return EmbeddedCluster(name or DEFAULT_NAME, why=why)
        case "kubeconfig":
            return KubeconfigCluster(why=why)
        case "kind":
            from kubelearn.clusters.kind import KindCluster

            return KindCluster(name or DEFAULT_NAME, why=why)
    raise ClusterError(
        f"{backend!r} is not a back end of kubelearn", hint="one of: " + ", ".join(BACKENDS)
    )


def _automatic(name: str | None) -> Cluster:
    if name:
        return EmbeddedCluster(name, why="you named it")
    running = [
        cluster for folder in StateFolder.all() if (cluster := EmbeddedCluster(folder.name)).ready()
    ]
    # The default one first, so that a second cluster never takes its place unasked.
    for cluster in sorted(running, key=lambda each: each.name != DEFAULT_NAME):
        cluster.why = "it runs already" + _real_thing()
        return cluster
    if real := _running_kind():
        real.why = "it runs already"
        return real
    return EmbeddedCluster(DEFAULT_NAME, why="it needs nothing but Python" + _real_thing())


def _running_kind() -> Cluster | None:
    # Whoever never had one pays nothing for it: no import, no question to Docker.
    names = [folder.parent.name for folder in (home() / "kind").glob("*/kubeconfig")]
    if not names:
        return None
    from kubelearn.clusters.kind import KindCluster

    ordered = sorted(names, key=lambda name: (name != DEFAULT_NAME, name))
    return next((cluster for name in ordered if (cluster := KindCluster(name)).ready()), None)


def _real_thing() -> str:
    if shutil.which("kind") and _answers(os.environ.get("DOCKER_HOST", "")):
        return " (Docker and kind answer too: KUBELEARN_BACKEND=kind would take the real thing)"
    return ""


def _answers(docker_host: str) -> bool:
    # A connection is enough to know; to ask Docker for its version would cost the first cell a
    # second. Docker on another machine is not looked for.
    path = (docker_host or "unix:///var/run/docker.sock").removeprefix("unix://")
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0
