"""Rules for HorizontalPodAutoscalers (upstream `pkg/apis/autoscaling/validation/validation.go`).

They are asked of version 2, to which version 1 is converted.
"""

from __future__ import annotations

from collections.abc import Callable

from kubelearn.embedded.apiserver.names import path_segment
from kubelearn.embedded.apiserver.validation.common import (
    dns_label,
    positive,
    supported,
    typed_reference,
)
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    each_invalid,
    forbidden,
    invalid,
    non_negative,
    not_supported,
    required,
)
from kubelearn.embedded.apiserver.validation.metadata import metadata, metadata_update
from kubelearn.embedded.apiserver.validation.resources import container_resource_name
from kubelearn.embedded.apiserver.validation.rules import on_create, on_status_update, on_update
from kubelearn.objects import Object
from kubelearn.quantity import quantity

_LONGEST_WINDOW = 3600
_LONGEST_PERIOD = 1800
_SELECT = ("Disabled", "Max", "Min")
_POLICIES = ("Percent", "Pods")
_TARGETS = ("Utilization", "Value", "AverageValue")
_SOURCES = {
    "ContainerResource": "containerResource",
    "External": "external",
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
}


@on_create("autoscaling.v2.HorizontalPodAutoscaler")
def autoscaler(obj: Object) -> Errors:
    """A HorizontalPodAutoscaler."""
    yield from metadata(obj)
    yield from _spec(obj["spec"], None)


@on_update("autoscaling.v2.HorizontalPodAutoscaler")
def autoscaler_update(new: Object, old: Object) -> Errors:
    """A HorizontalPodAutoscaler again."""
    yield from metadata_update(new, old)
    yield from _spec(new["spec"], old["spec"])


@on_status_update("autoscaling.v2.HorizontalPodAutoscaler")
def autoscaler_status(new: Object, old: Object) -> Errors:
    """What the controller decided."""
    yield from metadata_update(new, old)
    for name in ("currentReplicas", "desiredReplicas"):
        yield from non_negative(f"status.{name}", new["status"].get(name))


def _spec(spec: Object, old: Object | None) -> Errors:
    least, most = spec.get("minReplicas"), spec["maxReplicas"]
    if least is not None and least < 1:
        yield invalid("spec.minReplicas", least, "must be greater than or equal to 1")
    if most == 0:
        yield required("spec.maxReplicas", "must be set and greater than 0")
    elif most < 0:
        yield invalid("spec.maxReplicas", most, "must be greater than or equal to 1")
    if least is not None and most < least:
        detail = "must be greater than or equal to `minReplicas`"
        yield invalid("spec.maxReplicas", most, detail)
    target = spec["scaleTargetRef"]
    yield from typed_reference("spec.scaleTargetRef", target)
    # Older versions did not look at it.
    if old is None or not [*_api_version("", old["scaleTargetRef"])]:
        yield from _api_version("spec.scaleTargetRef.apiVersion", target)
    metrics = spec.get("metrics") or []
    for i, metric in enumerate(metrics):
        yield from _metric(f"spec.metrics[{i}]", metric)
    if least == 0 and not {"Object", "External"} & {metric["type"] for metric in metrics}:
        what = "at least one Object or External metric"
        yield forbidden("spec.metrics", f"must specify {what} to support scaling to zero replicas")
    for name in ("scaleUp", "scaleDown"):
        if (rules := (spec.get("behavior") or {}).get(name)) is not None:
            yield from _scaling(f"spec.behavior.{name}", rules)


def _api_version(field: str, reference: Object, *, may_be_core: bool = False) -> Errors:
    version = reference.get("apiVersion", "")
    if version.count("/") > 1:
        yield invalid(field, version, f"unexpected GroupVersion string: {version}")
    elif not may_be_core and not version.rpartition("/")[0]:
        yield invalid(field, version, "apiVersion must specify API group")


def _scaling(field: str, rules: Object) -> Errors:
    window = rules.get("stabilizationWindowSeconds", 0)
    if window < 0:
        detail = "must be greater than or equal to zero"
        yield invalid(f"{field}.stabilizationWindowSeconds", window, detail)
    if window > _LONGEST_WINDOW:
        detail = f"must be less than or equal to {_LONGEST_WINDOW}"
        yield invalid(f"{field}.stabilizationWindowSeconds", window, detail)
    yield from supported(f"{field}.selectPolicy", rules.get("selectPolicy"), _SELECT)
    policies = rules.get("policies") or []
    if not policies:
        yield required(f"{field}.policies", "must specify at least one Policy")
    for i, policy in enumerate(policies):
        yield from _policy(f"{field}.policies[{i}]", policy)
    tolerance = rules.get("tolerance")
    if tolerance is not None and quantity(tolerance) < 0:
        yield invalid(f"{field}.tolerance", tolerance, "must be greater than or equal to 0")


def _policy(field: str, policy: Object) -> Errors:
    yield from supported(f"{field}.type", policy["type"], _POLICIES)
    yield from positive(f"{field}.value", policy["value"])
    yield from positive(f"{field}.periodSeconds", policy["periodSeconds"])
    if policy["periodSeconds"] > _LONGEST_PERIOD:
        detail = f"must be less than or equal to {_LONGEST_PERIOD}"
        yield invalid(f"{field}.periodSeconds", policy["periodSeconds"], detail)


def _metric(field: str, metric: Object) -> Errors:
    kind = metric["type"]
    if not kind:
        yield required(f"{field}.type", "must specify a metric source type")
    if kind not in _SOURCES:
        yield not_supported(f"{field}.type", kind, _SOURCES)
    present = [name for name in _CHECKS if name in metric]
    for name in present[:1]:
        yield from _CHECKS[name](f"{field}.{name}", metric[name])
    expected = _SOURCES.get(kind)
    if expected is None:
        yield not_supported(f"{field}.type", kind, _SOURCES)
    elif expected not in metric:
        detail = "must populate information for the given metric source"
        yield required(f"{field}.{expected}", detail)
    if len(present) != 1:
        for name in present:
            if name != expected:
                yield forbidden(f"{field}.{name}", "must populate the given metric source only")


def _object(field: str, source: Object) -> Errors:
    described = source["describedObject"]
    yield from typed_reference(f"{field}.describedObject", described)
    where = f"{field}.describedObject.apiVersion"
    yield from _api_version(where, described, may_be_core=True)
    yield from _identifier(f"{field}.metric", source["metric"])
    yield from _target(f"{field}.target", source["target"])
    if not {"value", "averageValue"} & set(source["target"]):
        detail = "must set either a target value or averageValue"
        yield required(f"{field}.target.averageValue", detail)


def _external(field: str, source: Object) -> Errors:
    yield from _identifier(f"{field}.metric", source["metric"])
    yield from _target(f"{field}.target", source["target"])
    given = {"value", "averageValue"} & set(source["target"])
    if not given:
        detail = "must set either a target value for metric or a per-pod target"
        yield required(f"{field}.target.averageValue", detail)
    if len(given) > 1:
        detail = "may not set both a target value for metric and a per-pod target"
        yield forbidden(f"{field}.target.value", detail)


def _pods(field: str, source: Object) -> Errors:
    yield from _identifier(f"{field}.metric", source["metric"])
    yield from _target(f"{field}.target", source["target"])
    if "averageValue" not in source["target"]:
        detail = "must specify a positive target averageValue"
        yield required(f"{field}.target.averageValue", detail)


def _resource(field: str, source: Object) -> Errors:
    if not source["name"]:
        yield required(f"{field}.name", "must specify a resource name")
    yield from _resource_target(f"{field}.target", source["target"])


def _container_resource(field: str, source: Object) -> Errors:
    if not source["name"]:
        yield required(f"{field}.name", "must specify a resource name")
    else:
        yield from container_resource_name(f"{field}.name", source["name"])
    if not source["container"]:
        yield required(f"{field}.container", "must specify a container")
    else:
        yield from dns_label(f"{field}.container", source["container"])
    yield from _resource_target(f"{field}.target", source["target"])


def _resource_target(field: str, target: Object) -> Errors:
    yield from _target(field, target)
    given = {"averageUtilization", "averageValue"} & set(target)
    if not given:
        detail = "must set either a target raw value or a target utilization"
        yield required(f"{field}.averageUtilization", detail)
    if len(given) > 1:
        detail = "may not set both a target raw value and a target utilization"
        yield forbidden(f"{field}.averageValue", detail)


_CHECKS: dict[str, Callable[[str, Object], Errors]] = {
    "object": _object,
    "external": _external,
    "pods": _pods,
    "resource": _resource,
    "containerResource": _container_resource,
}


def _target(field: str, target: Object) -> Errors:
    if not target["type"]:
        yield required(f"{field}.type", "must specify a metric target type")
    if target["type"] not in _TARGETS:
        detail = "must be either Utilization, Value, or AverageValue"
        yield invalid(f"{field}.type", target["type"], detail)
    for name in ("value", "averageValue"):
        if name in target and quantity(target[name]) <= 0:
            yield invalid(f"{field}.{name}", target[name], "must be positive")
    if target.get("averageUtilization", 1) < 1:
        value = target["averageUtilization"]
        yield invalid(f"{field}.averageUtilization", value, "must be greater than 0")


def _identifier(field: str, metric: Object) -> Errors:
    if not metric["name"]:
        yield required(f"{field}.name", "must specify a metric name")
    else:
        yield from each_invalid(f"{field}.name", metric["name"], path_segment(metric["name"]))
