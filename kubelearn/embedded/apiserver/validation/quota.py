"""Rules for ResourceQuotas (upstream `pkg/apis/core/validation/validation.go`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kubelearn.embedded.apiserver.validation.field import Errors, immutable, invalid, required
from kubelearn.embedded.apiserver.validation.internals import internal
from kubelearn.embedded.apiserver.validation.metadata import metadata, metadata_update
from kubelearn.embedded.apiserver.validation.resources import (
    is_quota_resource,
    resource_name,
    resource_quantity,
)
from kubelearn.embedded.apiserver.validation.rules import on_create, on_status_update, on_update
from kubelearn.objects import Object

_COMPUTE = (
    "cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory",
)  # fmt: skip
_POD_SCOPES = (
    "Terminating", "NotTerminating", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity",
)  # fmt: skip
# The resources that can be counted within each scope.
_SCOPES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(_POD_SCOPES, ("pods", *_COMPUTE)),
    "BestEffort": ("pods",),
    "VolumeAttributesClass": ("persistentvolumeclaims", "requests.storage"),
}
_CONFLICTS = ({"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"})
_ONLY_EXISTS = (
    "BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity",
)  # fmt: skip


@on_create("core.v1.ResourceQuota")
def resource_quota(obj: Object) -> Errors:
    """A ResourceQuota."""
    yield from metadata(obj)
    yield from _quota_spec(obj["spec"])
    yield from _quota_status(obj["status"])


@on_update("core.v1.ResourceQuota")
def resource_quota_update(new: Object, old: Object) -> Errors:
    """A ResourceQuota, whose scopes stay."""
    yield from metadata_update(new, old)
    yield from _quota_spec(new["spec"])
    now, before = (each["spec"].get("scopes") for each in (new, old))
    if set(now or []) != set(before or []):
        yield from immutable("spec.scopes", now, before)


@on_status_update("core.v1.ResourceQuota")
def resource_quota_status(new: Object, old: Object) -> Errors:
    """What the controller counted."""
    yield from metadata_update(new, old)
    yield from _quota_status(new["status"])


def _quota_status(status: Object) -> Errors:
    yield from _quantities("status.hard", status.get("hard"))
    yield from _quantities("status.used", status.get("used"))


def _quota_spec(spec: Object) -> Errors:
    yield from _quantities("spec.hard", spec.get("hard"))
    yield from _quota_scopes(spec)
    yield from _scope_selector(spec)


def _quantities(field: str, amounts: Mapping[str, str] | None) -> Errors:
    for name, value in (amounts or {}).items():
        where = f"{field}[{name}]"
        yield from resource_name(where, name)
        if "/" not in name and not is_quota_resource(name):
            yield invalid(where, name, "must be a standard resource for quota")
        yield from resource_quantity(where, name, value)


def _quota_scopes(spec: Object) -> Errors:
    field, scopes = "spec.scopes", spec.get("scopes") or []
    for scope in scopes:
        if scope not in _SCOPES:
            yield invalid(field, scopes, "unsupported scope")
        for _ in _unsupported(scope, spec):
            yield invalid(field, scopes, "unsupported scope applied to resource")
    yield from _conflicts(field, set(scopes), scopes)


def _unsupported(scope: str, spec: Object) -> Iterable[str]:
    for name in spec.get("hard") or {}:
        countable = _SCOPES.get(scope, (name,))
        if is_quota_resource(name) and name not in countable:
            yield name


def _conflicts(field: str, scopes: set[str], shown: list[str] | None) -> Errors:
    for pair in _CONFLICTS:
        if pair <= scopes:
            yield invalid(field, shown, "conflicting scopes")


def _scope_selector(spec: Object) -> Errors:
    selector = spec.get("scopeSelector")
    if selector is None:
        return
    field = "spec.scopeSelector.matchExpressions"
    shown = internal("core.v1.ScopeSelector", selector)
    expressions = selector.get("matchExpressions") or []
    for expression in expressions:
        yield from _scope_expression(field, expression)
        for _ in _unsupported(expression["scopeName"], spec):
            detail = "unsupported scope applied to resource"
            yield invalid(field, shown, detail)
    scopes = {expression["scopeName"] for expression in expressions}
    yield from _conflicts(field, scopes, spec.get("scopes"))


def _scope_expression(field: str, expression: Object) -> Errors:
    scope, operator = expression["scopeName"], expression["operator"]
    values = expression.get("values") or []
    if scope not in _SCOPES:
        yield invalid(f"{field}.scopeName", scope, "unsupported scope")
    if scope in _ONLY_EXISTS and operator != "Exists":
        detail = (
            "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, "
            "ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, "
            "ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
        )
        yield invalid(f"{field}.operator", operator, detail)
    if operator in ("In", "NotIn"):
        if not values:
            detail = (
                "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
            )
            yield required(f"{field}.values", detail)
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            detail = (
                "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
            )
            yield invalid(f"{field}.values", values, detail)
    else:
        yield invalid(f"{field}.operator", operator, "not a valid selector operator")
