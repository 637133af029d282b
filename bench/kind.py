"""What kubelearn adds to kind: a cluster's creation, an image's way to the nodes, a pod's start.

The same cluster is made by kind alone, with the same configuration and until its nodes are ready,
and by `kubelearn up`, one after the other. `up` also brings the course's own images to all nodes,
beside what kind does; for kind alone that is a command more, and a row more. A pod's start stands
beside `docker run`. Needs Docker and kind; KUBELEARN_KIND_IMAGE names the nodes' image.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from kubernetes import client
from support.timing import timed

from kubelearn.clusters.kind import KindCluster, requirements, stock
from kubelearn.clusters.kind.config import KindConfig

NAME = "kubelearn-bench"
IMAGE = "busybox:1.37"


def plain(nodes: int, *, host: requirements.Engine) -> None:
    """What a learner would type without kubelearn, until all nodes are ready."""
    config = KindConfig(nodes=nodes, cgroup_v1=host.cgroup_v1).render()
    image = os.environ.get("KUBELEARN_KIND_IMAGE")
    named = ["--image", image] if image else []
    kind("create", "cluster", "--config", "-", "--wait", "5m", *named, given=config)
    kubeconfig = kind("get", "kubeconfig")
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(kubeconfig)
        file.flush()
        words = ["kubectl", "--kubeconfig", file.name, "wait", "nodes", "--all"]
        subprocess.run([*words, "--for=condition=Ready", "--timeout=5m"], check=True)


def kind(*words: str, given: str = "") -> str:
    """Run kind for the cluster of this benchmark; what it prints."""
    line = ["kind", *words, "--name", NAME]
    return subprocess.run(line, input=given, text=True, capture_output=True, check=True).stdout


def quiet(_: str) -> None:
    """Say nothing."""


def creations(rounds: int, nodes: int) -> tuple[list[float], list[float], list[float]]:
    """Seconds of kind alone, of kind and its images, and of `kubelearn up`, in turns."""
    alone, loaded, ours = [], [], []
    docker = requirements.docker_client()
    host = requirements.engine(docker)
    stock.provide(docker, stock.HELLO)
    for number in range(rounds):
        alone.append(timed(lambda: plain(nodes, host=host)))
        loaded.append(alone[-1] + timed(lambda: kind("load", "docker-image", *stock.HELLO)))
        kind("delete", "cluster")
        cluster = KindCluster(NAME, nodes=nodes)
        ours.append(timed(lambda cluster=cluster: cluster.up(say=quiet)))  # type: ignore[misc]
        if number < rounds - 1:
            cluster.delete(say=quiet)
    return alone, loaded, ours


def loads(cluster: KindCluster) -> tuple[float, float]:
    """Seconds that an image takes to all nodes, and when it is there already."""
    docker = cluster.machines.docker
    stock.provide(docker, [IMAGE])
    first = timed(lambda: cluster.load_image(IMAGE, say=quiet))
    return first, timed(lambda: cluster.load_image(IMAGE, say=quiet))


def pod_start(core: client.CoreV1Api, name: str) -> None:
    """Create a pod and wait until its container runs."""
    container = {"name": "a", "image": IMAGE, "command": ["sleep", "3600"]}
    spec = {"containers": [container], "tolerations": [{"operator": "Exists"}]}
    core.create_namespaced_pod("default", {"metadata": {"name": name}, "spec": spec})
    while core.read_namespaced_pod(name, "default").status.phase != "Running":
        time.sleep(0.01)


def docker_start() -> None:
    """The same with Docker alone."""
    words = ["docker", "run", "--detach", "--label", NAME, IMAGE, "sleep", "3600"]
    subprocess.run(words, capture_output=True, check=True)


def starts(cluster: KindCluster, count: int) -> tuple[list[float], list[float]]:
    """Seconds of starts of pods, and of containers by Docker alone."""
    core = client.CoreV1Api(cluster.api_client)
    while not core.list_namespaced_service_account("default").items:
        time.sleep(0.1)
    pods = [timed(lambda n=number: pod_start(core, f"p-{n}")) for number in range(count)]  # type: ignore[misc]
    containers = [timed(docker_start) for _ in range(count)]
    listed = subprocess.run(
        ["docker", "ps", "--quiet", "--filter", f"label={NAME}"], capture_output=True, text=True
    )
    subprocess.run(["docker", "rm", "--force", *listed.stdout.split()], capture_output=True)
    return pods, containers


def row(name: str, seconds: list[float]) -> None:
    print(f"{name:<34}{min(seconds):>8.2f}{statistics.median(seconds):>8.2f}{max(seconds):>8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--nodes", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KUBELEARN_STATE"] = str(Path(folder))
        cluster = KindCluster(NAME)
        try:
            alone, loaded, ours = creations(chosen.rounds, chosen.nodes)
            first, again = loads(cluster)
            pods, containers = starts(cluster, 10)
        finally:
            cluster.delete(say=quiet)
    print(f"{f'seconds, {chosen.nodes} nodes':<34}{'min':>8}{'median':>8}{'max':>8}")
    row("kind create cluster, until ready", alone)
    row("and kind load docker-image", loaded)
    row("kubelearn up", ours)
    row("an image to all nodes", [first])
    row("an image that is there", [again])
    row("a pod, from its creation", pods)
    row("docker run", containers)
    print()
    for name, seconds in (("alone", alone), ("and its images loaded", loaded)):
        more = statistics.median(ours) / statistics.median(seconds) - 1
        print(f"kubelearn up against kind {name}: {more:+.0%}")


if __name__ == "__main__":
    main()
