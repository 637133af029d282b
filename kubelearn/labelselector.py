"""Label selectors as objects carry them: which labels they select, and how they are written.

Stands for k8s.io/apimachinery `pkg/apis/meta/v1` (`LabelSelector`) and `pkg/labels`. Selectors that
come as text, in a request's query, are `kubelearn.embedded.selectors`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any


def matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str] | None) -> bool:
    """Whether a `LabelSelector` object selects these labels.

    None selects nothing and {} everything, as in `metav1.LabelSelectorAsSelector`.
    """
    if selector is None:
        return False
    labels = labels or {}
    wanted = selector.get("matchLabels") or {}
    if not wanted.items() <= labels.items():
        return False
    return all(
        requirement_holds(labels, str(item["key"]), str(item["operator"]), item.get("values") or [])
        for item in selector.get("matchExpressions") or []
    )


def requirement_holds(
    labels: Mapping[str, str], name: str, operator: str, values: Iterable[str]
) -> bool:
    """One requirement of a selector or a node affinity term; ValueError for an odd operator."""
    present = name in labels
    match operator:
        case "In" | "=" | "==":
            return present and labels[name] in set(values)
        case "NotIn" | "!=":
            return not present or labels[name] not in set(values)
        case "Exists":
            return present
        case "DoesNotExist":
            return not present
        case "Gt" | "Lt":
            bound = int(next(iter(values)))
            text = labels.get(name, "")
            if not re.fullmatch(r"-?\d+", text):
                return False
            return int(text) > bound if operator == "Gt" else int(text) < bound
    raise ValueError(f"{operator!r} is not a valid label selector operator")


def format_selector(selector: Mapping[str, Any] | None) -> str:
    """A `LabelSelector` as kubectl prints it and the API takes it: `app=web,tier in (a,b)`."""
    selector = selector or {}
    parts = [f"{k}={v}" for k, v in sorted((selector.get("matchLabels") or {}).items())]
    for item in selector.get("matchExpressions") or []:
        values = ",".join(sorted(item.get("values") or []))
        match item["operator"]:
            case "In":
                parts.append(f"{item['key']} in ({values})")
            case "NotIn":
                parts.append(f"{item['key']} notin ({values})")
            case "Exists":
                parts.append(item["key"])
            case "DoesNotExist":
                parts.append(f"!{item['key']}")
    return ",".join(parts)
