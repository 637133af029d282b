"""Columns of FlowSchemas and priority levels."""

from __future__ import annotations

from datetime import datetime

from kubelearn.embedded.apiserver.printers.columns import Cells, age, printer
from kubelearn.objects import Object, condition

_NONE = "<none>"


@printer(
    "flowcontrol.v1.FlowSchema",
    columns=(
        "Name", "PriorityLevel", "MatchingPrecedence", "DistinguisherMethod", "Age", "MissingPL",
    ),
)  # fmt: skip
def flow_schema(obj: Object, now: datetime) -> Cells:
    """A FlowSchema: its level, and whether that exists."""
    spec = obj["spec"]
    missing = (condition(obj, "Dangling") or {}).get("status", "?")
    return [
        obj["metadata"]["name"],
        spec["priorityLevelConfiguration"].get("name", ""),
        spec.get("matchingPrecedence", 0),
        (spec.get("distinguisherMethod") or {}).get("type", _NONE),
        age(obj, now),
        missing,
    ]


@printer(
    "flowcontrol.v1.PriorityLevelConfiguration",
    columns=(
        "Name", "Type", "NominalConcurrencyShares", "Queues", "HandSize", "QueueLengthLimit", "Age",
    ),
)  # fmt: skip
def priority_level(obj: Object, now: datetime) -> Cells:
    """A level: its seats and its queues."""
    spec = obj["spec"]
    limited = spec.get("limited") or {}
    queuing = (limited.get("limitResponse") or {}).get("queuing") or {}
    return [
        obj["metadata"]["name"],
        spec.get("type", ""),
        limited.get("nominalConcurrencyShares", _NONE),
        *(queuing.get(name, _NONE) for name in ("queues", "handSize", "queueLengthLimit")),
        age(obj, now),
    ]
