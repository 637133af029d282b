"""A pod's own fields and resources, as variables and files tell them: the downward API.

Follows `pkg/fieldpath` and `pkg/api/v1/resource/helpers.go`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from decimal import ROUND_CEILING

from kubelearn.objects import Object
from kubelearn.quantity import quantity

_ENTRY = re.compile(r"metadata\.(labels|annotations)\['(.*)'\]")


def field_value(pod: Object, path: str) -> str:
    """The field's text. `pod` carries the addresses that it has now. Raises ValueError."""
    if found := _ENTRY.fullmatch(path):
        return str((pod["metadata"].get(found[1]) or {}).get(found[2], ""))
    read = _FIELDS.get(path)
    if read is None:
        raise ValueError(f"unsupported fieldPath: {path}")
    return read(pod)


def resource_value(container: Object, source: Object, allocatable: Mapping[str, str]) -> str:
    """A request or limit in units of the divisor, rounded up; a missing limit is the node's."""
    kind, _, resource = source["resource"].partition(".")
    own = (container.get("resources") or {}).get(kind) or {}
    missing = allocatable.get(resource, "0") if kind == "limits" else "0"
    divisor = quantity(source.get("divisor") or "1") or quantity("1")
    units = quantity(own.get(resource, missing)) / divisor
    return str(int(units.to_integral_value(ROUND_CEILING)))


def _listed(part: str) -> Callable[[Object], str]:
    def read(pod: Object) -> str:
        entries = sorted((pod["metadata"].get(part) or {}).items())
        return "\n".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in entries)

    return read


def _addresses(field: str) -> Callable[[Object], str]:
    return lambda pod: ",".join(entry["ip"] for entry in pod["status"].get(field) or [])


_FIELDS: dict[str, Callable[[Object], str]] = {
    "metadata.name": lambda pod: str(pod["metadata"]["name"]),
    "metadata.namespace": lambda pod: str(pod["metadata"]["namespace"]),
    "metadata.uid": lambda pod: str(pod["metadata"]["uid"]),
    "metadata.labels": _listed("labels"),
    "metadata.annotations": _listed("annotations"),
    "spec.nodeName": lambda pod: str(pod["spec"].get("nodeName", "")),
    "spec.serviceAccountName": lambda pod: str(pod["spec"].get("serviceAccountName", "")),
    "status.hostIP": lambda pod: str(pod["status"].get("hostIP", "")),
    "status.hostIPs": _addresses("hostIPs"),
    "status.podIP": lambda pod: str(pod["status"].get("podIP", "")),
    "status.podIPs": _addresses("podIPs"),
}
