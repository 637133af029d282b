"""Calls of Linux that Python's own library has no names for. Each raises OSError.

Small on purpose, and without imports that take time: the program that sets containers up uses it.
"""

from __future__ import annotations

import ctypes
import os
import struct
from typing import Any

libc = ctypes.CDLL(None, use_errno=True)

# From linux/sched.h, by the names that /proc/PID/ns has for them.
NAMESPACES = {
    "user": 0x10000000,
    "cgroup": 0x2000000,
    "ipc": 0x8000000,
    "uts": 0x4000000,
    "net": 0x40000000,
    "pid": 0x20000000,
    "mnt": 0x20000,
}
# From linux/mount.h.
RDONLY, NOSUID, NODEV, NOEXEC = 0x1, 0x2, 0x4, 0x8
REMOUNT, BIND, RECURSIVE, SLAVE = 0x20, 0x1000, 0x4000, 0x80000
DETACH = 2
_CLONE_TREE, _CLOEXEC_TREE, _AT_RECURSIVE, _AT_EMPTY_PATH = 1, os.O_CLOEXEC, 0x8000, 0x1000
_MOVE_EMPTY_PATH = 4
_AT_FDCWD = -100
# These numbers are the same on all machines.
_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442
# From linux/prctl.h.
_PDEATHSIG, _SET_NAME, _CAPBSET_DROP, _NO_NEW_PRIVS = 1, 15, 24, 38


def call(function: Any, *args: Any) -> int:
    """Call a function of the C library. Raises OSError with its errno."""
    result: int = function(*args)
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


# --- namespaces ----------------------------------------------------------------------------------


def unshare(*names: str) -> None:
    """Take new namespaces of these kinds; that of processes counts for children only."""
    flags = 0
    for name in names:
        flags |= NAMESPACES[name]
    call(libc.unshare, flags)


def setns(descriptor: int, name: str) -> None:
    """Enter a namespace that is open."""
    call(libc.setns, descriptor, NAMESPACES[name])


# --- mounts --------------------------------------------------------------------------------------


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """Mount something, or change a mount."""
    texts = [os.fsencode(text) if text else None for text in (source, target, kind)]
    try:
        call(libc.mount, *texts, ctypes.c_ulong(flags), os.fsencode(data) if data else None)
    except OSError as error:
        raise OSError(
            error.errno, f"mount {kind or source} at {target}: {error.strerror}"
        ) from None


def unmount(target: str) -> None:
    """Take a mount away at once; who still uses it keeps it."""
    call(libc.umount2, os.fsencode(target), DETACH)


def enter_root(folder: str) -> None:
    """Make a mount point the root of this mount namespace; nothing of the old one stays."""
    os.chdir(folder)
    call(libc.pivot_root, b".", b".")
    # The old root lies over the new one now.
    call(libc.umount2, b".", DETACH)
    os.chdir("/")


def copy_of_mount(path: str, *, recursive: bool = False, read_only: bool = False) -> int:
    """What lies at a path, as a mount that is nowhere yet; it outlives the path."""
    flags = _CLONE_TREE | _CLOEXEC_TREE | (_AT_RECURSIVE if recursive else 0)
    try:
        tree = call(libc.syscall, _OPEN_TREE, _AT_FDCWD, os.fsencode(path), flags)
    except OSError as error:
        raise OSError(error.errno, f"open {path}: {error.strerror}") from None
    if read_only:
        attributes = struct.pack("=QQQQ", RDONLY, 0, 0, 0)
        flags = _AT_EMPTY_PATH | (_AT_RECURSIVE if recursive else 0)
        call(libc.syscall, _MOUNT_SETATTR, tree, b"", flags, attributes, len(attributes))
    return tree


def put_mount(tree: int, target: str) -> None:
    """Put what `copy_of_mount` gave at a path, and close it. Raises OSError."""
    try:
        call(libc.syscall, _MOVE_MOUNT, tree, b"", _AT_FDCWD, os.fsencode(target), _MOVE_EMPTY_PATH)
    except OSError as error:
        raise OSError(error.errno, f"mount at {target}: {error.strerror}") from None
    finally:
        os.close(tree)


# --- rights and names ----------------------------------------------------------------------------


def die_with_parent(number: int) -> None:
    """Get this signal when the parent ends. A change of the user takes that back."""
    call(libc.prctl, _PDEATHSIG, number, 0, 0, 0)


def set_name(name: str) -> None:
    """Be called so in lists of processes."""
    call(libc.prctl, _SET_NAME, os.fsencode(name), 0, 0, 0)


def gain_no_privileges() -> None:
    """Programs that are started from now on get no rights by setuid."""
    call(libc.prctl, _NO_NEW_PRIVS, 1, 0, 0, 0)


def drop_capability(number: int) -> None:
    """No program that is started from now on can have this capability."""
    call(libc.prctl, _CAPBSET_DROP, number, 0, 0, 0)


def map_user(uid: tuple[int, int], gid: tuple[int, int]) -> None:
    """In a user namespace that is new: the one user and group, inside and outside of it."""
    texts = {
        "setgroups": "deny",
        "uid_map": "{} {} 1".format(*uid),
        "gid_map": "{} {} 1".format(*gid),
    }
    for name, text in texts.items():
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
