"""What this machine lets containers be, found by making one.

The best runtime that works is taken: namespaces as root, then namespaces in a user namespace of
one's own, then plain processes, which run anywhere. What keeps the better ones from working is said
in words: no namespaces at all (as in most containers), user namespaces that are forbidden
(`kernel.unprivileged_userns_clone`, `kernel.apparmor_restrict_unprivileged_userns`), no overlays,
or a kernel before 5.12.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from kubelearn.containers import trees
from kubelearn.containers.cgroups import Cgroups
from kubelearn.containers.launcher import Launcher
from kubelearn.errors import ContainerError

NAMESPACES, PROCESS = "namespaces", "process"


@dataclass(frozen=True)
class Choice:
    """A runtime, and why it is that one."""

    runtime: str
    reason: str

    def __str__(self) -> str:
        return f"{self.runtime}: {self.reason}"


def choose(folder: Path, wanted: str = "") -> Choice:
    """The runtime that is wanted, else the best that works; containers will be in that folder.

    Raises ContainerError if what is wanted does not work.
    """
    if wanted == PROCESS:
        return Choice(PROCESS, f"containers are plain processes, as you asked for{_danger()}")
    try:
        reason = _make_one(folder)
    except (ContainerError, OSError) as error:
        problem = error.message if isinstance(error, ContainerError) else str(error)
        if wanted == NAMESPACES:
            raise ContainerError(
                f"this machine lets no container have namespaces: {problem}",
                hint="kubelearn up --runtime process   # containers as plain processes",
            ) from error
        words = f"containers are plain processes, as namespaces fail ({problem}){_danger()}"
        return Choice(PROCESS, words)
    return Choice(NAMESPACES, reason)


def _danger() -> str:
    if os.geteuid():
        return ""
    # `rm -r /home` in such a container is `rm -r /home`.
    return "; as you are root, they may change every file of this machine"


def _make_one(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="probe-", dir=folder))
    launcher = Launcher()
    try:
        with ThreadPoolExecutor(1, "probe") as threads:  # a notebook has a loop already
            on_disk = threads.submit(asyncio.run, _probe(launcher, place)).result()
        groups = Cgroups.find(place)
        if groups:
            groups.remove()
        return _words(rootless=launcher.rootless, groups=groups, on_disk=on_disk)
    finally:
        launcher.close()
        trees.discard(place)


async def _probe(launcher: Launcher, place: Path) -> bool:
    """Make a container that does nothing; tells whether it would write to the disk."""
    parts = {name: place / name for name in ("lower", "layer", "root")}
    for part in parts.values():
        part.mkdir()
    request = {
        "action": "probe",
        "namespaces": ["mnt", "pid", "uts", "ipc", "cgroup"],
        "root": {
            "path": str(parts["root"]),
            "lower": str(parts["lower"]),
            "layer": str(parts["layer"]),
            "read_only": True,
        },
        "mounts": [],
        "privileged": False,
        "cgroup_hierarchies": [],
    }
    answer = await launcher.ask(request)
    answer.close()
    return answer.on_disk


def _words(*, rootless: bool, groups: Cgroups | None, on_disk: bool) -> str:
    whose = "containers have namespaces of their own"
    if rootless:
        whose += ", in a user namespace as you are not root"
    if not on_disk:
        whose += "; what they write is kept in memory, as the disk takes no overlay"
    if groups:
        return f"{whose}, and control groups (version {groups.version}) for limits"
    return f"{whose}; no control groups, so limits of memory are kept by looking"
