"""Whether a cluster that works for a long time stays as small and as fast as it was.

Objects come, change and go, Deployments are rolled out, clients watch and hang up. Every few
seconds: the daemon's memory, open files, the store's size, and how long a create takes. The slope
is that of the second half, when everything that fills up by design (the past that watches may ask
for) is full.

Memory goes on growing for an hour of rollouts, by some 65 kB each, a third of it by each of three
things that are limited: Events (kept for an hour), what the API server remembers of objects that
selectors have looked at (4,096 states a kind), and what recorders remember of Events (1,024 each).
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass
from typing import Any

from support.processes import megabytes

from kubelearn.clusters import EmbeddedCluster, transport

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
LIVING = 200


@dataclass
class Sample:
    """What was seen at one moment."""

    minutes: float
    memory: float
    files: int
    store: float
    create: float


class Soak:
    """A cluster under a steady load."""

    def __init__(self, cluster: EmbeddedCluster, *, rate: float, rollout: float) -> None:
        self.cluster = cluster
        self.rate = rate
        self.rollout = rollout
        self.over = threading.Event()
        self.pid = int((cluster.status() or {})["pid"])
        self.seconds: list[float] = []
        self.writes = 0

    def churn(self) -> None:
        """Objects that come, change, and go again when there are enough."""
        rng = random.Random(1)
        living: list[str] = []
        for number in itertools.count():
            if self.over.wait(1 / self.rate):
                return
            name = f"soak-{number}"
            body = {"metadata": {"name": name}, "data": {"text": "x" * rng.randrange(3000)}}
            begin = time.perf_counter()
            self.send("POST", CONFIG_MAPS, body)
            self.seconds.append(time.perf_counter() - begin)
            living.append(name)
            self.send("PUT", f"{CONFIG_MAPS}/{rng.choice(living)}", None)
            if len(living) > LIVING:
                self.send("DELETE", f"{CONFIG_MAPS}/{living.pop(rng.randrange(LIVING))}", None)

    def rolling(self) -> None:
        """A Deployment whose pods are replaced again and again."""
        labels = {"app": "soak"}
        container = {"name": "web", "image": "kubelearn/hello:1.0"}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
        spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
        self.send("POST", DEPLOYMENTS, {"metadata": {"name": "soak"}, "spec": spec})
        for number in itertools.count():
            if self.over.wait(self.rollout):
                return
            env = [{"name": "TURN", "value": str(number)}]
            template["spec"]["containers"] = [container | {"env": env}]  # type: ignore[index]
            self.send("PUT", f"{DEPLOYMENTS}/soak", {"metadata": {"name": "soak"}, "spec": spec})

    def watching(self) -> None:
        """Clients that watch for a while and hang up."""
        while not self.over.is_set():
            query = {"watch": "true", "timeoutSeconds": 5}
            for _ in transport.lines(self.cluster.api_client, CONFIG_MAPS, query=query):
                if self.over.is_set():
                    return

    def send(self, method: str, path: str, body: Any) -> None:
        """One request; without a body of its own a PUT changes a ConfigMap."""
        if method == "PUT" and body is None:
            body = {"metadata": {"name": path.rpartition("/")[2]}, "data": {"text": "changed"}}
        transport.send(self.cluster.api_client, method, path, body=body)
        self.writes += 1

    def sample(self, started: float) -> Sample:
        """Look now."""
        seconds, self.seconds = self.seconds, []
        return Sample(
            minutes=(time.monotonic() - started) / 60,
            memory=megabytes(self.pid),
            files=len(os.listdir(f"/proc/{self.pid}/fd")),
            store=sum(p.stat().st_size for p in self.cluster.folder.path.glob("store.db*")) / 2**20,
            create=statistics.median(seconds or [0]) * 1e3,
        )


def slope(samples: list[Sample], name: str) -> float:
    """By how much a figure grows in a minute, by least squares."""
    minutes = [each.minutes for each in samples]
    values = [float(getattr(each, name)) for each in samples]
    return statistics.linear_regression(minutes, values).slope


def main() -> None:
    """Work for a while, and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, default=1.0, help="how long; default 1")
    parser.add_argument("--rate", type=float, default=30, help="objects a second; default 30")
    parser.add_argument("--rollout", type=float, default=20, help="seconds between; default 20")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KUBELEARN_STATE"] = folder
        cluster = EmbeddedCluster("soak")
        cluster.up(say=lambda *_: None)
        try:
            load = Soak(cluster, rate=options.rate, rollout=options.rollout)
            soak(load, minutes=options.minutes)
        finally:
            cluster.delete(say=lambda *_: None)


def soak(load: Soak, *, minutes: float) -> None:
    print(f"{'min':>6} {'memory MB':>10} {'files':>6} {'store MB':>9} {'create ms':>10}")
    threads = [threading.Thread(target=each) for each in (load.churn, load.rolling, load.watching)]
    for thread in threads:
        thread.start()
    started, samples = time.monotonic(), []
    while time.monotonic() < started + minutes * 60:
        time.sleep(min(10, minutes * 3))
        samples.append(found := load.sample(started))
        row = f"{found.minutes:6.1f} {found.memory:10.1f} {found.files:6} {found.store:9.1f}"
        print(f"{row} {found.create:10.2f}", flush=True)
    load.over.set()
    for thread in threads:
        thread.join()
    half = samples[len(samples) // 2 :]
    slopes = {name: slope(half, name) for name in ("memory", "files", "store", "create")}
    print(f"{load.writes:,} writes; a minute in the second half adds " + json.dumps(
        {name: round(each, 3) for name, each in slopes.items()}
    ))  # fmt: skip


if __name__ == "__main__":
    main()
