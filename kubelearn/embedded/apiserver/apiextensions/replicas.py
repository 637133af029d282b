"""Where a custom resource keeps its replicas: at the paths that its definition names.

Stands for `scaleFromCustomResource` in k8s.io/apiextensions-apiserver
`pkg/registry/customresource/etcd.go`.
"""

from __future__ import annotations

from typing import NamedTuple

from kubelearn.embedded.apiserver.apiextensions.version import CustomVersion
from kubelearn.embedded.apiserver.status import bad_request
from kubelearn.embedded.apiserver.validation.customresource import nested
from kubelearn.objects import Object


class Replicas(NamedTuple):
    """How many are wanted, or None if nothing is said; how many there are; their selector."""

    wanted: int | None
    actual: int
    selector: str


def replicas_of(version: CustomVersion, obj: Object) -> Replicas:
    """Read the replicas of an object; raises 400 when something else is at a path."""
    scale = version.scale or {}
    wanted, problem = nested(obj, scale["specReplicasPath"], int)
    actual, other = nested(obj, scale["statusReplicasPath"], int)
    selector, third = None, ""
    if path := scale.get("labelSelectorPath"):
        selector, third = nested(obj, path, str)
    if problem or other or third:
        raise bad_request(problem or other or third)
    return Replicas(wanted, actual or 0, selector or "")


def set_replicas(version: CustomVersion, obj: Object, replicas: int) -> None:
    """Write how many are wanted, in place."""
    *above, last = (version.scale or {})["specReplicasPath"].removeprefix(".").split(".")
    for name in above:
        obj = obj.setdefault(name, {})
    obj[last] = replicas
