"""Asks the policies that say what may be written, and says what follows.

Stands for k8s.io/apiserver `pkg/admission/plugin/policy/validating/{dispatcher,validator}.go`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubelearn.embedded.apiserver.apiextensions.cel import CelError, expression
from kubelearn.embedded.apiserver.policies.bound import BoundPolicies, add_own_variables, names
from kubelearn.embedded.apiserver.policies.parameters import FindKind, NotConfigured
from kubelearn.embedded.apiserver.status import StatusError, forbidden
from kubelearn.embedded.apiserver.webhooks import Attributes
from kubelearn.embedded.apiserver.webhooks.matching import conditions_hold
from kubelearn.embedded.store import Store
from kubelearn.objects import Object

_CODES = {"Forbidden": 403, "Invalid": 422, "RequestEntityTooLarge": 413, "Unauthorized": 401}


@dataclass(frozen=True)
class Violation:
    """What a write violates, and the reason that the client gets."""

    message: str
    reason: str = "Invalid"


class ValidatingPolicies:
    """The ValidatingAdmissionPolicies of one cluster."""

    def __init__(self, store: Store, *, find: FindKind) -> None:
        self._bound = BoundPolicies(store, sort="validating", find=find)

    def configured(self) -> bool:
        """Whether there are any that are bound."""
        return self._bound.configured()

    def validate(self, attributes: Attributes) -> None:
        """Refuse a write that a policy forbids. Raises StatusError."""
        for policy, binding in self._bound.concerned(attributes):
            for violation in self._violations(policy, binding, attributes):
                _follow(violation, policy, binding, attributes)

    def _violations(
        self, policy: Object, binding: Object, attributes: Attributes
    ) -> Iterator[Violation]:
        spec = policy["spec"]
        try:
            for variables in self._bound.variables(policy, binding, attributes):
                if conditions_hold(spec, attributes, variables):
                    yield from _broken(spec, variables)
        except NotConfigured as error:
            if spec.get("failurePolicy") != "Ignore":
                yield Violation(f"failed to configure binding: {error}")


def _broken(spec: Object, variables: dict[str, Any]) -> Iterator[Violation]:
    """The validations that are not true, or that cannot be told."""
    add_own_variables(spec, variables)
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
    who = names(policy, binding)
    if "Warn" in actions:
        text = f"Validation failed for ValidatingAdmissionPolicy {who}: {violation.message}"
        attributes.write.warnings.append(text)
    if "Deny" in actions:
        text = f"ValidatingAdmissionPolicy {who} denied request: {violation.message}"
        raise _denial(text, violation.reason, attributes)


def _denial(text: str, reason: str, attributes: Attributes) -> StatusError:
    kind = attributes.registry.kind
    meta = (attributes.new or {}).get("metadata") or {}
    name = attributes.name or meta.get("generateName") or "Unknown"
    denied = forbidden(kind.plural, kind.group, name, text, causes=[{"message": text}])
    denied.reason, denied.code = reason, _CODES[reason]
    return denied
