"""Whom a container's program runs as, by the image's own /etc/passwd and /etc/group.

Stands for containerd's `pkg/oci` (`WithUser`, `WithAdditionalGIDs`) and moby's `sys/user`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kubelearn.containers.images import Image
from kubelearn.containers.rootpath import inside
from kubelearn.containers.runtime import LinuxUser, SecurityContext
from kubelearn.errors import ContainerError


@dataclass(frozen=True)
class User:
    """Whom to be, and where that user is at home."""

    linux: LinuxUser
    home: str


def resolve(image: Image, security: SecurityContext) -> User:
    """Whom the pod asks for, else whom the image does. Raises ContainerError."""
    name, _, group = image.user.partition(":")
    if security.run_as_user is not None:
        name, group = str(security.run_as_user), ""
    if security.run_as_group is not None:
        group = str(security.run_as_group)
    found = _entry(image, "passwd", name or "0")
    if found is None and not name.isdigit():
        raise ContainerError(f"unable to find user {name}: no matching entries in passwd file")
    uid = int(found[2]) if found else int(name)
    gid = _gid(image, group) if group else int(found[3]) if found else 0
    groups = {gid, *security.groups}
    if found and security.merge_groups:
        groups |= {
            int(entry[2]) for entry in _entries(image, "group") if found[0] in entry[3].split(",")
        }
    return User(LinuxUser(uid, gid, sorted(groups)), (found[5] if found else "") or "/")


def _gid(image: Image, group: str) -> int:
    found = _entry(image, "group", group)
    if found is None and not group.isdigit():
        raise ContainerError(f"unable to find group {group}: no matching entries in group file")
    return int(found[2]) if found else int(group)


def _entry(image: Image, file: str, name: str) -> list[str] | None:
    """The line of a user or a group, by name or number."""
    return next((entry for entry in _entries(image, file) if name in (entry[0], entry[2])), None)


def _entries(image: Image, file: str) -> Iterator[list[str]]:
    path = inside(image.rootfs or Path("/"), f"etc/{file}")
    least = 7 if file == "passwd" else 4
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:  # an image need not have one
        return
    for line in lines:
        entry = line.split(":")
        if len(entry) >= least and entry[2].isdigit():
            yield entry
