"""How cost grows with the size of a cluster, from one node to a thousand, ten pods on each.

    python bench/scale.py            1, 10 and 100 nodes
    python bench/scale.py --full     1,000 nodes and 10,000 pods too, which takes minutes
    python bench/scale.py --quick    only 1 and 10 nodes
    python bench/scale.py --nodes 10 --nodes 300 --pods-a-node 5
    python bench/scale.py --deployments 100   the pods are those of 100 Deployments instead of one

The nodes have no machines (`kubelearn up --runtime fake`), so what is measured is the control
plane: API server, store, scheduler, controllers and watches, all in one process. Read the rows of
CPU time first: they depend least on what else this machine does. Beside each number stands by
how much it grew since the step before; where the cluster grew tenfold, a row for one object should
stay near 1.0, and a row for all of them below 10.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

from support.processes import cpu_seconds

from kubelearn.clusters import EmbeddedCluster
from kubelearn.embedded.client import Client
from kubelearn.embedded.kubeconfig import Kubeconfig
from kubelearn.objects import CONFIG_MAPS, DEPLOYMENTS, NODES, PODS, SERVICES, is_ready

QUICK, STEPS, FULL = (1, 10), (1, 10, 100), (1, 10, 100, 1000)
WATCHERS = 100
NAMESPACE = "default"

# What a row says, and what it would be at best when everything grows tenfold.
ROWS = {
    "start": "s until all nodes are ready",
    "run": "s until all pods run",
    "rate": "pods bound and running per second",
    "cpu": "CPU ms per pod, create to Running",
    "one": "ms for one more pod, create to Running",
    "memory": "MB for 1,000 pods (all components)",
    "list": "ms to list all pods",
    "list_each": "ms to list 1,000 pods",
    "fanout": f"ms from a write to {WATCHERS} watchers",
    "fanout_each": "CPU ms of a write with its watchers",
    "delete": "CPU ms per pod, deletion",
}


def main() -> None:
    """Measure step by step and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_const", dest="steps", const=QUICK)
    parser.add_argument("--full", action="store_const", dest="steps", const=FULL)
    parser.add_argument("--nodes", type=int, action="append", help="a step of its own choice")
    parser.add_argument("--pods-a-node", type=int, default=10)
    parser.add_argument("--deployments", type=int, default=1, help="over which pods are spread")
    options = parser.parse_args()
    steps = options.nodes or options.steps or STEPS
    columns = []
    for nodes in steps:
        with tempfile.TemporaryDirectory() as state:
            os.environ["KUBELEARN_STATE"] = state
            pods = nodes * options.pods_a_node
            columns.append(step(nodes, pods, deployments=min(options.deployments, pods)))
            print(f"{nodes:,} nodes: done", flush=True)
    print()
    report(list(zip(steps, (n * options.pods_a_node for n in steps), strict=True)), columns)


def step(nodes: int, pods: int, *, deployments: int) -> dict[str, float]:
    """Everything about one size, on a cluster of its own."""
    cluster = EmbeddedCluster("scale", nodes=nodes, runtime="fake")
    begin = time.monotonic()
    cluster.up(say=lambda _: None)
    try:
        status = cluster.status()
        assert status
        sizes = [pods // deployments + (i < pods % deployments) for i in range(deployments)]
        return asyncio.run(Step(cluster, nodes, sizes, pid=status["pid"], begin=begin).measure())
    finally:
        cluster.delete(say=lambda _: None)


class Step:
    """One cluster that is measured from the outside, by its API alone."""

    def __init__(
        self, cluster: EmbeddedCluster, nodes: int, sizes: list[int], *, pid: int, begin: float
    ) -> None:
        self.cluster = cluster
        self.nodes = nodes
        self.sizes = {f"web-{number}": size for number, size in enumerate(sizes)}
        self.pods = sum(sizes)
        self.pid = pid
        self.begin = begin

    async def measure(self) -> dict[str, float]:
        """The numbers, by row."""
        async with Client.from_kubeconfig(Kubeconfig.read(self.cluster.kubeconfig)) as self.client:
            await until(lambda: self.count(NODES), self.nodes)
            found = {"start": time.monotonic() - self.begin}
            found |= await self.run_pods()
            found["one"] = await self.one_more()
            found |= await self.list_pods()
            found |= await self.fan_out()
            found["delete"] = await self.delete_pods()
            return found

    async def run_pods(self) -> dict[str, float]:
        """Deployments, each with a Service, until every pod is ready."""
        memory, cpu, begin = self.memory(), self.cpu(), time.monotonic()
        for name, size in self.sizes.items():
            await self.client.create(SERVICES, service(name))
            await self.client.create(DEPLOYMENTS, deployment(name, size))
        await until(lambda: self.replicas("readyReplicas"), self.pods)
        seconds = time.monotonic() - begin
        return {
            "run": seconds,
            "rate": self.pods / seconds,
            "cpu": (self.cpu() - cpu) * 1000 / self.pods,
            "memory": (self.memory() - memory) / 2**20 / self.pods * 1000,
        }

    async def one_more(self) -> float:
        """A pod by itself, in a cluster that is full of others."""

        async def one(number: int) -> float:
            name = f"one-{number}"
            body = {"metadata": {"name": name}, "spec": pod_spec()}
            begin = time.monotonic()
            await self.client.create(PODS, body, NAMESPACE)
            while not is_ready(await self.client.get(PODS, name, NAMESPACE)):
                await asyncio.sleep(0.005)
            return (time.monotonic() - begin) * 1000

        return statistics.median([await one(number) for number in range(5)])

    async def list_pods(self) -> dict[str, float]:
        """All pods in one answer, not read further than its bytes."""

        async def once() -> float:
            begin = time.monotonic()
            found = await self.client.list(PODS)
            assert len(found["items"]) >= self.pods
            return (time.monotonic() - begin) * 1000

        took = min([await once() for _ in range(3)])
        return {"list": took, "list_each": took / self.pods * 1000}

    async def fan_out(self) -> dict[str, float]:
        """One ConfigMap that changes, seen by many who watch all of them."""
        body = {"metadata": {"name": "told"}}
        version = (await self.client.create(CONFIG_MAPS, body, NAMESPACE))["metadata"]
        seen = asyncio.Semaphore(0)

        async def watch() -> None:
            events = self.client.watch(
                CONFIG_MAPS, NAMESPACE, resource_version=version["resourceVersion"]
            )
            async with aclosing(events) as stream:
                async for _ in stream:
                    seen.release()

        watchers = [asyncio.create_task(watch()) for _ in range(WATCHERS)]
        took, costs = [], []
        for number in range(21):
            cpu, begin = self.cpu(), time.monotonic()
            await self.client.patch(CONFIG_MAPS, "told", {"data": {"n": str(number)}}, NAMESPACE)
            for _ in range(WATCHERS):
                await seen.acquire()
            took.append((time.monotonic() - begin) * 1000)
            costs.append((self.cpu() - cpu) * 1000)
        for task in watchers:
            task.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)
        # The first one waits for the connections to be made.
        return {"fanout": statistics.median(took[1:]), "fanout_each": statistics.mean(costs[1:])}

    async def delete_pods(self) -> float:
        """The Deployments down to nothing."""
        cpu = self.cpu()
        patch = {"spec": {"replicas": 0}}
        for name in self.sizes:
            await self.client.patch(DEPLOYMENTS, name, patch, NAMESPACE)
        await until(lambda: self.replicas("replicas"), 0)
        return (self.cpu() - cpu) * 1000 / self.pods

    async def count(self, resource: Any) -> int:
        """How many objects there are."""
        found = await self.client.list(resource, limit=1)
        return len(found["items"]) + int(found["metadata"].get("remainingItemCount") or 0)

    async def replicas(self, which: str) -> int:
        """As the Deployments tell it."""
        found = await self.client.list(DEPLOYMENTS, NAMESPACE)
        return sum(int(each["status"].get(which) or 0) for each in found["items"])

    def cpu(self) -> float:
        """Seconds of CPU that the daemon has used."""
        return cpu_seconds(self.pid)

    def memory(self) -> int:
        """Bytes that the daemon has in memory."""
        status = self.cluster.status()
        assert status
        return int(status["memory"])


def pod_spec() -> dict[str, Any]:
    """A pod that asks for a little, as most do."""
    requests = {"cpu": "10m", "memory": "16Mi"}
    container = {"name": "a", "image": "nginx", "resources": {"requests": requests}}
    return {"containers": [container]}


def deployment(name: str, replicas: int) -> dict[str, Any]:
    """One with so many pods."""
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": pod_spec()}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec}


def service(name: str) -> dict[str, Any]:
    """One that selects all of a Deployment's pods, so that they are in EndpointSlices."""
    spec = {"selector": {"app": name}, "ports": [{"port": 80}]}
    return {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec}


async def until(number: Callable[[], Awaitable[int]], wanted: int, *, within: float = 900) -> None:
    """Ask now and then until the number is the wanted one."""
    deadline = time.monotonic() + within
    while (found := await number()) != wanted:
        if time.monotonic() > deadline:
            raise SystemExit(f"{found:,} instead of {wanted:,} after {within:.0f} s")
        await asyncio.sleep(0.1)


def report(steps: list[tuple[int, int]], columns: list[dict[str, float]]) -> None:
    """A row for each measure, with its growth from step to step."""
    print(f"{'':<38}" + "".join(f"{f'{nodes:,} nodes':>17}" for nodes, _ in steps))
    print(f"{'':<38}" + "".join(f"{f'{pods:,} pods':>17}" for _, pods in steps))
    for row, words in ROWS.items():
        cells, before = "", 0.0
        for column in columns:
            value = column[row]
            growth = f"x{value / before:.1f}" if before else ""
            cells += f"{value:>10,.1f}{growth:>7}"
            before = value
        print(f"{words:<38}{cells}")


if __name__ == "__main__":
    main()
