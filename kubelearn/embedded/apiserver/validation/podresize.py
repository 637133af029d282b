"""Rules for changes through the subresource `resize`: what a running container may ask for.

Follows `ValidatePodResize` in upstream's `pkg/apis/core/validation/validation.go`. Left out:
resources of the pod as a whole, and claims of devices.
"""

from __future__ import annotations

from collections.abc import Mapping

from kubelearn.embedded.apiserver.strategy.pod import qos_class
from kubelearn.embedded.apiserver.validation.field import Errors, forbidden, invalid
from kubelearn.embedded.apiserver.validation.metadata import metadata_update
from kubelearn.embedded.apiserver.validation.pod import MIRROR, whole_pod
from kubelearn.embedded.apiserver.validation.rules import on_update
from kubelearn.objects import Object, annotations_of

_RESIZABLE = ("cpu", "memory")
_ALL = "only cpu and memory resources are mutable"
_INIT = "only cpu and memory resources for init or sidecar containers are mutable"
_RESTART = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized"


@on_update("core.v1.Pod", subresource="resize")
def pod_resize(new: Object, old: Object) -> Errors:
    """Other resources for a pod's containers."""
    if MIRROR in annotations_of(old):
        yield forbidden("", "static pods cannot be resized")
        return
    yield from metadata_update(new, old)
    yield from whole_pod(new)
    quality = old["status"].get("qosClass")
    if quality != qos_class(new["spec"]):
        yield invalid("spec", quality, "Pod QOS Class may not change as a result of resizing")
    if problems := [*_order(new["spec"], old["spec"])]:
        yield from problems
        return
    for kind in ("initContainers", "containers"):
        yield from _nothing_removed(kind, new["spec"], old["spec"])
    for kind in ("containers", "initContainers"):
        yield from _nothing_else(kind, new["spec"], old["spec"])


def _order(new: Object, old: Object) -> Errors:
    for kind in ("containers", "initContainers"):
        now, before = new.get(kind) or [], old.get(kind) or []
        if len(now) != len(before):
            yield forbidden(f"spec.{kind}", f"{kind} may not be added or removed on resize")
            continue
        for i, (container, was) in enumerate(zip(now, before, strict=True)):
            if container["name"] != was["name"]:
                detail = f"{kind} may not be renamed or reordered on resize"
                yield forbidden(f"spec.{kind}[{i}].name", detail)


def _nothing_removed(kind: str, new: Object, old: Object) -> Errors:
    pairs = zip(new.get(kind) or [], old.get(kind) or [], strict=True)
    for i, (container, was) in enumerate(pairs):
        for part in ("requests", "limits"):
            if _list(was, part).keys() - _list(container, part).keys():
                detail = f"resource {part} cannot be removed"
                yield forbidden(f"spec.{kind}[{i}].resources.{part}", detail)


def _nothing_else(kind: str, new: Object, old: Object) -> Errors:
    pairs = zip(new.get(kind) or [], old.get(kind) or [], strict=True)
    for i, (container, was) in enumerate(pairs):
        init = kind == "initContainers"
        field = f"spec.{kind}[{i}]" if init else "spec"
        if _fixed(container) != _fixed(was):
            yield forbidden(field, _INIT if init else _ALL)
        policies = container.get("resizePolicy") or []
        restarts = any(each["restartPolicy"] == "RestartContainer" for each in policies)
        if init and container.get("restartPolicy") != "Always" and container != was and restarts:
            yield forbidden(field, _RESTART)


def _list(container: Object, part: str) -> Mapping[str, str]:
    return (container.get("resources") or {}).get(part) or {}


def _fixed(container: Object) -> Object:
    """What may not change: everything but the two resources."""
    resources = container.get("resources") or {}
    rest = {
        part: {k: v for k, v in (resources.get(part) or {}).items() if k not in _RESIZABLE}
        for part in ("requests", "limits")
    }
    return {**container, "resources": {**resources, **rest}}
