"""How fast a container starts, by runtime: plain process, namespaces, and Docker where it answers.

A start is what a kubelet waits for: a container made and its program running, in a pod that is
there. The whole is from there to the program's end and its exit code. Docker's whole is that of
`docker run`, pod and all, with an image of this machine's own `/bin/true`.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from kubelearn.containers import probe
from kubelearn.containers.images import Image, Reference
from kubelearn.containers.isolation import NamespacesRuntime
from kubelearn.containers.machineimages import MachineImages
from kubelearn.containers.process import ProcessRuntime
from kubelearn.containers.runtime import ContainerConfig, Runtime, SandboxConfig
from kubelearn.containers.stock import StockImages

BUSYBOX = Reference.parse("busybox")
Row = tuple[str, list[float], list[float]]


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=50, help="containers of each kind")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [asyncio.run(measure(probe.PROCESS, folder / "process", rounds))]
        choice = probe.choose(folder / "probe")
        if choice.runtime == probe.NAMESPACES:
            rows.append(asyncio.run(measure(probe.NAMESPACES, folder / "namespaces", rounds)))
        else:
            print(choice)
    docker = docker_run(min(rounds, 10))
    rows += [("docker run", [], docker)] if docker else []
    print(table(rows))


async def measure(kind: str, folder: Path, rounds: int) -> Row:
    """Start containers one after the other, in one pod."""
    isolated = kind == probe.NAMESPACES
    roots = MachineImages(folder / "roots") if isolated else None
    image = await StockImages(folder / "images", roots=roots).pull(BUSYBOX)
    make = NamespacesRuntime if isolated else ProcessRuntime
    runtime = make(
        folder / "containers",
        pod_cidr="127.28.1.0/24",
        host_ip="127.28.0.1",
        now=lambda: datetime.now(UTC),
    )
    sandbox = await runtime.run_pod_sandbox(SandboxConfig("default", "bench", "uid", "bench"))
    try:
        times = [await one(runtime, sandbox.id, image, folder / "log") for _ in range(rounds + 1)]
    finally:
        await runtime.shut_down()
    started, whole = zip(*times[1:], strict=True)  # the first one starts the zygote as well
    return kind, list(started), list(whole)


async def one(runtime: Runtime, sandbox: str, image: Image, log: Path) -> tuple[float, float]:
    """Seconds to a container's start, and to its end."""
    ended = asyncio.Event()
    began = time.perf_counter()
    config = ContainerConfig("bench", image, log, command=["true"])
    container = await runtime.create_container(sandbox, config)
    await runtime.start_container(container)
    started = time.perf_counter()
    stop = runtime.add_listener(lambda _: ended.set())
    if runtime.list_containers(sandbox)[-1].finished_at is None:
        await ended.wait()
    over = time.perf_counter()
    stop()
    await runtime.remove_container(container)
    return started - began, over - began


def docker_run(rounds: int) -> list[float]:
    """Seconds of whole `docker run`s; none where no Docker Engine answers."""
    image = "kubelearn-bench:true"
    if subprocess.run(["sh", "-c", "docker version"], capture_output=True).returncode:
        return []
    pack = f"tar -ch $(ldd /bin/true | grep -o '/[^ ]*') /bin/true | docker import - {image}"
    if subprocess.run(["sh", "-c", pack], capture_output=True).returncode:
        return []
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        subprocess.run(["docker", "run", "--rm", image, "/bin/true"], check=True)
        times.append(time.perf_counter() - began)
    subprocess.run(["docker", "rmi", image], capture_output=True, check=False)
    return times


def table(rows: list[Row]) -> str:
    """Medians and slowest tenths, in milliseconds."""
    lines = [f"{'':<12} {'start':>8} {'p90':>8} {'whole':>8} {'p90':>8}   ms"]
    for name, *columns in rows:
        cells = [cell for column in columns for cell in (middle(column), slow(column))]
        lines.append(f"{name:<12} " + " ".join(f"{cell:>8}" for cell in cells))
    return "\n".join(lines)


def middle(times: list[float]) -> str:
    """The median."""
    return f"{statistics.median(times) * 1000:.1f}" if times else "-"


def slow(times: list[float]) -> str:
    """What nine in ten keep below."""
    return f"{sorted(times)[len(times) * 9 // 10] * 1000:.1f}" if times else "-"


if __name__ == "__main__":
    main()
