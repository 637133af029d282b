"""What `kubelearn status` says: what runs, and where its state is."""

from __future__ import annotations

from typing import Any

from kubelearn.clusters.base import Cluster
from kubelearn.clusters.embedded import EmbeddedCluster
from kubelearn.embedded.state import StateFolder
from kubelearn.errors import NotAvailable

Report = dict[str, Any]
"""Ready to be JSON; `running` tells whether what only a cluster that runs has is there."""


def report(cluster: Cluster) -> Report:
    """What is known of a cluster, whether it runs or not."""
    found = cluster.status()
    said: Report = {
        "name": cluster.name,
        "backend": cluster.backend,
        "running": found is not None,
        "kubeconfig": str(cluster.kubeconfig),
        "others": sorted(f.name for f in StateFolder.all() if f.name != cluster.name),
        **(found or {}),
    }
    if isinstance(cluster, EmbeddedCluster):
        said["folder"] = str(cluster.folder.path)
    if found:
        said["components"] = _components(cluster)
    return said


def _components(cluster: Cluster) -> list[dict[str, Any]]:
    try:
        return [vars(each) for each in cluster.internals.components()]
    except NotAvailable:
        return []


def text(said: Report, *, up: str) -> str:
    """The report for people; `up` is the line that starts the cluster."""
    rows = {"cluster": f"{said['name']} ({said['backend']})"}
    rows |= _running(said) if said["running"] else {"state": f"not running   → {up}"}
    rows |= {"folder": said.get("folder", ""), "others": ", ".join(said["others"])}
    return "\n".join(f"{name:<9} {value}" for name, value in rows.items() if value)


def _running(said: Report) -> dict[str, str]:
    stopped = (each["name"] for each in said["components"] if each["state"] == "stopped")
    return {
        "state": "ready" if said["ready"] else "starting or stopping",
        "server": said["server"],
        "daemon": _daemon(said),
        "image": said.get("image", ""),
        "nodes": ", ".join(said["nodes"]),
        "runtime": said.get("runtime", ""),
        "stopped": ", ".join(stopped),
    }


def _daemon(said: Report) -> str:
    if "pid" not in said:
        return ""
    memory = said["memory"] / 2**20
    return f"process {said['pid']}, {memory:.0f} MB, since {said['started']}"
