"""Asks the policies that are bound to a write, and says what follows.

Stands for k8s.io/apiserver `pkg/admission/plugin/policy/validating/{dispatcher,validator}.go`.
Policies and bindings are read from the store at each write, so a new one counts at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubelearn.embedded.apiserver.apiextensions.cel import CelError, converted, expression
from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.policies.parameters import FindKind, NotConfigured, parameters
from kubelearn.embedded.apiserver.status import StatusError, forbidden
from kubelearn.embedded.apiserver.webhooks import Attributes
from kubelearn.embedded.apiserver.webhooks.matching import (
    conditions_hold,
    is_exempt,
    rules_mean,
    selectors_mean,
    variables_of,
)
from kubelearn.embedded.store import Store
from kubelearn.objects import Object

_POLICIES = "/registry/validatingadmissionpolicies/"
_BINDINGS = "/registry/validatingadmissionpolicybindings/"
_CODES = {"Forbidden": 403, "Invalid": 422, "RequestEntityTooLarge": 413, "Unauthorized": 401}


@dataclass(frozen=True)
class Violation:
    """What a write violates, and the reason that the client gets."""

    message: str
    reason: str = "Invalid"


class Policies:
    """The policies of one cluster; `find` knows kinds by apiVersion and name."""

    def __init__(self, store: Store, *, find: FindKind) -> None:
        self._store = store
        self._find = find

    def configured(self) -> bool:
        """Whether there are any that are bound."""
        return bool(self._store.count(_BINDINGS))

    def validate(self, attributes: Attributes) -> None:
        """Refuse a write that a policy forbids. Raises StatusError."""
        if is_exempt(attributes):
            return
        for binding in self._stored(_BINDINGS):
            found = self._store.get(_POLICIES + binding["spec"]["policyName"])
            if found is None:
                continue
            policy = decode(found.value)
            if _concerned(policy, binding, attributes):
                for violation in self._violations(policy, binding, attributes):
                    _follow(violation, policy, binding, attributes)

    def _stored(self, prefix: str) -> Iterator[Object]:
        for found in self._store.range(prefix):
            yield decode(found.value)

    def _violations(
        self, policy: Object, binding: Object, attributes: Attributes
    ) -> Iterator[Violation]:
        spec = policy["spec"]
        try:
            found = parameters(policy, binding, attributes, find=self._find, store=self._store)
            for params in found:
                variables = variables_of(attributes)
                variables["params"] = converted(params, None)
                variables["namespaceObject"] = converted(self._namespace(attributes), None)
                if conditions_hold(spec, attributes, variables):
                    yield from _broken(spec, variables)
        except NotConfigured as error:
            if spec.get("failurePolicy") != "Ignore":
                yield Violation(f"failed to configure binding: {error}")

    def _namespace(self, attributes: Attributes) -> Object | None:
        found = self._store.get(f"/registry/namespaces/{attributes.namespace}")
        return decode(found.value) if found else None


def _concerned(policy: Object, binding: Object, attributes: Attributes) -> bool:
    constraints = policy["spec"].get("matchConstraints") or {}
    # A binding can only narrow down what its policy is about.
    narrower = binding["spec"].get("matchResources")
    return _matches(constraints, attributes) and (
        narrower is None or _matches(narrower, attributes, all_without_rules=True)
    )


def _matches(match: Object, attributes: Attributes, *, all_without_rules: bool = False) -> bool:
    rules = match.get("resourceRules")
    meant = rules_mean(rules, match, attributes) or (all_without_rules and not rules)
    excluded = rules_mean(match.get("excludeResourceRules"), match, attributes)
    return meant and not excluded and selectors_mean(match, attributes)


def _broken(spec: Object, variables: dict[str, Any]) -> Iterator[Violation]:
    """The validations that are not true, or that cannot be told."""
    from celpy import celtypes

    own: dict[Any, Any] = {}
    for variable in spec.get("variables") or []:
        variables["variables"] = celtypes.MapType(own)
        try:
            value = expression(variable["expression"].strip()).evaluate(variables)
        except CelError:
            continue  # whoever names it finds it missing
        own[celtypes.StringType(variable["name"])] = value
    variables["variables"] = celtypes.MapType(own)
    for validation in spec.get("validations") or []:
        text = validation["expression"].strip()
        try:
            if not expression(text).evaluate(variables):
                yield Violation(
                    _message(validation, variables), validation.get("reason") or "Invalid"
                )
        except CelError as error:
            if spec.get("failurePolicy") != "Ignore":
                yield Violation(f"expression '{text}' resulted in error: {error}")


def _message(validation: Object, variables: Mapping[str, Any]) -> str:
    if own := validation.get("messageExpression"):
        try:
            text = expression(own.strip()).evaluate(variables)
        except CelError:
            text = None
        if isinstance(text, str) and text.strip() and "\n" not in text:
            return str(text).strip()
    return (validation.get("message") or "").strip() or (
        f"failed expression: {validation['expression'].strip()}"
    )


def _follow(violation: Violation, policy: Object, binding: Object, attributes: Attributes) -> None:
    """Warn, or refuse, as the binding says."""
    actions = binding["spec"].get("validationActions") or []
    names = f"'{policy['metadata']['name']}' with binding '{binding['metadata']['name']}'"
    if "Warn" in actions:
        text = f"Validation failed for ValidatingAdmissionPolicy {names}: {violation.message}"
        attributes.write.warnings.append(text)
    if "Deny" in actions:
        text = f"ValidatingAdmissionPolicy {names} denied request: {violation.message}"
        raise _denial(text, violation.reason, attributes)


def _denial(text: str, reason: str, attributes: Attributes) -> StatusError:
    kind = attributes.registry.kind
    meta = (attributes.new or {}).get("metadata") or {}
    name = attributes.name or meta.get("generateName") or "Unknown"
    denied = forbidden(kind.plural, kind.group, name, text, causes=[{"message": text}])
    denied.reason, denied.code = reason, _CODES[reason]
    return denied
