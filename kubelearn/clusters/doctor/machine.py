"""What every cluster needs of this machine: Linux, addresses, room, and a way to run containers."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
import tempfile
from pathlib import Path

from kubelearn.clusters import daemon
from kubelearn.clusters.doctor.check import Check
from kubelearn.clusters.kind import requirements
from kubelearn.containers import probe
from kubelearn.embedded import addresses
from kubelearn.embedded.state import StateFolder, home

_DISK, _MEMORY = 500, 700  # MB


def _python() -> Check:
    good = sys.version_info >= (3, 11)
    return Check(
        "Python",
        "good" if good else "bad",
        platform.python_version(),
        "kubelearn needs Python 3.11 or newer.",
        "conda env create -f environment.yml",
    )


def _system() -> Check:
    good = hasattr(os, "pidfd_open")
    return Check(
        "operating system",
        "good" if good else "bad",
        f"{platform.system()} {platform.release()}, {os.cpu_count()} processors",
        "The embedded cluster needs Linux 5.3 or newer (on Windows: WSL 2).",
        "KUBELEARN_BACKEND=kubeconfig   # any real cluster does too",
    )


def _loopback() -> Check:
    good = addresses.is_free(addresses.Block(addresses.BLOCKS[0]).node_ip(200), 0)
    return Check(
        "addresses",
        "good" if good else "bad",
        "127.64.0.0/10 usable" if good else "127.64.0.0/10 not usable",
        "Nodes, pods and Services get loopback addresses, which this machine does not take.",
        "sudo ip link set lo up",
    )


def _state_folder() -> Check:
    folder = home()
    existing = _existing(folder)
    good = existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
    return Check(
        "state folder",
        "good" if good else "bad",
        f"{folder}{'' if good else ' cannot be written'}",
        "Clusters keep their objects, keys and logs there.",
        "export KUBELEARN_STATE=/some/folder/of/yours",
    )


def _disk() -> Check:
    free = shutil.disk_usage(_existing(home())).free // 2**20
    return Check(
        "disk",
        "good" if free >= _DISK else "bad",
        f"{_amount(free)} free",
        "A full disk makes every change of the cluster fail.",
        "export KUBELEARN_STATE=/some/larger/disk",
    )


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _memory() -> Check:
    free = requirements.available_memory()
    if not free:
        return Check("memory", "missing", "not known")
    return Check(
        "memory",
        "good" if free >= _MEMORY else "missing",
        f"{_amount(free)} available",
        "Cluster, JupyterLab and a few pods need about 700 MB; with less it gets slow.",
        "close other programs, or: kubelearn up --nodes 1",
    )


def _port() -> Check:
    running = daemon.status(StateFolder.named("kubelearn"))
    if running:
        return Check("cluster", "good", f"runs already at {running['server']}")
    free = addresses.is_free("127.0.0.1", 6443)
    found = "6443 is free" if free else "6443 is taken, the next free one will do"
    return Check("port", "good", found)


def _containers() -> Check:
    try:
        with tempfile.TemporaryDirectory(dir=_existing(home())) as folder:
            choice = probe.choose(Path(folder))
    except OSError:
        return Check("containers", "missing", "not known")
    return Check(
        "containers",
        "good" if choice.runtime == probe.NAMESPACES else "missing",
        str(choice),
        "They see this machine's files and processes, and limits are kept less strictly.",
        "sudo sysctl user.max_user_namespaces=10000   # or run kubelearn as root",
    )


def _low_ports() -> Check:
    with socket.socket() as door:
        try:
            door.bind((addresses.Block(addresses.BLOCKS[0]).node_ip(200), 80))
            good = True
        except PermissionError:
            good = False
        except OSError:
            good = True
    return Check(
        "ports below 1024",
        "good" if good else "missing",
        "usable" if good else "kept for root",
        "A Service with port 80 answers on port 8080 of its address instead.",
        "sudo sysctl net.ipv4.ip_unprivileged_port_start=80",
    )


def _amount(megabytes: int) -> str:
    return f"{megabytes / 1024:.1f} GB" if megabytes >= 1024 else f"{megabytes} MB"


CHECKS = (
    _python,
    _system,
    _loopback,
    _state_folder,
    _disk,
    _memory,
    _port,
    _containers,
    _low_ports,
)
