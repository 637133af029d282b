"""How fast a cluster is there, and what it costs: cold and warm start, first pod, memory, idle.

Each start is a whole `kubelearn up`, Python included. A real 3-node kind cluster took 36 s and
700 MB on a machine with 2 cores, the real control plane alone 3.4 s and 550 MB.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import kubernetes.config  # noqa: F401  # loaded now, so that no measurement contains it
from support.processes import cpu_seconds
from support.timing import timed

from kubelearn.clusters import EmbeddedCluster, transport

NAMESPACE = "/api/v1/namespaces/default"
PODS = f"{NAMESPACE}/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
TARGETS = {
    "up, cold, to /readyz": "about 1 s",
    "up, cold, to the first pod Running": "under 3 s",
    "memory with 3 nodes and 20 pods": "under 120 MB",
    "idle, of one core": "under 2 %",
}


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5, help="starts of each kind; default 5")
    parser.add_argument("--idle", type=float, default=20, help="seconds of idling; default 20")
    options = parser.parse_args()
    cold, to_pod, warm, down = [], [], [], []
    for _ in range(options.rounds):
        with empty_state():
            ready, running = first_start()
            cold.append(ready)
            to_pod.append(running)
            down.append(timed(lambda: kubelearn("down")))
            warm.append(timed(lambda: kubelearn("up")))
    rows = {
        "up, cold, to /readyz": seconds(cold),
        "up, cold, to the first pod Running": seconds(to_pod),
        "up, warm, until it returns": seconds(warm),
        "down, with one pod": seconds(down),
    }
    with empty_state():
        kubelearn("up")
        cluster = EmbeddedCluster()
        rows["memory with 3 nodes"] = megabytes(cluster)
        deploy(cluster, replicas=20)
        wait_until(lambda: ready_pods(cluster) == 20)
        rows["memory with 3 nodes and 20 pods"] = megabytes(cluster)
        rows["idle, of one core"] = f"{idle_share(cluster, options.idle):.1%}"
    print(f"| {'':36} | {'here':>16} | {'target':>12} |\n|{'-' * 38}|{'-' * 17}:|{'-' * 13}:|")
    for name, value in rows.items():
        print(f"| {name:<36} | {value:>16} | {TARGETS.get(name, ''):>12} |")


@contextmanager
def empty_state() -> Iterator[None]:
    """A state folder that is gone afterwards, with its cluster."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KUBELEARN_STATE"] = folder
        try:
            yield
        finally:
            kubelearn("down", "--delete")


def kubelearn(*words: str) -> None:
    """Run the command as one types it."""
    command = [sys.executable, "-m", "kubelearn", *words]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def first_start() -> tuple[float, float]:
    """Seconds from the command to /readyz, and to the first pod Running."""
    started = time.perf_counter()
    starter = threading.Thread(target=kubelearn, args=("up",))
    starter.start()
    # The kubeconfig is written when the API server listens; nothing of ours is asked before.
    path = Path(os.environ["KUBELEARN_STATE"]) / "clusters" / "kubelearn" / "kubeconfig"
    wait_until(path.exists)
    cluster = EmbeddedCluster()
    wait_until(lambda: transport.send(cluster.api_client, "GET", "/readyz").code == 200)
    ready = time.perf_counter() - started
    wait_until(lambda: get(cluster, f"{NAMESPACE}/serviceaccounts/default").code == 200)
    deploy(cluster, replicas=1)
    wait_until(lambda: any(pod["status"]["phase"] == "Running" for pod in pods(cluster)))
    running = time.perf_counter() - started
    starter.join()
    return ready, running


def deploy(cluster: EmbeddedCluster, *, replicas: int) -> None:
    """Make a Deployment of the course's own app."""
    labels = {"app": "web"}
    container = {"name": "web", "image": "kubelearn/hello:1.0"}
    body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }
    transport.send(cluster.api_client, "POST", DEPLOYMENTS, body=body).checked()


def get(cluster: EmbeddedCluster, path: str) -> transport.Answer:
    """Read something."""
    return transport.send(cluster.api_client, "GET", path)


def pods(cluster: EmbeddedCluster) -> list[dict[str, Any]]:
    """The pods there are."""
    found: list[dict[str, Any]] = get(cluster, PODS).checked()["items"]
    return found


def ready_pods(cluster: EmbeddedCluster) -> int:
    """How many pods run."""
    return sum(pod["status"]["phase"] == "Running" for pod in pods(cluster))


def megabytes(cluster: EmbeddedCluster) -> str:
    """The daemon's resident memory."""
    return f"{daemon(cluster)['memory'] / 2**20:.0f} MB"


def idle_share(cluster: EmbeddedCluster, length: float) -> float:
    """The share of one core that the daemon takes while nobody asks for anything."""
    pid = daemon(cluster)["pid"]
    time.sleep(5)
    before, started = cpu_seconds(pid), time.perf_counter()
    time.sleep(length)
    return (cpu_seconds(pid) - before) / (time.perf_counter() - started)


def daemon(cluster: EmbeddedCluster) -> dict[str, Any]:
    """What the daemon says of itself."""
    found = cluster.status()
    assert found, json.dumps(found)
    return found


def wait_until(condition: Callable[[], bool]) -> None:
    """Look every 5 ms."""
    while not condition():
        time.sleep(0.005)


def seconds(samples: list[float]) -> str:
    """Median and the worst."""
    return f"{statistics.median(samples):.2f} s (≤ {max(samples):.2f})"


if __name__ == "__main__":
    main()
