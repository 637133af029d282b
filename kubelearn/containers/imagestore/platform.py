"""Which image of several is for this machine."""

from __future__ import annotations

import platform
from collections.abc import Sequence

from kubelearn.containers.imagestore.blobs import Descriptor
from kubelearn.containers.imagestore.errors import BrokenImage

_GO_NAMES = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386", "armv7l": "arm"}


def architecture() -> str:
    """This machine's, in Go's word."""
    machine = platform.machine()
    return _GO_NAMES.get(machine, machine)


def select(manifests: Sequence[Descriptor]) -> Descriptor:
    """The manifest for this machine out of an index. Raises BrokenImage in containerd's words."""
    known = [entry.get("platform") or {} for entry in manifests]
    for entry, found in zip(manifests, known, strict=True):
        if found.get("os") == "linux" and found.get("architecture") == architecture():
            return entry
    if len(manifests) == 1 and not known[0]:
        return manifests[0]
    raise BrokenImage(f"no match for platform in manifest: not found (linux/{architecture()})")
