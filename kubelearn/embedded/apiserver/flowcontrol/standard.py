"""The objects that every cluster has, of which some may not be changed.

Stands for k8s.io/kubernetes `pkg/apis/flowcontrol/internalbootstrap`. `data/flowcontrol.json` has
what a 1.36 server makes.
"""

from __future__ import annotations

import json
from importlib.resources import files

from kubelearn.objects import Object

GROUP = "flowcontrol.apiserver.k8s.io"
_MANDATORY = frozenset({"catch-all", "exempt"})


def objects() -> list[Object]:
    """All of them, with kind, name and spec."""
    text = files("kubelearn.embedded.apiserver").joinpath("data/flowcontrol.json").read_text()
    found: list[Object] = json.loads(text)
    return found


def fixed_spec(kind: str, name: str) -> Object | None:
    """The spec that an object has to have; None for those that are free."""
    if name not in _MANDATORY:
        return None
    found = (o for o in objects() if (o["kind"], o["metadata"]["name"]) == (kind, name))
    spec: Object = next(found)["spec"]
    return spec
