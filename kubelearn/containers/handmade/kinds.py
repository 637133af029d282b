"""The kinds of namespaces (namespaces(7)), and whether this machine lets this user have them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_SECONDS = 5


@dataclass(frozen=True)
class Kind:
    """One kind of namespace."""

    name: str
    """As /proc/PID/ns has it."""
    option: str
    """As unshare and nsenter have it."""
    flag: str
    """As unshare(2) and clone(2) have it."""
    isolates: str


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("uts", "--uts", "CLONE_NEWUTS", "the host name"),
        Kind("pid", "--pid", "CLONE_NEWPID", "the numbers of processes"),
        Kind("mnt", "--mount", "CLONE_NEWNS", "what is mounted, so the files"),
        Kind("net", "--net", "CLONE_NEWNET", "network interfaces, addresses, ports"),
        Kind("ipc", "--ipc", "CLONE_NEWIPC", "shared memory and message queues"),
        Kind("user", "--user", "CLONE_NEWUSER", "the numbers of users"),
        Kind("cgroup", "--cgroup", "CLONE_NEWCGROUP", "the path of the control group"),
    )
}
USUAL = tuple(name for name in KINDS if name != "user")
"""Those that container engines give a container unless they are told otherwise."""
ROOTLESS = ("--user", "--map-root-user")
"""What makes a user root of a user namespace, who then may have the others."""


@dataclass(frozen=True)
class Allowed:
    """What this user may do on this machine."""

    rootless: bool
    """Whether every other namespace takes one of users first."""
    refused: Mapping[str, str]
    """The kinds that are not to be had, and why."""


@cache
def allowed() -> Allowed:
    """Try each kind with a program that ends at once."""
    program = shutil.which("unshare")
    if program is None or "util-linux" not in _said([program, "--version"]):
        return Allowed(False, dict.fromkeys(KINDS, "unshare of util-linux is not installed"))
    as_root = {name: _try(program, kind.option) for name, kind in KINDS.items()}
    if os.geteuid() == 0 and not as_root["mnt"]:
        return Allowed(False, _only_refused(as_root))
    rootless = {name: _try(program, *ROOTLESS, kind.option) for name, kind in KINDS.items()}
    return Allowed(True, _only_refused(rootless))


def _only_refused(tried: Mapping[str, str]) -> dict[str, str]:
    return {name: reason for name, reason in tried.items() if reason}


def _try(program: str, *options: str) -> str:
    """Why it cannot be done; nothing if it can."""
    command = [program, "--fork", *dict.fromkeys(options), "true"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    if done.returncode == 0:
        return ""
    said = (done.stderr.strip().splitlines() or ["it failed"])[-1].removeprefix("unshare: ")
    return f"{said}{_setting()}"


def _setting() -> str:
    """The setting of this machine that most likely is the reason."""
    for name, value in (
        ("kernel/apparmor_restrict_unprivileged_userns", "1"),
        ("kernel/unprivileged_userns_clone", "0"),
        ("user/max_user_namespaces", "0"),
    ):
        path = Path("/proc/sys", name)
        if path.exists() and path.read_text().strip() == value:
            return f" ({name.replace('/', '.')} = {value})"
    return ""


def _said(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
