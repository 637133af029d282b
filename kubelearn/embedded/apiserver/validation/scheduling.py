"""Rules for where pods may run: tolerations, affinity, topology spread."""

from __future__ import annotations

from collections.abc import Iterable

from kubelearn.embedded.apiserver.names import dns_label, dns_subdomain, label_value
from kubelearn.embedded.apiserver.validation.common import positive, supported
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    duplicate,
    each_invalid,
    forbidden,
    invalid,
    not_supported,
    required,
)
from kubelearn.embedded.apiserver.validation.internals import internal
from kubelearn.embedded.apiserver.validation.metadata import label_name, label_selector
from kubelearn.objects import Object

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_NODE_POLICIES = ("Honor", "Ignore")
_BAD_OPERATOR = "not a valid selector operator"


def tolerations(field: str, found: Iterable[Object]) -> Errors:
    """The taints that a pod puts up with."""
    for i, toleration in enumerate(found):
        here = f"{field}[{i}]"
        key, operator = toleration.get("key", ""), toleration.get("operator", "")
        if key:
            yield from label_name(key, f"{here}.key")
        elif operator != "Exists":
            detail = (
                "operator must be Exists when `key` is empty, "
                'which means "match all values and all keys"'
            )
            yield invalid(f"{here}.operator", operator, detail)
        effect = toleration.get("effect", "")
        if "tolerationSeconds" in toleration and effect != "NoExecute":
            detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            yield invalid(f"{here}.effect", effect, detail)
        yield from _operator(f"{here}.operator", operator, toleration.get("value", ""))
        if effect and effect not in EFFECTS:
            yield not_supported(f"{here}.effect", effect, EFFECTS)


def _operator(field: str, operator: str, value: str) -> Errors:
    if operator in ("", "Equal"):
        if problems := label_value(value):
            yield invalid(field, value, ";".join(problems))
    elif operator == "Exists":
        if value:
            yield invalid(field, value, "value must be empty when `operator` is 'Exists'")
    elif operator in ("Lt", "Gt"):
        yield not_supported(field, operator, ("Equal", "Exists", "Lt", "Gt"))
    else:
        yield not_supported(field, operator, ("Equal", "Exists"))


def affinity(field: str, found: Object) -> Errors:
    """Node affinity, pod affinity and pod anti-affinity."""
    if node := found.get("nodeAffinity"):
        yield from _node_affinity(f"{field}.nodeAffinity", node)
    for name in ("podAffinity", "podAntiAffinity"):
        if terms := found.get(name):
            yield from _pod_affinity(f"{field}.{name}", terms)


def _node_affinity(field: str, found: Object) -> Errors:
    during = "DuringSchedulingIgnoredDuringExecution"
    if (needed := found.get(f"required{during}")) is not None:
        yield from node_selector(f"{field}.required{during}", needed)
    for i, term in enumerate(found.get(f"preferred{during}") or []):
        here = f"{field}.preferred{during}[{i}]"
        yield from _weight(here, term)
        yield from _node_term(f"{here}.preference", term["preference"], check_values=False)


def node_selector(field: str, selector: Object) -> Errors:
    """Terms of which one has to fit a node."""
    terms = selector.get("nodeSelectorTerms") or []
    if not terms:
        detail = "must have at least one node selector term"
        yield required(f"{field}.nodeSelectorTerms", detail)
    for i, term in enumerate(terms):
        yield from _node_term(f"{field}.nodeSelectorTerms[{i}]", term, check_values=True)


def _weight(field: str, term: Object) -> Errors:
    if not 0 < term["weight"] <= 100:
        yield invalid(f"{field}.weight", term["weight"], "must be in the range 1-100")


def _node_term(field: str, term: Object, *, check_values: bool) -> Errors:
    for i, requirement in enumerate(term.get("matchExpressions") or []):
        here = f"{field}.matchExpressions[{i}]"
        yield from _node_requirement(here, requirement)
        if check_values:
            for j, value in enumerate(requirement.get("values") or []):
                yield from each_invalid(f"{here}.values[{j}]", value, label_value(value))
    for i, requirement in enumerate(term.get("matchFields") or []):
        yield from _field_requirement(f"{field}.matchFields[{i}]", requirement)


def _node_requirement(field: str, requirement: Object) -> Errors:
    operator, values = requirement["operator"], requirement.get("values") or []
    where = f"{field}.values"
    if operator in ("In", "NotIn"):
        if not values:
            yield required(where, "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            yield forbidden(where, detail)
    elif operator in ("Gt", "Lt"):
        if len(values) != 1:
            detail = "must be specified single value when `operator` is 'Lt' or 'Gt'"
            yield required(where, detail)
    else:
        yield invalid(f"{field}.operator", operator, _BAD_OPERATOR)
    yield from label_name(requirement["key"], f"{field}.key")


def _field_requirement(field: str, requirement: Object) -> Errors:
    values = requirement.get("values") or []
    if requirement["operator"] not in ("In", "NotIn"):
        yield invalid(f"{field}.operator", requirement["operator"], _BAD_OPERATOR)
    elif len(values) != 1:
        detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        yield required(f"{field}.values", detail)
    if requirement["key"] != "metadata.name":
        yield invalid(f"{field}.key", requirement["key"], "not a valid field selector key")
        return
    for i, value in enumerate(values):
        yield from each_invalid(f"{field}.values[{i}]", value, dns_subdomain(value))


def _pod_affinity(field: str, found: Object) -> Errors:
    during = "DuringSchedulingIgnoredDuringExecution"
    for i, term in enumerate(found.get(f"required{during}") or []):
        yield from _pod_term(f"{field}.required{during}[{i}]", term)
    for i, term in enumerate(found.get(f"preferred{during}") or []):
        here = f"{field}.preferred{during}[{i}]"
        yield from _weight(here, term)
        yield from _pod_term(f"{here}.podAffinityTerm", term["podAffinityTerm"])


def _pod_term(field: str, term: Object) -> Errors:
    for name in ("labelSelector", "namespaceSelector"):
        yield from label_selector(term.get(name), f"{field}.{name}")
    for namespace in term.get("namespaces") or []:
        yield from each_invalid(f"{field}.namespace", namespace, dns_label(namespace))
    if not term["topologyKey"]:
        yield required(f"{field}.topologyKey", "can not be empty")
    yield from label_name(term["topologyKey"], f"{field}.topologyKey")


def topology_spread(field: str, constraints: list[Object]) -> Errors:
    """How evenly pods are to be spread."""
    for i, constraint in enumerate(constraints):
        here = f"{field}[{i}]"
        yield from positive(f"{here}.maxSkew", constraint["maxSkew"])
        if not constraint["topologyKey"]:
            yield required(f"{here}.topologyKey", "can not be empty")
        action = constraint["whenUnsatisfiable"]
        yield from supported(
            f"{here}.whenUnsatisfiable", action, ("DoNotSchedule", "ScheduleAnyway")
        )
        pair = (constraint["topologyKey"], action)
        if pair in ((c["topologyKey"], c["whenUnsatisfiable"]) for c in constraints[i + 1 :]):
            where = f"{here}.{{topologyKey, whenUnsatisfiable}}"
            yield duplicate(where, f"{{{pair[0]}, {pair[1]}}}")
        yield from _min_domains(f"{here}.minDomains", constraint.get("minDomains"), action)
        for name in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            yield from supported(f"{here}.{name}", constraint.get(name), _NODE_POLICIES)
        yield from label_selector(constraint.get("labelSelector"), f"{here}.labelSelector")


def _min_domains(field: str, count: int | None, action: str) -> Errors:
    if count is None:
        return
    yield from positive(field, count)
    if action != "DoNotSchedule":
        detail = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
        yield invalid(field, count, detail)


def taints(field: str, found: Iterable[Object]) -> Errors:
    """The taints of a node."""
    seen = set()
    for i, taint in enumerate(found):
        here = f"{field}[{i}]"
        yield from label_name(taint["key"], f"{here}.key")
        problems = label_value(taint.get("value", ""))
        if problems:
            yield invalid(f"{here}.value", taint["value"], ";".join(problems))
        if not taint["effect"]:
            yield required(f"{here}.effect")
        elif taint["effect"] not in EFFECTS:
            yield not_supported(f"{here}.effect", taint["effect"], EFFECTS)
        pair = (taint["key"], taint["effect"])
        if pair in seen:
            shown = internal("core.v1.Taint", taint)
            problem = duplicate(here, shown)
            unique = "taints must be unique by key and effect pair"
            yield problem._replace(message=f"{problem.message}: {unique}")
        seen.add(pair)
