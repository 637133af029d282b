"""Asks the policies that say what may be written, and says what follows.

Stands for k8s.io/apiserver `pkg/admission/plugin/policy/validating/{dispatcher,validator}.go`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from kubelearn.embedded.apiserver.apiextensions.cel import CelError, expression
from kubelearn.embedded.apiserver.policies.bound import BoundPolicies, add_own_variables, names
from kubelearn.embedded.apiserver.policies.parameters import FindKind, NotConfigured
from kubelearn.embedded.apiserver.status import StatusError, forbidden
from kubelearn.embedded.apiserver.webhooks import Attributes
from kubelearn.embedded.apiserver.webhooks.matching import conditions_hold
from kubelearn.embedded.store import Store
from kubelearn.objects import Object

Notes = dict[str, list[str]]
"""What the audit trail should say, by the annotation's name."""

_FAILURE = "validation.policy.admission.k8s.io/validation_failure"
_LONGEST_NOTE = 10 * 1024
_CODES = {"Forbidden": 403, "Invalid": 422, "RequestEntityTooLarge": 413, "Unauthorized": 401}


@dataclass(frozen=True)
class Violation:
    """What a write violates, and the reason that the client gets.

    `index` is the validation's in its policy; None for what is refused whatever the binding says.
    """

    message: str
    reason: str = "Invalid"
    index: int | None = 0


class ValidatingPolicies:
    """The ValidatingAdmissionPolicies of one cluster."""

    def __init__(self, store: Store, *, find: FindKind) -> None:
        self._bound = BoundPolicies(store, sort="validating", find=find)

    def configured(self) -> bool:
        """Whether there are any that are bound."""
        return self._bound.configured()

    def validate(self, attributes: Attributes) -> None:
        """Refuse a write that a policy forbids, when all were asked. Raises StatusError."""
        denials: list[StatusError] = []
        notes: Notes = {}
        for policy, binding in self._bound.concerned(attributes):
            for violation in self._violations(policy, binding, attributes, notes):
                denials += _follow(violation, policy, binding, attributes)
        for key, values in notes.items():
            attributes.write.annotations.setdefault(key, ", ".join(values))
        if denials:
            raise denials[0]

    def _violations(
        self, policy: Object, binding: Object, attributes: Attributes, notes: Notes
    ) -> Iterator[Violation]:
        spec = policy["spec"]
        try:
            for variables in self._bound.variables(policy, binding, attributes):
                if conditions_hold(spec, attributes, variables):
                    yield from _broken(spec, variables)
                    yield from _noted(policy, variables, notes)
        except NotConfigured as error:
            if spec.get("failurePolicy") != "Ignore":
                yield Violation(f"failed to configure binding: {error}")


def _broken(spec: Object, variables: dict[str, Any]) -> Iterator[Violation]:
    """The validations that are not true, or that cannot be told."""
    add_own_variables(spec, variables)
    for index, validation in enumerate(spec.get("validations") or []):
        text = validation["expression"].strip()
        try:
            if not expression(text).evaluate(variables):
                reason = validation.get("reason") or "Invalid"
                yield Violation(_message(validation, variables), reason, index)
        except CelError as error:
            if spec.get("failurePolicy") != "Ignore":
                yield Violation(f"expression '{text}' resulted in error: {error}", index=index)


def _noted(policy: Object, variables: Mapping[str, Any], notes: Notes) -> Iterator[Violation]:
    """Collect what the audit trail should say; what cannot be told is a violation."""
    spec = policy["spec"]
    for annotation in spec.get("auditAnnotations") or []:
        text = annotation["valueExpression"].strip()
        try:
            value = expression(text).evaluate(variables)
            if not isinstance(value, str | None):
                raise CelError("valueExpression must give a string or null")
        except CelError as error:
            if spec.get("failurePolicy") != "Ignore":
                problem = f"expression '{text}' resulted in error: {error}"
                yield Violation(problem, index=None)
            continue
        if value := (value or "").strip()[:_LONGEST_NOTE]:
            known = notes.setdefault(f"{policy['metadata']['name']}/{annotation['key']}", [])
            known += [] if value in known else [str(value)]


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


def _follow(
    violation: Violation, policy: Object, binding: Object, attributes: Attributes
) -> Iterator[StatusError]:
    """Warn, tell the audit trail, or refuse, as the binding says."""
    actions = binding["spec"].get("validationActions") or []
    who = names(policy, binding)
    if "Warn" in actions and violation.index is not None:
        text = f"Validation failed for ValidatingAdmissionPolicy {who}: {violation.message}"
        attributes.write.warnings.append(text)
    if "Audit" in actions and violation.index is not None:
        failure = {
            "message": violation.message,
            "policy": policy["metadata"]["name"],
            "binding": binding["metadata"]["name"],
            "expressionIndex": violation.index,
            "validationActions": actions,
        }
        attributes.write.annotations.setdefault(_FAILURE, orjson.dumps([failure]).decode())
    if "Deny" in actions or violation.index is None:
        text = f"ValidatingAdmissionPolicy {who} denied request: {violation.message}"
        yield _denial(text, violation.reason, attributes)


def _denial(text: str, reason: str, attributes: Attributes) -> StatusError:
    kind = attributes.registry.kind
    meta = (attributes.new or {}).get("metadata") or {}
    name = attributes.name or meta.get("generateName") or "Unknown"
    denied = forbidden(kind.plural, kind.group, name, text, causes=[{"message": text}])
    denied.reason, denied.code = reason, _CODES[reason]
    return denied
