"""Rules for FlowSchemas and PriorityLevelConfigurations.

Upstream: pkg/apis/flowcontrol/validation. Left out: the bits that shuffle sharding needs.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubelearn.embedded.apiserver.flowcontrol.standard import fixed_spec
from kubelearn.embedded.apiserver.names import dns_label, dns_subdomain
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    each_invalid,
    forbidden,
    invalid,
    non_negative,
    not_supported,
    one_of,
    required,
)
from kubelearn.embedded.apiserver.validation.metadata import metadata, metadata_update
from kubelearn.embedded.apiserver.validation.rules import on_create, on_update
from kubelearn.objects import Object

_SCHEMA = "flowcontrol.v1.FlowSchema"
_LEVEL = "flowcontrol.v1.PriorityLevelConfiguration"
_MAX_PRECEDENCE = 10_000
_MAX_QUEUES = 10_000_000
# The kinds of subjects, each with the field that it has.
_SUBJECTS = {"Group": "group", "ServiceAccount": "serviceAccount", "User": "user"}
_VERBS = (
    "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch",
)  # fmt: skip
_NO_QUEUING = "must not be empty if limited.limitResponse.type is Limited"
_NAMESPACE = "each member of this list must be '*' or a DNS-1123 label; "


@on_create(_SCHEMA)
def flow_schema(obj: Object) -> Errors:
    """A FlowSchema: which requests, in which order, to which level."""
    yield from metadata(obj, dns_subdomain, namespaced=False)
    name, spec = obj["metadata"].get("name", ""), obj["spec"]
    yield from _precedence(name, spec.get("matchingPrecedence", 0))
    if method := spec.get("distinguisherMethod"):
        field = "spec.distinguisherMethod.type"
        if method.get("type") not in ("ByNamespace", "ByUser"):
            yield not_supported(field, method.get("type", ""), ("ByNamespace", "ByUser"))
    field = "spec.priorityLevelConfiguration.name"
    if level := spec["priorityLevelConfiguration"].get("name"):
        yield from each_invalid(field, level, dns_subdomain(level))
    else:
        yield required(field, "must reference a priority level")
    for index, rule in enumerate(spec.get("rules") or []):
        yield from _rule(rule, f"spec.rules[{index}]")
    if fixed_spec("FlowSchema", name) not in (None, spec):
        yield invalid("spec", spec, f"spec of '{name}' must equal the fixed value")


@on_update(_SCHEMA)
def flow_schema_update(new: Object, old: Object) -> Errors:
    """A FlowSchema, of which all may change."""
    yield from metadata_update(new, old)
    yield from flow_schema(new)


@on_create(_LEVEL)
def priority_level(obj: Object) -> Errors:
    """A level: how many seats, and what happens when they are taken."""
    yield from metadata(obj, dns_subdomain, namespaced=False)
    name, spec = obj["metadata"].get("name", ""), obj["spec"]
    kind, limited, exempt = spec.get("type"), spec.get("limited"), spec.get("exempt")
    if (name == "exempt") != (kind == "Exempt"):
        detail = "must be 'Exempt' if and only if `name` is 'exempt'"
        yield invalid("spec.type", kind or "", detail)
    yield from one_of("spec.type", kind, ("Exempt", "Limited"))
    if kind == "Exempt" and limited is not None:
        yield forbidden("spec.limited", "must be nil if the type is not Limited")
    if kind == "Limited" and exempt is not None:
        yield forbidden("spec.exempt", "must be nil if the type is Limited")
    if kind == "Limited" and limited is None:
        yield required("spec.limited", "must not be empty when type is Limited")
    for field, level in (("spec.limited", limited), ("spec.exempt", exempt)):
        if level is not None:
            yield from _shares(level, field)
    if limited is not None:
        yield from _response(limited["limitResponse"], "spec.limited.limitResponse")
    if name == "catch-all" and fixed_spec("PriorityLevelConfiguration", name) != spec:
        yield invalid("spec", spec, f"spec of '{name}' must equal the fixed value")


@on_update(_LEVEL)
def priority_level_update(new: Object, old: Object) -> Errors:
    """A level, of which all may change."""
    yield from metadata_update(new, old)
    yield from priority_level(new)


def _precedence(name: str, value: int) -> Errors:
    field = "spec.matchingPrecedence"
    if value <= 0:
        yield invalid(field, value, "must be a positive value")
    if value > _MAX_PRECEDENCE:
        yield invalid(field, value, f"must not be greater than {_MAX_PRECEDENCE}")
    if value == 1 and name != "exempt":
        detail = "only the schema named 'exempt' may have matchingPrecedence 1"
        yield invalid(field, value, detail)


def _rule(rule: Object, field: str) -> Errors:
    subjects = rule.get("subjects") or []
    resources, paths = rule.get("resourceRules") or [], rule.get("nonResourceRules") or []
    if not subjects:
        yield required(f"{field}.subjects", "subjects must contain at least one value")
    for index, subject in enumerate(subjects):
        yield from _subject(subject, f"{field}.subjects[{index}]")
    if not (resources or paths):
        detail = "at least one of resourceRules and nonResourceRules has to be non-empty"
        yield required(field, detail)
    for index, each in enumerate(resources):
        yield from _resource_rule(each, f"{field}.resourceRules[{index}]")
    for index, each in enumerate(paths):
        yield from _path_rule(each, f"{field}.nonResourceRules[{index}]")


def _subject(subject: Object, field: str) -> Errors:
    kind = subject.get("kind")
    if kind not in _SUBJECTS:
        yield not_supported(f"{field}.kind", kind or "", _SUBJECTS)
        return
    own = _SUBJECTS[kind]
    if subject.get(own) is None:
        yield required(f"{field}.{own}", f"{own} is required when subject kind is '{kind}'")
    else:
        if not subject[own].get("name"):
            yield required(f"{field}.{own}.name")
        if own == "serviceAccount" and not subject[own].get("namespace"):
            detail = "must specify namespace for service account"
            yield required(f"{field}.{own}.namespace", detail)
    for other_kind, other in _SUBJECTS.items():
        if other != own and subject.get(other) is not None:
            detail = f"{other} is forbidden when subject kind is not '{other_kind}'"
            yield forbidden(f"{field}.{other}", detail)


def _resource_rule(rule: Object, field: str) -> Errors:
    yield from _verbs(rule.get("verbs") or [], f"{field}.verbs")
    for name, word in (("apiGroups", "api group"), ("resources", "resource")):
        values = rule.get(name) or []
        if not values:
            detail = f"resource rules must supply at least one {word}"
            yield required(f"{field}.{name}", detail)
        yield from _alone(values, f"{field}.{name}", f"{word}s")
    namespaces = rule.get("namespaces") or []
    if not namespaces and not rule.get("clusterScope"):
        detail = "resource rules that are not cluster scoped must supply at least one namespace"
        yield required(f"{field}.namespaces", detail)
    yield from _alone(namespaces, f"{field}.namespaces", "namespaces")
    for index, each in enumerate(namespaces if "*" not in namespaces else ()):
        problems = [_NAMESPACE + problem for problem in dns_label(each)]
        yield from each_invalid(f"{field}.namespaces[{index}]", each, problems)


def _path_rule(rule: Object, field: str) -> Errors:
    yield from _verbs(rule.get("verbs") or [], f"{field}.verbs")
    urls, field = rule.get("nonResourceURLs") or [], f"{field}.nonResourceURLs"
    if not urls:
        yield required(field, "nonResourceURLs must contain at least one value")
    yield from _alone(urls, field, "non-resource URLs")
    for index, url in enumerate(urls if "*" not in urls else ()):
        if not url.startswith("/"):
            detail = "must start with slash" if url else "must not be empty"
            yield invalid(f"{field}[{index}]", url, detail)


def _verbs(verbs: Sequence[str], field: str) -> Errors:
    if not verbs:
        yield required(field, "verbs must contain at least one value")
    yield from _alone(verbs, field, "verbs")
    if "*" not in verbs and not set(verbs) <= {*_VERBS}:
        yield not_supported(field, list(verbs), _VERBS)


def _alone(values: Sequence[str], field: str, what: str) -> Errors:
    """Who takes all needs no others."""
    if "*" in values and len(values) > 1:
        detail = f"if '*' is present, must not specify other {what}"
        yield invalid(field, list(values), detail)


def _shares(level: Object, field: str) -> Errors:
    shares, lendable = level.get("nominalConcurrencyShares"), level.get("lendablePercent")
    if shares is not None and shares < 0:
        detail = "must be a non-negative integer"
        yield invalid(f"{field}.nominalConcurrencyShares", shares, detail)
    if lendable is not None and not 0 <= lendable <= 100:
        detail = "must be between 0 and 100, inclusive"
        yield invalid(f"{field}.lendablePercent", lendable, detail)
    yield from non_negative(f"{field}.borrowingLimitPercent", level.get("borrowingLimitPercent"))


def _response(response: Object, field: str) -> Errors:
    kind, queuing = response.get("type"), response.get("queuing")
    yield from one_of(f"{field}.type", kind, ("Queue", "Reject"))
    if kind == "Reject" and queuing is not None:
        detail = "must be nil if limited.limitResponse.type is not Limited"
        yield forbidden(f"{field}.queuing", detail)
    if kind == "Queue" and queuing is None:
        yield required(f"{field}.queuing", _NO_QUEUING)
    elif queuing is not None:
        yield from _queuing(queuing, f"{field}.queuing")


def _queuing(queuing: Object, field: str) -> Errors:
    queues, hand = queuing.get("queues", 0), queuing.get("handSize", 0)
    for name in ("queueLengthLimit", "queues", "handSize"):
        if queuing.get(name, 0) <= 0:
            yield invalid(f"{field}.{name}", queuing.get(name, 0), "must be positive")
    if queues > _MAX_QUEUES:
        yield invalid(f"{field}.queues", queues, f"must not be greater than {_MAX_QUEUES}")
    if hand > queues > 0:
        detail = f"should not be greater than queues ({queues})"
        yield invalid(f"{field}.handSize", hand, detail)
