"""A container by itself, run to its end: what `docker run` does without a cluster around it.

It has the network of this machine, as a RUN of a build has it too.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kubelearn.containers import trees
from kubelearn.containers.images import Image
from kubelearn.containers.isolation import NamespacesRuntime
from kubelearn.containers.process import ProcessRuntime
from kubelearn.containers.runtime import (
    ContainerConfig,
    ContainerState,
    Mount,
    Runtime,
    SandboxConfig,
)
from kubelearn.errors import ContainerError

_HOST = "127.0.0.1"
# A container's files for names, which are this machine's where its network is.
_RESOLVER = ("/etc/hosts", "/etc/resolv.conf")

Output = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """What to run. An empty command stands for the image's own."""

    image: Image
    command: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    timeout: float | None = None
    """In seconds; None waits for ever."""
    changes: Path | None = None
    """Where the files go that it changed, as an overlay notes them; a folder that is empty."""


def run(job: Job, folder: Path, *, output: Output) -> int:
    """Run a container, whose files lie below `folder`, and hear what it prints as it does.

    Gives its exit code. Raises ContainerError if it cannot be started, or does not end in time.
    """
    kind = ProcessRuntime if job.image.rootfs is None or job.image.files else NamespacesRuntime

    async def whole() -> int:
        runtime = kind(folder, pod_cidr=f"{_HOST}/32", host_ip=_HOST, now=lambda: datetime.now(UTC))
        try:
            return await asyncio.wait_for(_run(runtime, job, folder, output), job.timeout)
        except TimeoutError:
            raise ContainerError(f"the container did not end within {job.timeout:g} s") from None
        finally:
            await runtime.shut_down()

    return _in_loop(whole())


def _in_loop(work: Coroutine[Any, Any, int]) -> int:
    """Do it in a thread of its own: a notebook has a loop already."""
    with ThreadPoolExecutor(1, "container") as threads:
        return threads.submit(asyncio.run, work).result()


async def _run(runtime: Runtime, job: Job, folder: Path, output: Output) -> int:
    name = f"run-{secrets.token_hex(4)}"
    sandbox = await runtime.run_pod_sandbox(
        SandboxConfig("kubelearn", name, name, name, host_network=True)
    )
    log = folder / f"{name}.log"
    config = ContainerConfig(
        name=name,
        image=job.image,
        log_path=log,
        command=job.command,
        env=job.env,
        mounts=[Mount(path, Path(path), read_only=True) for path in _RESOLVER],
    )
    made = await runtime.create_container(sandbox.id, config)
    await runtime.start_container(made)
    (status,) = runtime.list_containers(sandbox.id)
    seen = 0
    while status.state is not ContainerState.EXITED:
        seen = _tell(log, seen, output)
        await runtime.wait_for_log(made)
    _tell(log, seen, output)
    if job.changes:
        _keep(folder / made / "layer", job.changes)
    return status.exit_code


def _tell(log: Path, seen: int, output: Output) -> int:
    """Pass on what was written to the log since; how much of it was read."""
    data = log.read_bytes()
    seen = seen if seen <= len(data) else 0  # it was begun anew
    end = data.rfind(b"\n") + 1
    for line in data[seen:end].decode(errors="replace").split("\n")[:-1]:
        _, _, whole, text = line.split(" ", 3)
        output(text + ("\n" if whole == "F" else ""))
    return end


def _keep(layer: Path, changes: Path) -> None:
    """Take what the container changed, but for the places of what was mounted into it.

    Raises ContainerError if that is gone.
    """
    # The kernel makes this folder when it lays an overlay on the disk.
    if not (layer / "work/work").exists():
        raise ContainerError(
            f"what the command changed was kept in memory, as the disk of {layer} takes no overlay",
            hint="export KUBELEARN_STATE=/a/folder/on/another/disk",
        )
    (layer / "upper").replace(changes)
    for path in _RESOLVER:
        place = changes / path.lstrip("/")
        if place.is_file() and not place.stat().st_size:
            trees.remove(place)
    for name in ("dev", "proc", "sys", "etc"):
        place = changes / name
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()
