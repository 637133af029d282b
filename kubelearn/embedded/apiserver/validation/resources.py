"""Rules for requests and limits (upstream `pkg/apis/core/validation/validation.go`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from kubelearn.embedded.apiserver.names import qualified_name
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    each_invalid,
    forbidden,
    invalid,
    required,
)
from kubelearn.objects import Object
from kubelearn.quantity import quantity

_CONTAINER = ("cpu", "memory", "ephemeral-storage")
_COUNTED = (
    "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps",
    "persistentvolumeclaims", "services.nodeports", "services.loadbalancers",
)  # fmt: skip
_QUOTA = (
    *_CONTAINER, "requests.storage", *_COUNTED,
    *(f"{kind}.{name}" for kind in ("requests", "limits") for name in _CONTAINER),
)  # fmt: skip


def is_huge_page(name: str) -> bool:
    """`hugepages-2Mi`."""
    return name.startswith("hugepages-")


def is_quota_resource(name: str) -> bool:
    """Whether quotas know the resource by this name."""
    return name in _QUOTA or is_huge_page(name.removeprefix("requests."))


def _is_native(name: str) -> bool:
    return "/" not in name or "kubernetes.io/" in name


def _is_extended(name: str) -> bool:
    if _is_native(name) or name.startswith("requests."):
        return False
    return not qualified_name(f"requests.{name}")


def may_overcommit(name: str) -> bool:
    """Whether requests may be lower than limits."""
    return _is_native(name) and not is_huge_page(name)


def resource_name(field: str, name: str) -> Errors:
    """The name of any resource: a standard one, or one with a domain."""
    if problems := qualified_name(name):
        yield from each_invalid(field, name, problems)
    elif "/" not in name and name != "storage" and not is_quota_resource(name):
        yield invalid(field, name, "must be a standard resource type or fully qualified")


def container_resource_name(field: str, name: str) -> Errors:
    """The name of a resource that a container can ask for."""
    yield from resource_name(field, name)
    if "/" not in name:
        if name not in _CONTAINER and not is_huge_page(name):
            yield invalid(field, name, "must be a standard resource for containers")
    elif not _is_native(name) and not _is_extended(name):
        yield invalid(field, name, "doesn't follow extended resource name standard")


def resource_quantity(field: str, name: str, value: str) -> Errors:
    """Not negative, and whole where things are counted."""
    amount = quantity(value)
    if amount < 0:
        yield invalid(field, value, "must be greater than or equal to 0")
    if (name in _COUNTED or _is_extended(name)) and amount % 1:
        yield invalid(field, value, "must be an integer")


def resource_requirements(
    field: str,
    requirements: Object,
    check_name: Callable[[str, str], Errors] = container_resource_name,
) -> Errors:
    """Requests and limits of a container."""
    limits = requirements.get("limits") or {}
    requests = requirements.get("requests") or {}
    for name, value in limits.items():
        yield from _resource(f"{field}.limits[{name}]", name, value, check_name)
    for name, value in requests.items():
        yield from _resource(f"{field}.requests[{name}]", name, value, check_name)
        yield from _request_against_limit(field, name, value, limits)
    asked = {*limits, *requests}
    if any(map(is_huge_page, asked)) and not asked & {"cpu", "memory"}:
        yield forbidden(field, "HugePages require cpu or memory")


def _resource(
    field: str, name: str, value: str, check_name: Callable[[str, str], Errors]
) -> Errors:
    yield from check_name(field, name)
    yield from resource_quantity(field, name, value)


def _request_against_limit(field: str, name: str, value: str, limits: Mapping[str, str]) -> Errors:
    amount = quantity(value)
    if name not in limits:
        if not may_overcommit(name):
            detail = "Limit must be set for non overcommitable resources"
            yield required(f"{field}.limits", detail)
        return
    limit: Decimal = quantity(limits[name])
    if amount != limit and not may_overcommit(name):
        detail = f"must be equal to {name} limit of {limits[name]}"
        yield invalid(f"{field}.requests", value, detail)
    elif amount > limit:
        detail = f"must be less than or equal to {name} limit of {limits[name]}"
        yield invalid(f"{field}.requests", value, detail)
