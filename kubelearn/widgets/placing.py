"""What changes where pods go: taints and labels of nodes, and a pod to place.

The requests are the ones that kubectl sends (`pkg/cmd/{taint,label,create}`).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubelearn.clusters.transport import MERGE_PATCH, STRATEGIC_PATCH
from kubelearn.diagrams.nodeload import format_taint
from kubelearn.errors import ManifestError
from kubelearn.objects import NODES, PODS, Object
from kubelearn.quantity import quantity
from kubelearn.widgets.actions import Action

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_TAINT = re.compile(r"(?P<key>[^=:]+)(?:=(?P<value>[^:]*))?:(?P<effect>\w+)")


@dataclass(frozen=True)
class Sample:
    """A pod to place, as it is typed; empty fields ask for nothing."""

    name: str
    namespace: str
    cpu: str = ""
    memory: str = ""
    selector: str = ""
    """`key=value` that the node's labels must have."""
    toleration: str = ""
    """A taint, as kubectl writes it, that the pod tolerates."""

    def body(self) -> Object:
        """The pod. Raises ManifestError for what cannot be read."""
        asked = {k: v for k, v in (("cpu", self.cpu), ("memory", self.memory)) if v}
        for name, value in asked.items():
            _check_quantity(name, value)
        container: Object = {
            "name": "main",
            "image": "busybox:1.37",
            "command": ["sleep", "3600"],
            "resources": {"requests": asked} if asked else {},
        }
        spec: Object = {"containers": [container], "terminationGracePeriodSeconds": 1}
        if self.selector:
            spec["nodeSelector"] = dict([label_of(self.selector)])
        if self.toleration:
            taint = taint_of(self.toleration)
            operator = "Equal" if taint.get("value") else "Exists"
            spec["tolerations"] = [{**taint, "operator": operator}]
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": self.name, "labels": {"app": "sample"}},
            "spec": spec,
        }

    def create(self) -> Action:
        """Create the pod. Raises ManifestError."""
        command = f"kubectl create -f {self.name}.yaml -n {self.namespace}"
        path = PODS.path(self.namespace)
        return Action(command, "POST", path, self.body(), "application/json")


def _check_quantity(name: str, value: str) -> None:
    try:
        quantity(value)
    except ValueError as error:
        raise ManifestError(f"{name} {value!r} is no quantity: {error}") from error


def taint_of(text: str) -> Object:
    """`key=value:effect` as an object. Raises ManifestError."""
    found = _TAINT.fullmatch(text.strip())
    if not found or found["effect"] not in EFFECTS:
        raise ManifestError(
            f"{text!r} is no taint",
            hint=f"key=value:EFFECT, where EFFECT is one of {', '.join(EFFECTS)}",
        )
    return {name: value for name, value in found.groupdict().items() if value}


def label_of(text: str) -> tuple[str, str]:
    """`key=value` as a pair. Raises ManifestError."""
    key, equals, value = text.strip().partition("=")
    if not key or not equals:
        raise ManifestError(f"{text!r} is no label", hint="key=value")
    return key, value


def taint(node: Mapping[str, Any], text: str, *, on: bool) -> Action:
    """Put a taint on a node, or take it off; the others stay."""
    name, wanted = node["metadata"]["name"], taint_of(text)
    same = (wanted["key"], wanted["effect"])
    present = (node.get("spec") or {}).get("taints") or []
    others = [each for each in present if (each["key"], each["effect"]) != same]
    written = format_taint(wanted) if on else f"{wanted['key']}:{wanted['effect']}-"
    return Action(
        shlex.join(["kubectl", "taint", "node", name, written]),
        "PATCH",
        NODES.path(name=name),
        {"spec": {"taints": [*others, wanted] if on else others or None}},
        STRATEGIC_PATCH,
    )


def label(node: str, text: str, *, on: bool) -> Action:
    """Put a label on a node, or take it off."""
    key, value = label_of(text)
    return Action(
        shlex.join(["kubectl", "label", "node", node, f"{key}={value}" if on else f"{key}-"]),
        "PATCH",
        NODES.path(name=node),
        {"metadata": {"labels": {key: value if on else None}}},
        MERGE_PATCH,
    )
