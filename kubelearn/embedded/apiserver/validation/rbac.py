"""Rules for roles and their bindings (upstream `pkg/apis/rbac/validation/validation.go`)."""

from __future__ import annotations

from kubelearn.embedded.apiserver.names import dns_subdomain, path_segment
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    each_invalid,
    invalid,
    not_supported,
    required,
)
from kubelearn.embedded.apiserver.validation.internals import internal
from kubelearn.embedded.apiserver.validation.metadata import (
    label_selector,
    metadata,
    metadata_update,
)
from kubelearn.embedded.apiserver.validation.rules import on_create, on_update
from kubelearn.objects import Object

_GROUP = "rbac.authorization.k8s.io"
_KINDS = ("ServiceAccount", "User", "Group")


@on_create("rbac.v1.Role")
def role(obj: Object) -> Errors:
    """A Role."""
    yield from metadata(obj, path_segment)
    for i, rule in enumerate(obj["rules"] or []):
        yield from _rule(f"rules[{i}]", rule, namespaced=True)


@on_create("rbac.v1.ClusterRole")
def cluster_role(obj: Object) -> Errors:
    """A ClusterRole, which may be put together from others."""
    yield from metadata(obj, path_segment, namespaced=False)
    for i, rule in enumerate(obj["rules"] or []):
        yield from _rule(f"rules[{i}]", rule, namespaced=False)
    if (aggregation := obj.get("aggregationRule")) is None:
        return
    selectors = aggregation.get("clusterRoleSelectors") or []
    field = "aggregationRule.clusterRoleSelectors"
    if not selectors:
        detail = "at least one clusterRoleSelector required if aggregationRule is non-nil"
        yield required(field, detail)
    for i, selector in enumerate(selectors):
        problems = [*label_selector(selector, f"{field}[{i}]")]
        yield from problems
        if problems:
            yield invalid(f"{field}[{i}]", None, "invalid label selector.")


def _rule(field: str, rule: Object, *, namespaced: bool) -> Errors:
    if not rule["verbs"]:
        yield required(f"{field}.verbs", "verbs must contain at least one value")
    if urls := rule.get("nonResourceURLs"):
        if namespaced:
            detail = "namespaced rules cannot apply to non-resource URLs"
            yield invalid(f"{field}.nonResourceURLs", urls, detail)
        if any(rule.get(name) for name in ("apiGroups", "resources", "resourceNames")):
            detail = "rules cannot apply to both regular resources and non-resource URLs"
            yield invalid(f"{field}.nonResourceURLs", urls, detail)
        return
    if not rule.get("apiGroups"):
        yield required(f"{field}.apiGroups", "resource rules must supply at least one api group")
    if not rule.get("resources"):
        yield required(f"{field}.resources", "resource rules must supply at least one resource")


@on_update("rbac.v1.Role")
def role_update(new: Object, old: Object) -> Errors:
    """A Role again."""
    yield from role(new)
    yield from metadata_update(new, old)


@on_update("rbac.v1.ClusterRole")
def cluster_role_update(new: Object, old: Object) -> Errors:
    """A ClusterRole again."""
    yield from cluster_role(new)
    yield from metadata_update(new, old)


@on_create("rbac.v1.RoleBinding")
def role_binding(obj: Object) -> Errors:
    """A RoleBinding."""
    yield from _binding(obj, namespaced=True)


@on_create("rbac.v1.ClusterRoleBinding")
def cluster_role_binding(obj: Object) -> Errors:
    """A ClusterRoleBinding."""
    yield from _binding(obj, namespaced=False)


def _binding(obj: Object, *, namespaced: bool) -> Errors:
    yield from metadata(obj, path_segment, namespaced=namespaced)
    ref = obj["roleRef"]
    if ref["apiGroup"] != _GROUP:
        yield not_supported("roleRef.apiGroup", ref["apiGroup"], (_GROUP,))
    kinds = ("Role", "ClusterRole") if namespaced else ("ClusterRole",)
    if ref["kind"] not in kinds:
        yield not_supported("roleRef.kind", ref["kind"], kinds)
    if not ref["name"]:
        yield required("roleRef.name")
    else:
        yield from each_invalid("roleRef.name", ref["name"], path_segment(ref["name"]))
    for i, subject in enumerate(obj.get("subjects") or []):
        yield from _subject(f"subjects[{i}]", subject, namespaced=namespaced)


def _subject(field: str, subject: Object, *, namespaced: bool) -> Errors:
    name, kind, group = subject["name"], subject["kind"], subject.get("apiGroup", "")
    if not name:
        yield required(f"{field}.name")
    if kind not in _KINDS:
        yield not_supported(f"{field}.kind", kind, _KINDS)
    elif kind != "ServiceAccount":
        if group != _GROUP:
            yield not_supported(f"{field}.apiGroup", group, (_GROUP,))
    else:
        if name:
            yield from each_invalid(f"{field}.name", name, dns_subdomain(name))
        if group:
            yield not_supported(f"{field}.apiGroup", group, ("",))
        if not namespaced and not subject.get("namespace"):
            yield required(f"{field}.namespace")


@on_update("rbac.v1.RoleBinding")
def role_binding_update(new: Object, old: Object) -> Errors:
    """A RoleBinding, which stays bound to its role."""
    yield from role_binding(new)
    yield from _same_role(new, old)


@on_update("rbac.v1.ClusterRoleBinding")
def cluster_role_binding_update(new: Object, old: Object) -> Errors:
    """A ClusterRoleBinding, which stays bound to its role."""
    yield from cluster_role_binding(new)
    yield from _same_role(new, old)


def _same_role(new: Object, old: Object) -> Errors:
    yield from metadata_update(new, old)
    if new["roleRef"] != old["roleRef"]:
        shown = internal("rbac.v1.RoleRef", new["roleRef"])
        yield invalid("roleRef", shown, "cannot change roleRef")
