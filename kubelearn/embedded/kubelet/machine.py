"""What this machine is and has, as a Node tells it (`pkg/kubelet/nodestatus`, cAdvisor)."""

from __future__ import annotations

import os
import platform
import uuid
from functools import cache
from pathlib import Path

from kubelearn.embedded.architecture import architecture
from kubelearn.objects import Object

VERSION = "v1.36.3+kubelearn"
MAX_PODS = 110


def capacity(folder: Path) -> dict[str, str]:
    """What a node can give. Like kind's, each node shows the whole machine."""
    disk = os.statvfs(folder)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": str(os.cpu_count() or 1),
        "ephemeral-storage": _kibibytes(disk.f_blocks * disk.f_frsize),
        "memory": _kibibytes(memory),
        "pods": str(MAX_PODS),
    }


def node_info(node: str, runtime_version: str) -> Object:
    """`status.nodeInfo`. Machine and system ids are made from the node's name: each node is one."""
    identity = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{node}.{_read('/etc/machine-id')}"))
    return {
        "architecture": architecture(),
        "bootID": _read("/proc/sys/kernel/random/boot_id"),
        "containerRuntimeVersion": runtime_version,
        "kernelVersion": platform.release(),
        "kubeProxyVersion": "",
        "kubeletVersion": VERSION,
        "machineID": identity.replace("-", ""),
        "operatingSystem": "linux",
        "osImage": _os_image(),
        "systemUUID": identity,
    }


@cache
def _os_image() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _kibibytes(size: int) -> str:
    return f"{size // 1024}Ki"
