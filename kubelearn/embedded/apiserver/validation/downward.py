"""Rules for what the downward API gives: fields of a pod, requests and limits of a container.

A container gets them as environment variables or as files of a volume; upstream has both in
`validateObjectFieldSelector` and `validateContainerResourceFieldSelector`.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.names import qualified_name
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    each_invalid,
    invalid,
    not_supported,
    required,
)
from kubelearn.objects import Object

VOLUME_FIELDS = (
    "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace",
    "metadata.uid",
)  # fmt: skip
"""What a file of a volume can show; an environment variable can show more."""
_KNOWN_FIELDS = (
    *VOLUME_FIELDS, "spec.nodeName", "spec.restartPolicy", "spec.serviceAccountName",
    "spec.schedulerName", "status.phase", "status.hostIP", "status.hostIPs", "status.podIP",
    "status.podIPs",
)  # fmt: skip
_CONTAINER_RESOURCES = (
    "limits.cpu", "limits.ephemeral-storage", "limits.memory",
    "requests.cpu", "requests.ephemeral-storage", "requests.memory",
)  # fmt: skip
_MEMORY_UNITS = ("1", *(f"1{unit}" for unit in ("k", "M", "G", "T", "P", "E")))
_MEMORY_UNITS += tuple(f"1{unit}i" for unit in ("K", "M", "G", "T", "P", "E"))
_RESOURCE_NAMES = {
    "cpu": "cpu",
    "memory": "memory",
    "ephemeral-storage": "local ephemeral storage",
}


def field_selector(field: str, selector: Object, allowed: tuple[str, ...]) -> Errors:
    """A field of the pod that a container gets to see; `allowed` is sorted."""
    path = selector["fieldPath"]
    if not path:
        yield required(f"{field}.fieldPath")
        return
    if selector["apiVersion"] != "v1":
        problem = f"unsupported pod version: {selector['apiVersion']}"
        yield invalid(f"{field}.fieldPath", path, f"error converting fieldPath: {problem}")
        return
    base, found, subscript = path.partition("['")
    if found and subscript.endswith("']"):
        yield from _subscript(field, base, subscript[:-2], path)
    elif path not in _KNOWN_FIELDS:
        detail = f"error converting fieldPath: field label not supported: {path}"
        yield invalid(f"{field}.fieldPath", path, detail)
    elif path not in allowed:
        yield not_supported(f"{field}.fieldPath", path, allowed)


def _subscript(field: str, base: str, subscript: str, path: str) -> Errors:
    if base not in ("metadata.annotations", "metadata.labels"):
        problem = f"field label does not support subscript: {path}"
        yield invalid(f"{field}.fieldPath", path, f"error converting fieldPath: {problem}")
        return
    key = subscript.lower() if base.endswith("annotations") else subscript
    yield from each_invalid(field, key, qualified_name(key))


def resource_selector(field: str, selector: Object, *, in_volume: bool = False) -> Errors:
    """A request or limit that a container gets to see."""
    resource = selector["resource"]
    if in_volume and not selector.get("containerName"):
        yield required(f"{field}.containerName")
    elif not resource:
        yield required(f"{field}.resource")
    elif resource not in _CONTAINER_RESOURCES and "hugepages-" not in resource:
        yield not_supported(f"{field}.resource", resource, _CONTAINER_RESOURCES)
    yield from _divisor(field, resource, selector.get("divisor", "0"))


def _divisor(field: str, resource: str, divisor: str) -> Errors:
    name = _RESOURCE_NAMES.get(resource.partition(".")[2])
    if "hugepages-" in resource:
        name = "hugepages"
    units = ("1m", "1") if name == "cpu" else _MEMORY_UNITS
    if name and divisor not in ("0", *units):
        shown = " and ".join(units) if name == "cpu" else ", ".join(units)
        detail = f"only divisor's values {shown} are supported with the {name} resource"
        yield invalid(f"{field}.divisor", resource, detail)
