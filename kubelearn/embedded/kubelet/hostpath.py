"""What has to be at the place of a hostPath volume (upstream: pkg/volume/hostpath)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kubelearn.embedded.kubelet.configdata import ConfigError
from kubelearn.embedded.kubelet.ownership import make_folder
from kubelearn.objects import Object

_CHECKS: dict[str, tuple[Callable[[Path], bool], str]] = {
    "Directory": (Path.is_dir, "a directory"),
    "File": (Path.is_file, "a file"),
    "Socket": (Path.is_socket, "a socket file"),
    "CharDevice": (Path.is_char_device, "a character device"),
    "BlockDevice": (Path.is_block_device, "a block device"),
}
_CREATE = "OrCreate"


def check_host_path(place: Path, source: Object) -> None:
    """Make what the type lets be made, and see that it is of that type. Raises ConfigError."""
    kind = source.get("type") or ""
    if not place.exists():
        if kind == f"File{_CREATE}":
            # Upstream wants the folder to be there; an empty disk lacks even /etc.
            make_folder(place.parent)
            place.touch()
            place.chmod(0o644)
        elif kind in ("", f"Directory{_CREATE}"):
            # Without a type nothing is checked, and the runtime makes the missing folder.
            make_folder(place)
    if kind:
        is_one, words = _CHECKS[kind.removesuffix(_CREATE)]
        if not is_one(place):
            raise ConfigError(f"hostPath type check failed: {source['path']} is not {words}")
