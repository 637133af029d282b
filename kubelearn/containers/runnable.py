"""An image of the store as a runtime can run it.

A container with a root of its own gets the image's merged files. One that sees this machine's files
can only be what is built on this machine's programs: it gets those, and what the image adds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from kubelearn.containers.images import Image, Reference
from kubelearn.containers.imagestore import Store, StoredImage
from kubelearn.containers.standins import LABEL
from kubelearn.containers.stockfiles import StockFiles
from kubelearn.errors import ContainerError


def runnable(store: Store, stored: StoredImage, *, files: StockFiles | None) -> Image:
    """The image, with its root made; `files` are this machine's for a container without a root.

    Raises ContainerError.
    """
    if files is None:
        return store.image(stored)
    label = (stored.run_config.get("Labels") or {}).get(LABEL, "")
    if not label:
        raise ContainerError(
            f"the image {Reference.parse(stored.name).short} has programs of its own, and "
            "containers are plain processes of this machine here",
            hint="kubelearn doctor   # what containers with a root of their own need",
        )
    image = store.image(stored)
    base = store.roots.make(stored.layers[:1])
    return replace(image, files=_files(files.of(label), base, image.rootfs or base))


def _files(machine: Mapping[str, Path], base: Path, root: Path) -> Mapping[str, Path]:
    own = dict(machine)
    for path in _added(base, root):
        # What lies in a folder of this machine's cannot be put there.
        if not any(path.startswith(f"{known}/") for known in machine):
            own[path] = root / path.lstrip("/")
    return own


def _added(base: Path, root: Path, below: str = "") -> list[str]:
    """The outermost paths that a root has and its base has not, or has otherwise."""
    found: list[str] = []
    for entry in sorted((root / below.lstrip("/")).iterdir()):
        path, other = f"{below}/{entry.name}", base / below.lstrip("/") / entry.name
        if entry.is_dir() and not entry.is_symlink() and other.is_dir() and not other.is_symlink():
            found += _added(base, root, path)
        elif not other.exists() or (entry.is_file() and not entry.samefile(other)):
            found.append(path)
    return found
