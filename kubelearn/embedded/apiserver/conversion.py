"""The same object in the words of another version.

Stands for the generated and hand-written conversions of upstream's `pkg/apis`. Two pairs of kinds
share their storage: Events of the core group and of events.k8s.io, and HorizontalPodAutoscaler v1
and v2. An object is stored as the first of each pair below and converted on its way in and out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from kubelearn.embedded.apiserver import schema
from kubelearn.embedded.apiserver.kinds import Kind, Kinds
from kubelearn.embedded.apiserver.serializer import decode_struct
from kubelearn.objects import Object, annotations_of

_STORED_AS = {
    "events.v1.Event": ("", "v1", "events"),
    "autoscaling.v1.HorizontalPodAutoscaler": ("autoscaling", "v2", "horizontalpodautoscalers"),
}
# Fields of the older Event, with their names in events.k8s.io.
_EVENT_NAMES = {
    "count": "deprecatedCount",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "involvedObject": "regarding",
    "lastTimestamp": "deprecatedLastTimestamp",
    "message": "note",
    "reportingComponent": "reportingController",
    "source": "deprecatedSource",
}
# Version 1 knows one metric only; what else there is travels in annotations.
_PREFIX = "autoscaling.alpha.kubernetes.io/"


def storage_kind(kinds: Kinds, kind: Kind) -> Kind:
    """The kind as which objects of `kind` are stored; custom ones see to that themselves."""
    stored = _STORED_AS.get(kind.type_name)
    return (kinds.find(*stored) if stored else None) or kind


def convert(obj: Object, source: Kind, target: Kind) -> Object:
    """An object of `source` as one of `target`; the same object when they are the same."""
    change = _CONVERSIONS.get((source.type_name, target.type_name))
    if not change:
        return obj
    converted = change(obj) | {"apiVersion": target.api_version, "kind": target.kind}
    # Versions differ in what they write when it is empty; decoding settles that.
    return decode_struct(schema.built_in().struct(target.type_name), converted).object


def _renamed(obj: Object, names: Mapping[str, str]) -> Object:
    return {names.get(name, name): value for name, value in obj.items()}


def _to_new_event(obj: Object) -> Object:
    return _renamed(obj, _EVENT_NAMES)


def _to_core_event(obj: Object) -> Object:
    return _renamed(obj, {new: old for old, new in _EVENT_NAMES.items()})


def _cpu_metric(percentage: int) -> Object:
    target = {"type": "Utilization", "averageUtilization": percentage}
    return {"type": "Resource", "resource": {"name": "cpu", "target": target}}


def _utilization(metric: Object, part: str) -> int | None:
    """The CPU use that a metric asks for or reports, if that is what it is about."""
    resource = metric.get("resource") or {}
    if metric["type"] != "Resource" or resource.get("name") != "cpu":
        return None
    found: int | None = (resource.get(part) or {}).get("averageUtilization")
    return found


def _to_hpa_v1(obj: Object) -> Object:
    spec, status = dict(obj["spec"]), dict(obj["status"])
    annotations = dict(annotations_of(obj))
    others = []
    for metric in spec.pop("metrics", None) or []:
        wanted = _utilization(metric, "target")
        if wanted is None:
            others.append(metric)
        else:
            spec["targetCPUUtilizationPercentage"] = wanted
    current = status.pop("currentMetrics", None)
    for metric in current or []:
        if (used := _utilization(metric, "current")) is not None:
            status["currentCPUUtilizationPercentage"] = used
    kept = {
        "metrics": others,
        "behavior": spec.pop("behavior", None),
        "current-metrics": current,
        "conditions": status.pop("conditions", None),
    }
    annotations |= {_PREFIX + name: json.dumps(value) for name, value in kept.items() if value}
    metadata = obj["metadata"] | {"annotations": annotations}
    return obj | {"metadata": metadata, "spec": spec, "status": status}


def _to_hpa_v2(obj: Object) -> Object:
    spec, status = dict(obj["spec"]), dict(obj["status"])
    annotations = dict(annotations_of(obj))
    names = ("metrics", "behavior", "current-metrics", "conditions")
    kept = {name: _read(annotations.pop(_PREFIX + name, "null")) for name in names}
    wanted = spec.pop("targetCPUUtilizationPercentage", None)
    metrics = kept["metrics"] or []
    if wanted is not None or not metrics:
        metrics = [*metrics, _cpu_metric(80 if wanted is None else wanted)]
    status.pop("currentCPUUtilizationPercentage", None)
    return obj | {
        "metadata": obj["metadata"] | {"annotations": annotations},
        "spec": spec | {"metrics": metrics, "behavior": kept["behavior"]},
        "status": status
        | {"currentMetrics": kept["current-metrics"], "conditions": kept["conditions"]},
    }


def _read(annotation: str) -> Any:
    # Somebody else's annotation of that name is nobody's error.
    try:
        return json.loads(annotation)
    except ValueError:
        return None


_CONVERSIONS: dict[tuple[str, str], Callable[[Object], Object]] = {
    ("core.v1.Event", "events.v1.Event"): _to_new_event,
    ("events.v1.Event", "core.v1.Event"): _to_core_event,
    (
        "autoscaling.v2.HorizontalPodAutoscaler",
        "autoscaling.v1.HorizontalPodAutoscaler",
    ): _to_hpa_v1,
    (
        "autoscaling.v1.HorizontalPodAutoscaler",
        "autoscaling.v2.HorizontalPodAutoscaler",
    ): _to_hpa_v2,
}
