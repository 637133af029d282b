"""How fast the API server answers, and what it costs; beside a real one where there is one.

One client with raw HTTP over TLS, the same for all servers: it waits for each answer in a process
of its own and does as little as it can. Every write is durable before it is answered, on each side.
Beside each time stands the CPU time of the server's processes for one call, in ms: on a machine
that others use too it is the one to compare.
KUBELEARN_UPSTREAM names a folder with the programs `etcd` and `kube-apiserver`.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.servers import Server, alone, upstream, whole

PODS = "/api/v1/namespaces/bench/pods"
MANY = "/api/v1/namespaces/many/pods"
CLIENTS = 32
# Seconds until a server that was started a moment ago has given back what it needed for that.
REST = 15
LISTED = 1000
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"


def pod(name: str, *, field: str = "first") -> bytes:
    """A pod that nobody schedules; 2 kB once it is stored."""
    container = {
        "name": "web",
        "image": "kubelearn/hello:1.0",
        "command": ["python", "-m", "http.server"],
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [{"name": "COLOUR", "value": "green"}],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}},
    }
    labels = {"app": "web", "tier": "frontend", "field": field}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "labels": labels},
            "spec": {
                "schedulerName": "nobody",
                "automountServiceAccountToken": False,
                "containers": [container],
            },
        }
    ).encode()


# --- what is measured --------------------------------------------------------------------------


@dataclasses.dataclass
class Result:
    """A figure: how it is shown, and what is compared (the smaller the better)."""

    text: str
    cost: float
    cpu: float = 0.0
    """Seconds of CPU of the server for one call; 0 where that says nothing."""


Measure = Callable[["Bench"], Result]


class Bench:
    """One server under measurement."""

    def __init__(self, server: Server, *, times: int) -> None:
        self.server = server
        self.times = times
        self.connection = server.connect()

    def prepare(self) -> None:
        """Namespaces in which pods can be made; whatever is made ready on first use."""
        account = b'{"metadata":{"name":"default"}}'
        for name in ("bench", "many"):
            body = json.dumps({"metadata": {"name": name}}).encode()
            self.connection.send("POST", "/api/v1/namespaces", body)
            path = f"/api/v1/namespaces/{name}/serviceaccounts"
            self.connection.send("POST", path, account, checked=False)
        for number in range(30):
            name = f"warm-{number}"
            self.connection.send("POST", PODS, pod(name))
            self.connection.send("GET", f"{PODS}/{name}")
            self.connection.send("DELETE", f"{PODS}/{name}?gracePeriodSeconds=0")

    def timed(self, action: Callable[[int], object]) -> Result:
        """The median of a call, and its tail."""
        seconds, cpu = [], self.server.cpu()
        for number in range(self.times):
            begin = time.perf_counter()
            action(number)
            seconds.append(time.perf_counter() - begin)
        return latency(seconds, self.server.cpu() - cpu)

    def memory(self) -> Result:
        """What the server's processes hold now."""
        found = self.server.megabytes()
        return Result(f"{found:.0f} MB", found)

    def create(self) -> Result:
        """One client."""
        return self.timed(lambda i: self.connection.send("POST", PODS, pod(f"one-{i}")))

    def crowd(self) -> Result:
        """Creates by many clients at once, each waiting for its answers."""
        each = max(self.times * 4 // CLIENTS, 5)
        barrier = threading.Barrier(CLIENTS + 1)

        def client(number: int) -> None:
            with contextlib.closing(self.server.connect()) as connection:
                barrier.wait()
                for turn in range(each):
                    connection.send("POST", PODS, pod(f"crowd-{number}-{turn}"))

        threads = [threading.Thread(target=client, args=(each,)) for each in range(CLIENTS)]
        for thread in threads:
            thread.start()
        barrier.wait()
        begin, cpu = time.perf_counter(), self.server.cpu()
        for thread in threads:
            thread.join()
        rate = CLIENTS * each / (time.perf_counter() - begin)
        cpu = (self.server.cpu() - cpu) / CLIENTS / each
        return Result(f"{rate:,.0f}/s, CPU {cpu * 1e3:.1f}", 1 / rate, cpu)

    def get(self) -> Result:
        """One object."""
        return self.timed(lambda i: self.connection.send("GET", f"{PODS}/one-{i}"))

    def update(self) -> Result:
        """A whole object, as it was read but for a label."""
        bodies = []
        for number in range(self.times):
            found = json.loads(self.connection.send("GET", f"{PODS}/one-{number}")[1])
            found["metadata"]["labels"]["field"] = "put"
            bodies.append(json.dumps(found).encode())
        return self.timed(lambda i: self.connection.send("PUT", f"{PODS}/one-{i}", bodies[i]))

    def patch(self, media: str) -> Result:
        """One label."""

        def action(number: int) -> None:
            name = f"one-{number}"
            labels = {"metadata": {"labels": {"field": media.partition("/")[2].partition("-")[0]}}}
            body: dict[str, Any] = labels
            query = ""
            if media == APPLY:
                body = {"apiVersion": "v1", "kind": "Pod"} | labels
                body["metadata"] |= {"name": name}
                query = "?fieldManager=bench&force=true"
            path = f"{PODS}/{name}{query}"
            self.connection.send("PATCH", path, json.dumps(body).encode(), media=media)

        return self.timed(action)

    def list_all(self) -> Result:
        """The whole collection at once."""
        for number in range(LISTED):
            self.connection.send("POST", MANY, pod(f"listed-{number}"))
        size = len(self.connection.send("GET", MANY)[1]) / 2**20
        found = self.several(lambda: self.connection.send("GET", MANY))
        return dataclasses.replace(found, text=f"{size:.1f} MB: {found.text}")

    def list_page(self) -> Result:
        """As kubectl reads, in smaller pages."""
        return self.several(lambda: self.connection.send("GET", f"{MANY}?limit=100"))

    def several(self, action: Callable[[], object]) -> Result:
        """Like `timed`, for what takes longer."""
        seconds, cpu = [], self.server.cpu()
        for _ in range(20):
            begin = time.perf_counter()
            action()
            seconds.append(time.perf_counter() - begin)
        return latency(seconds, self.server.cpu() - cpu)

    def deliver(self) -> Result:
        """From sending a create to the event in somebody else's watch."""
        _, raw = self.connection.send("GET", f"{PODS}?limit=1")
        version = json.loads(raw)["metadata"]["resourceVersion"]
        arrived: dict[str, float] = {}
        told = threading.Semaphore(0)
        watcher = self.server.connect()

        def watch() -> None:
            with contextlib.suppress(OSError, ValueError):
                for line in watcher.stream(f"{PODS}?watch=true&resourceVersion={version}"):
                    now = time.perf_counter()
                    arrived[json.loads(line)["object"]["metadata"]["name"]] = now
                    told.release()

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        time.sleep(0.3)
        seconds, cpu = [], self.server.cpu()
        for number in range(min(self.times, 300)):
            name = f"watched-{number}"
            begin = time.perf_counter()
            self.connection.send("POST", PODS, pod(name))
            while name not in arrived:
                told.acquire()
            seconds.append(arrived[name] - begin)
        cpu = self.server.cpu() - cpu
        watcher.interrupt()
        thread.join()
        watcher.close()
        return latency(seconds, cpu)

    def delete(self) -> Result:
        """At once, as nobody runs these pods."""
        return self.timed(
            lambda i: self.connection.send("DELETE", f"{PODS}/one-{i}?gracePeriodSeconds=0")
        )

    def kubectl(self, *words: str, given: bytes | None = None) -> Result:
        """The wall time of a whole command, without the first that fills its cache."""
        command = ["kubectl", f"--kubeconfig={self.server.kubeconfig}", *words]
        subprocess.run(command, input=given, check=True, stdout=subprocess.DEVNULL)
        seconds, cpu = [], self.server.cpu()
        for _ in range(10):
            begin = time.perf_counter()
            subprocess.run(command, input=given, check=True, stdout=subprocess.DEVNULL)
            seconds.append(time.perf_counter() - begin)
        return latency(seconds, self.server.cpu() - cpu)


def latency(seconds: list[float], cpu: float) -> Result:
    median = statistics.median(seconds)
    tail = statistics.quantiles(seconds, n=100)[-1]
    each = cpu / len(seconds)
    return Result(
        f"{median * 1e3:.2f} ms (p99 {tail * 1e3:.1f}), CPU {each * 1e3:.1f}", median, each
    )


ROWS: dict[str, Measure] = {
    "memory, idle": Bench.memory,
    "create": Bench.create,
    "get": Bench.get,
    "update": Bench.update,
    "patch, merge": lambda bench: bench.patch(MERGE),
    "patch, strategic": lambda bench: bench.patch(STRATEGIC),
    "patch, apply": lambda bench: bench.patch(APPLY),
    f"create, {CLIENTS} clients": Bench.crowd,
    "create to watch event": Bench.deliver,
    "delete": Bench.delete,
    f"list of {LISTED:,} pods": Bench.list_all,
    "list, a page of 100": Bench.list_page,
    "kubectl by itself": lambda bench: bench.kubectl("version", "--client"),
    "kubectl get pod": lambda bench: bench.kubectl("get", "pod", "listed-1", "-n", "many"),
    "kubectl apply": lambda bench: bench.kubectl(
        "apply", "-n", "bench", "-f", "-", given=pod("applied")
    ),
    "memory after all that": Bench.memory,
}


def measure(start: Callable[[Path], Any], *, times: int) -> dict[str, Result]:
    with tempfile.TemporaryDirectory() as folder, start(Path(folder)) as server:
        bench = Bench(server, times=times)
        time.sleep(REST)
        results = {"memory, idle": bench.memory()}
        bench.prepare()
        for name, row in ROWS.items():
            if name not in results and (not name.startswith("kubectl") or shutil.which("kubectl")):
                print(f"\r{name:40}", end="", file=sys.stderr, flush=True)
                results[name] = row(bench)
        bench.connection.close()
    print(f"\r{'':40}\r", end="", file=sys.stderr, flush=True)
    return results


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--times", type=int, default=500, help="calls of each kind; default 500")
    parser.add_argument("--only", help="one column: alone, whole or upstream")
    options = parser.parse_args()
    columns: dict[str, Callable[[Path], Any]] = {"alone": alone, "whole": whole}
    if programs := os.environ.get("KUBELEARN_UPSTREAM"):
        columns["upstream"] = lambda folder: upstream(folder, programs=Path(programs))
    if options.only:
        columns = {options.only: columns[options.only]}
    results = {name: measure(start, times=options.times) for name, start in columns.items()}
    titles = {"alone": "API server alone", "whole": "whole cluster", "upstream": "kube-apiserver"}
    heads = [titles[name] for name in results]
    print(f"| {'':24} |" + "".join(f" {head:>36} |" for head in heads) + " alone : real | CPU |")
    print(f"|{'-' * 26}|" + f"{'-' * 37}:|" * len(heads) + f"{'-' * 13}:|----:|")
    for row in ROWS:
        found = [column.get(row) for column in results.values()]
        cells = "".join(f" {each.text if each else '':>36} |" for each in found)
        ratio = cpu = ""
        if "upstream" in results and "alone" in results and (real := results["upstream"].get(row)):
            ours = results["alone"][row]
            ratio = f"{ours.cost / real.cost:.2f}"
            cpu = f"{ours.cpu / real.cpu:.2f}" if real.cpu else ""
        print(f"| {row:24} |{cells} {ratio:>12} | {cpu:>3} |")


if __name__ == "__main__":
    main()
