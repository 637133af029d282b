"""The file system that a container sees: its root, what is mounted there, and what is hidden.

Stands for runc's `libcontainer/rootfs_linux.go`, with the mounts that containerd asks for. What
comes from outside is opened while that is still in sight, and put in place when the root is the
container's own, so that no link in an image can lead out of it.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from kubelearn.containers.kernel import (
    BIND,
    NODEV,
    NOEXEC,
    NOSUID,
    RDONLY,
    REMOUNT,
    copy_of_mount,
    enter_root,
    mount,
    put_mount,
)

_DEVICES = {"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9}  # of the major number 1
_TTY = (5, 0)
_QUEUES = "/dev/mqueue"
_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
_MASKED = (
    "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys",
    "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
    "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
)  # fmt: skip
_READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")

_Trees = list[tuple[str, int]]


def enter(request: dict[str, Any], *, own: Sequence[str], rootless: bool) -> bool:
    """Have the container's files for a root; nothing of the machine's stays in sight.

    Tells whether what is written there lies on the disk; else it is in memory.
    """
    root, privileged = request["root"], request["privileged"]
    trees = _system_from_outside(request, own=own, rootless=rootless)
    volumes = [
        (each["path"], copy_of_mount(each["source"], recursive=True, read_only=each["read_only"]))
        for each in request["mounts"]
    ]
    on_disk = _mount_root(root, flags=0 if privileged else NODEV, rootless=rootless)
    _mount_kernel_views(request, [path for path, _ in trees])
    enter_root(root["path"])
    _mount_system(request, [path for path, _ in trees], own=own, rootless=rootless)
    for path, tree in trees + volumes:
        _put(path, tree)
    if not privileged:
        _hide()
    if root["read_only"]:
        mount("", "/", flags=REMOUNT | BIND | RDONLY | (0 if privileged else NODEV))
    return on_disk


def show(source: str, path: str) -> None:
    """Let a file or folder be seen at another path, too."""
    _put(path, copy_of_mount(source))


def _mount_root(root: dict[str, Any], *, flags: int, rootless: bool) -> bool:
    """Lay a layer to write in over the image's files."""
    try:
        _mount_overlay(root, flags=flags, rootless=rootless)
    except OSError:
        # Not every file system can be the upper layer: another overlay cannot, as in a container.
        mount("tmpfs", root["layer"], "tmpfs", data="mode=755")
        _mount_overlay(root, flags=flags, rootless=rootless)
        return False
    return True


def _mount_overlay(root: dict[str, Any], *, flags: int, rootless: bool) -> None:
    upper, work = (os.path.join(root["layer"], name) for name in ("upper", "work"))
    for path in (upper, work):
        os.makedirs(path, exist_ok=True)
    layers = {"lowerdir": root["lower"], "upperdir": upper, "workdir": work}
    options = [f"{name}={_escaped(path)}" for name, path in layers.items()]
    if rootless:
        options.append("userxattr")
    mount("overlay", root["path"], "overlay", flags, ",".join(options))


def _escaped(path: str) -> str:
    for letter in "\\:,":
        path = path.replace(letter, f"\\{letter}")
    return path


def _system_from_outside(request: dict[str, Any], *, own: Sequence[str], rootless: bool) -> _Trees:
    """What of the system cannot be mounted anew, or is the machine's on purpose."""
    paths: dict[str, bool] = {}
    if rootless:
        # Only who has made a network, or queues of messages, may mount what shows them; and devices
        # are root's to make.
        if "net" not in own:
            paths["/sys"] = True
        if "ipc" not in own and os.path.isdir(_QUEUES):
            paths[_QUEUES] = False
        paths |= {f"/dev/{name}": False for name in (*_DEVICES, "tty")}
    if request["privileged"]:
        paths |= dict.fromkeys(_machine_devices(), False)
    return [
        (path, copy_of_mount(path, recursive=True, read_only=read_only))
        for path, read_only in paths.items()
    ]


def _machine_devices() -> Iterable[str]:
    for entry in os.scandir("/dev"):
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
            yield entry.path


def _mount_kernel_views(request: dict[str, Any], outside: Sequence[str]) -> None:
    """Mount /proc and /sys. In a user namespace one may do so while those of outside are seen."""
    read_only = 0 if request["privileged"] else RDONLY
    views = [("/proc", "proc", 0), ("/sys", "sysfs", read_only)]
    for path, kind, flags in views:
        if path in outside:
            continue
        place = request["root"]["path"] + path
        if os.path.islink(place):
            raise OSError(errno.ELOOP, f"{place} must be ordinary directory")
        os.makedirs(place, exist_ok=True)
        mount(kind, place, kind, flags | NOSUID | NODEV | NOEXEC)


def _mount_system(
    request: dict[str, Any], outside: Sequence[str], *, own: Sequence[str], rootless: bool
) -> None:
    os.makedirs("/dev", exist_ok=True)
    mount("tmpfs", "/dev", "tmpfs", NOSUID, "mode=755,size=65536k")
    _make_devices(outside)
    # Terminals belong to the group `tty`, if there is more than one group.
    group = "" if rootless else ",gid=5"
    os.mkdir("/dev/pts")
    options = f"newinstance,ptmxmode=0666,mode=0620{group}"
    mount("devpts", "/dev/pts", "devpts", NOSUID | NOEXEC, options)
    os.mkdir(_QUEUES)
    if not rootless or "ipc" in own:
        mount("mqueue", _QUEUES, "mqueue", NOSUID | NODEV | NOEXEC)
    read_only = 0 if request["privileged"] else RDONLY
    if "/sys" not in outside:
        _mount_cgroups(request, flags=NOSUID | NODEV | NOEXEC | read_only)


def _make_devices(outside: Sequence[str]) -> None:
    numbers = {name: (1, minor) for name, minor in _DEVICES.items()} | {"tty": _TTY}
    for name, (major, minor) in numbers.items():
        if (path := f"/dev/{name}") not in outside:
            os.mknod(path, stat.S_IFCHR, os.makedev(major, minor))
            os.chmod(path, 0o666)
    for name, target in _LINKS.items():
        os.symlink(target, f"/dev/{name}")


def _mount_cgroups(request: dict[str, Any], *, flags: int) -> None:
    place, hierarchies = "/sys/fs/cgroup", request["cgroup_hierarchies"]
    if hierarchies == ["unified"]:
        mount("cgroup", place, "cgroup2", flags)
        return
    if hierarchies:
        mount("tmpfs", place, "tmpfs", NOSUID | NODEV | NOEXEC, "mode=755")
    for options in hierarchies:
        os.mkdir(f"{place}/{options}")
        mount("cgroup", f"{place}/{options}", "cgroup", flags, options)
    if hierarchies:
        mount("", place, flags=REMOUNT | BIND | RDONLY | NOSUID | NODEV | NOEXEC)


def _put(path: str, tree: int) -> None:
    """Put a mount at a path, which is made if nothing is there."""
    if not os.path.exists(path):
        if stat.S_ISDIR(os.fstat(tree).st_mode):
            os.makedirs(path, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            Path(path).touch()
    put_mount(tree, path)


def _hide() -> None:
    for path in filter(os.path.exists, _MASKED):
        if os.path.isdir(path):
            mount("tmpfs", path, "tmpfs", RDONLY)
        else:
            show("/dev/null", path)
    for path in filter(os.path.exists, _READ_ONLY):
        put_mount(copy_of_mount(path, recursive=True, read_only=True), path)
