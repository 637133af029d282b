"""Rules for MutatingAdmissionPolicies, ValidatingAdmissionPolicies and their bindings.

Upstream: pkg/apis/admissionregistration/validation. Left out: the types of expressions, and names
in them that stand for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubelearn.embedded.apiserver.names import dns_subdomain, path_segment
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    duplicate,
    each_invalid,
    forbidden,
    invalid,
    not_supported,
    one_of,
    required,
)
from kubelearn.embedded.apiserver.validation.metadata import (
    label_selector,
    metadata,
    metadata_update,
)
from kubelearn.embedded.apiserver.validation.rules import on_create, on_update
from kubelearn.embedded.apiserver.validation.webhook import cel, match_conditions, operations_rule
from kubelearn.objects import Object

_POLICY = "admissionregistration.v1.ValidatingAdmissionPolicy"
_BINDING = "admissionregistration.v1.ValidatingAdmissionPolicyBinding"
_MUTATING_POLICY = "admissionregistration.v1.MutatingAdmissionPolicy"
_MUTATING_BINDING = "admissionregistration.v1.MutatingAdmissionPolicyBinding"
_CHANGEABLE = ("*", "CONNECT", "CREATE", "UPDATE")
# The field that each type of patch has.
_PATCHES = {"ApplyConfiguration": "applyConfiguration", "JSONPatch": "jsonPatch"}
_ACTIONS = ("Audit", "Deny", "Warn")
_REASONS = ("Unauthorized", "Forbidden", "Invalid", "RequestEntityTooLarge")
_NOTHING = "validations or auditAnnotations must contain at least one item"


@on_create(_POLICY)
def validating_admission_policy(obj: Object) -> Errors:
    """A policy: what it is about, and what has to be true."""
    yield from _policy(obj)
    yield from _validations(obj.get("spec") or {})


@on_create(_MUTATING_POLICY)
def mutating_admission_policy(obj: Object) -> Errors:
    """A policy: what it is about, and what it changes."""
    yield from _policy(obj)
    spec = obj.get("spec") or {}
    yield from _operations(spec.get("matchConstraints"), "spec.matchConstraints")
    if not spec.get("mutations"):
        yield required("spec.mutations", "mutations must contain at least one item")
    for index, mutation in enumerate(spec.get("mutations") or []):
        yield from _mutation(mutation, f"spec.mutations[{index}]")
    policy = spec.get("reinvocationPolicy")
    yield from one_of("spec.reinvocationPolicy", policy, ("IfNeeded", "Never"))


@on_update(_MUTATING_POLICY)
def mutating_admission_policy_update(new: Object, old: Object) -> Errors:
    """A policy, of which all may change."""
    yield from metadata_update(new, old)
    yield from mutating_admission_policy(new)


def _policy(obj: Object) -> Errors:
    """What all policies have."""
    yield from metadata(obj, dns_subdomain, namespaced=False)
    spec = obj.get("spec") or {}
    yield from one_of("spec.failurePolicy", spec.get("failurePolicy"), ("Fail", "Ignore"))
    for name in ("apiVersion", "kind") if spec.get("paramKind") is not None else ():
        if not spec["paramKind"].get(name):
            yield required(f"spec.paramKind.{name}")
    constraints = spec.get("matchConstraints")
    if constraints is None:
        yield required("spec.matchConstraints")
    else:
        yield from _match_resources(constraints, "spec.matchConstraints")
        if not constraints.get("resourceRules"):
            yield required("spec.matchConstraints.resourceRules")
    yield from match_conditions(spec.get("matchConditions") or [], "spec.matchConditions")
    for index, each in enumerate(spec.get("variables") or []):
        yield from _variable(each, f"spec.variables[{index}]")


@on_update(_POLICY)
def validating_admission_policy_update(new: Object, old: Object) -> Errors:
    """A policy, of which all may change."""
    yield from metadata_update(new, old)
    yield from validating_admission_policy(new)


@on_create(_BINDING)
def validating_admission_policy_binding(obj: Object) -> Errors:
    """A binding: which policy, for what, and what follows from a violation."""
    yield from _binding(obj)
    yield from _actions(obj["spec"].get("validationActions") or [], "spec.validationActions")


@on_create(_MUTATING_BINDING)
def mutating_admission_policy_binding(obj: Object) -> Errors:
    """A binding: which policy, and for what."""
    yield from _binding(obj)
    yield from _operations(obj["spec"].get("matchResources"), "spec.matchResources")


@on_update(_MUTATING_BINDING)
def mutating_admission_policy_binding_update(new: Object, old: Object) -> Errors:
    """A binding, of which all may change."""
    yield from metadata_update(new, old)
    yield from mutating_admission_policy_binding(new)


def _binding(obj: Object) -> Errors:
    """What all bindings have."""
    yield from metadata(obj, dns_subdomain, namespaced=False)
    spec = obj["spec"]
    name = spec.get("policyName", "")
    if not name:
        yield required("spec.policyName")
    else:
        yield from each_invalid("spec.policyName", name, dns_subdomain(name))
    if spec.get("paramRef") is not None:
        yield from _param_ref(spec["paramRef"], "spec.paramRef")
    if spec.get("matchResources") is not None:
        yield from _match_resources(spec["matchResources"], "spec.matchResources")


@on_update(_BINDING)
def validating_admission_policy_binding_update(new: Object, old: Object) -> Errors:
    """A binding, of which all may change."""
    yield from metadata_update(new, old)
    yield from validating_admission_policy_binding(new)


def _match_resources(match: Object, field: str) -> Errors:
    yield from one_of(f"{field}.matchPolicy", match.get("matchPolicy"), ("Equivalent", "Exact"))
    for name in ("namespaceSelector", "objectSelector"):
        yield from label_selector(match.get(name), f"{field}.{name}")
    for name in ("resourceRules", "excludeResourceRules"):
        for index, rule in enumerate(match.get(name) or []):
            where = f"{field}.{name}[{index}]"
            yield from _names(rule.get("resourceNames") or [], f"{where}.resourceNames")
            yield from operations_rule(rule, where)


def _operations(match: Object | None, field: str) -> Errors:
    """What is deleted cannot be changed."""
    for rule in (match or {}).get("resourceRules") or []:
        for operation in rule.get("operations") or []:
            if operation not in _CHANGEABLE:
                where = f"{field}.resourceRules.operations"
                yield not_supported(where, operation, _CHANGEABLE)


def _mutation(mutation: Object, field: str) -> Errors:
    kind = mutation.get("patchType")
    yield from one_of(f"{field}.patchType", kind, tuple(_PATCHES))
    if kind not in _PATCHES:
        return
    own = _PATCHES[kind]
    if mutation.get(own) is None:
        yield required(f"{field}.{own}", f"must be specified when patchType is {kind}")
    else:
        yield from cel(mutation[own].get("expression"), f"{field}.{own}.expression")
    for other in sorted(set(_PATCHES.values()) - {own}):
        if mutation.get(other) is not None:
            detail = f"must not be specified when patchType is {kind}"
            yield invalid(f"{field}.{other}", f"{{{other}}}", detail)


def _names(names: Sequence[str], field: str) -> Errors:
    for index, name in enumerate(names):
        yield from each_invalid(f"{field}[{index}]", name, path_segment(name))
        if name in names[:index]:
            yield duplicate(f"{field}[{index}]", name)


def _variable(variable: Object, field: str) -> Errors:
    name = variable.get("name", "")
    if not name:
        yield required(f"{field}.name")
    elif not name.isidentifier():
        yield invalid(f"{field}.name", name, "name is not a valid CEL identifier")
    yield from cel(variable.get("expression"), f"{field}.expression")


def _validations(spec: Object) -> Errors:
    if not (spec.get("validations") or spec.get("auditAnnotations")):
        yield required("spec.validations", _NOTHING)
        yield required("spec.auditAnnotations", _NOTHING)
    for index, each in enumerate(spec.get("validations") or []):
        field = f"spec.validations[{index}]"
        yield from cel(each.get("expression"), f"{field}.expression")
        if each.get("messageExpression"):
            yield from cel(each["messageExpression"], f"{field}.messageExpression")
        message = each.get("message", "")
        if message and not message.strip():
            yield invalid(f"{field}.message", message, "message must be non-empty if specified")
        if "\n" in message.strip():
            yield invalid(f"{field}.message", message, "message must not contain line breaks")
        if each.get("reason") and each["reason"] not in _REASONS:
            yield not_supported(f"{field}.reason", each["reason"], _REASONS)
    for index, each in enumerate(spec.get("auditAnnotations") or []):
        field = f"spec.auditAnnotations[{index}]"
        if not each.get("key"):
            yield required(f"{field}.key")
        yield from cel(each.get("valueExpression"), f"{field}.valueExpression")


def _param_ref(ref: Object, field: str) -> Errors:
    name, selector = ref.get("name", ""), ref.get("selector")
    both = "name and selector are mutually exclusive"
    if name:
        yield from each_invalid(f"{field}.name", name, path_segment(name))
    if name and selector is not None:
        yield forbidden(f"{field}.name", both)
    yield from label_selector(selector, f"{field}.selector")
    if name and selector is not None:
        yield forbidden(f"{field}.selector", both)
    if not name and selector is None:
        yield required(field, "one of name or selector must be specified")
    action = ref.get("parameterNotFoundAction")
    yield from one_of(f"{field}.parameterNotFoundAction", action, ("Deny", "Allow"))


def _actions(actions: Sequence[str], field: str) -> Errors:
    for index, action in enumerate(actions):
        if action not in _ACTIONS:
            yield not_supported(f"{field}[{index}]", action, _ACTIONS)
        if action in actions[:index]:
            yield duplicate(f"{field}[{index}]", action)
    if {"Deny", "Warn"} <= set(actions):
        detail = (
            "must not contain both Deny and Warn (repeating the same validation failure "
            "information in the API response and headers serves no purpose)"
        )
        yield invalid(field, list(actions), detail)
    if not actions:
        yield required(field, "at least one validation action is required")
