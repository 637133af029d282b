"""Rules for LimitRanges (upstream `pkg/apis/core/validation/validation.go`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from kubelearn.embedded.apiserver.names import qualified_name
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    duplicate,
    each_invalid,
    forbidden,
    invalid,
    required,
)
from kubelearn.embedded.apiserver.validation.metadata import metadata
from kubelearn.embedded.apiserver.validation.resources import (
    container_resource_name,
    may_overcommit,
    resource_name,
)
from kubelearn.embedded.apiserver.validation.rules import on_create, on_update
from kubelearn.objects import Object
from kubelearn.quantity import quantity

_TYPES = ("Pod", "Container", "PersistentVolumeClaim")
_BOUNDS = ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")


@on_create("core.v1.LimitRange")
def limit_range(obj: Object) -> Errors:
    """A LimitRange."""
    yield from metadata(obj)
    seen = set()
    for i, item in enumerate(obj["spec"]["limits"] or []):
        field = f"spec.limits[{i}]"
        yield from _limit_type(f"{field}.type", item["type"])
        if item["type"] in seen:
            yield duplicate(f"{field}.type", item["type"])
        seen.add(item["type"])
        yield from _limit(field, item)


@on_update("core.v1.LimitRange")
def limit_range_update(new: Object, _: Object) -> Errors:
    """A LimitRange again."""
    yield from limit_range(new)


def _limit_type(field: str, value: str) -> Errors:
    if problems := qualified_name(value):
        yield from each_invalid(field, value, problems)
    elif "/" not in value and value not in _TYPES:
        yield invalid(field, value, "must be a standard limit type or fully qualified")


def _limit(field: str, item: Object) -> Errors:
    bounds = {name: item.get(name) or {} for name in _BOUNDS}
    if item["type"] == "Pod":
        for name in ("default", "defaultRequest"):
            if bounds.pop(name):
                yield forbidden(f"{field}.{name}", "may not be specified when `type` is 'Pod'")
    of_container = item["type"] in ("Pod", "Container")
    check = container_resource_name if of_container else resource_name
    for bound, amounts in bounds.items():
        for name in amounts:
            yield from check(f"{field}.{bound}[{name}]", name)
    of_claim = item["type"] == "PersistentVolumeClaim"
    if of_claim and "storage" not in {*bounds["min"], *bounds["max"]}:
        detail = "either minimum or maximum storage value is required, but neither was provided"
        yield required(f"{field}.limits", detail)
    for name in dict.fromkeys(key for amounts in bounds.values() for key in amounts):
        given = {bound: bounds[bound][name] for bound in bounds if name in bounds[bound]}
        yield from _in_order(field, name, given)
        yield from _ratio(f"{field}.maxLimitRequestRatio[{name}]", given)


# Bounds that have to be in this order, upstream's words for them, and which one it complains about:
# the name of the field, and whose value it shows.
_ORDER: Iterable[tuple[str, str, str, str, str]] = (
    ("min", "max", "min value {} is greater than max value {}", "min", "min"),
    (
        "min", "defaultRequest",
        "min value {} is greater than default request value {}",
        "defaultRequest", "defaultRequest",
    ),
    (
        "defaultRequest", "max",
        "default request value {} is greater than max value {}",
        "defaultRequest", "defaultRequest",
    ),
    (
        "defaultRequest", "default",
        "default request value {} is greater than default limit value {}",
        "defaultRequest", "defaultRequest",
    ),
    ("min", "default", "min value {} is greater than default value {}", "default", "min"),
    ("default", "max", "default value {} is greater than max value {}", "default", "max"),
)  # fmt: skip


def _in_order(field: str, name: str, given: Mapping[str, str]) -> Errors:
    for lower, higher, words, blamed, shown in _ORDER:
        if {lower, higher} <= set(given) and quantity(given[lower]) > quantity(given[higher]):
            detail = words.format(given[lower], given[higher])
            yield invalid(f"{field}.{blamed}[{name}]", given[shown], detail)
    ask, limit = given.get("defaultRequest"), given.get("default")
    if ask and limit and not may_overcommit(name) and quantity(ask) != quantity(limit):
        detail = f"default value {limit} must equal to defaultRequest value {ask} in {name}"
        yield invalid(f"{field}.defaultRequest[{name}]", ask, detail)


def _ratio(field: str, given: Mapping[str, str]) -> Errors:
    ratio = given.get("maxLimitRequestRatio")
    if ratio is None:
        return
    if quantity(ratio) < 1:
        yield invalid(field, ratio, f"ratio {ratio} is less than 1")
    if "min" in given and "max" in given:
        least, most = quantity(given["min"]), quantity(given["max"])
        highest = most / least if least else Decimal("Infinity")
        if quantity(ratio) > highest:
            detail = f"ratio {ratio} is greater than max/min = {float(highest):.6f}"
            yield invalid(field, ratio, detail)
