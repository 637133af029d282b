"""Pods that write more into an emptyDir than its `sizeLimit`.

Upstream: `emptyDirLimitEviction` of pkg/kubelet/eviction. The limits of containers for
`ephemeral-storage` are left out: a container's own files here are not counted.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from kubelearn.embedded.kubelet.containerspec import resources_of
from kubelearn.objects import Object
from kubelearn.quantity import quantity


def limits(pod: Object) -> Iterator[tuple[Object, str]]:
    """The pod's emptyDir volumes that have a limit, and their limits."""
    for volume in pod["spec"].get("volumes") or []:
        limit = (volume.get("emptyDir") or {}).get("sizeLimit")
        if limit is not None and quantity(limit) > 0:
            yield volume, limit


def memory_size(pod: Object, source: Object, most: int) -> int:
    """The bytes that a volume in memory may take: its limit, the pod's, or all there is."""
    sizes = [int(quantity(source["sizeLimit"]))] if source.get("sizeLimit") else []
    limits = [resources_of(container).memory_limit for container in pod["spec"]["containers"]]
    if all(limits):
        sizes.append(sum(limits))
    return min([size for size in sizes if size] + [most])


def overuse(pod: Object, place: Callable[[Object], Path]) -> str:
    """Why a pod has to go, in upstream's words; empty if it keeps to its limits."""
    for volume, limit in limits(pod):
        if used(place(volume)) > quantity(limit):
            return f'Usage of EmptyDir volume "{volume["name"]}" exceeds the limit "{limit}". '
    return ""


def used(folder: Path) -> int:
    """The bytes on disk of all that is in a folder."""
    total = 0
    for inner, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(inner, name)).st_blocks * 512
            except FileNotFoundError:
                continue  # removed meanwhile
    return total
