"""Rules for the rules of CustomResourceDefinitions (`x-kubernetes-validations`).

Follows k8s.io/apiextensions-apiserver `pkg/apis/apiextensions/validation/validation.go`. Left out:
what a rule may cost, which upstream estimates before it accepts one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# As a module, because it imports this package in turn.
from kubelearn.embedded.apiserver.apiextensions import cel
from kubelearn.embedded.apiserver.apiextensions.subschemas import children
from kubelearn.embedded.apiserver.validation.field import Errors, invalid, not_supported, required
from kubelearn.embedded.apiserver.validation.fieldpath import FieldPathError, field_at

Schema = Mapping[str, Any]

_REASONS = (
    "FieldValueDuplicate",
    "FieldValueForbidden",
    "FieldValueInvalid",
    "FieldValueRequired",
)


def validation_rule(rule: Mapping[str, Any], schema: Schema, field: str) -> Errors:
    """One rule, but for its expressions."""
    text, message = rule["rule"].strip(), rule.get("message", "")
    if not text:
        yield required(f"{field}.rule", "rule is not specified")
    elif message and not message.strip():
        yield invalid(f"{field}.message", message, "must be non-empty if specified")
    elif _breaks(message.strip()):
        yield invalid(f"{field}.message", message, "must not contain line breaks")
    elif _breaks(text) and not message.strip():
        detail = "message must be specified if rule contains line breaks"
        yield required(f"{field}.message", detail)
    expression = rule.get("messageExpression", "")
    if expression and not expression.strip():
        detail = "messageExpression must be non-empty if specified"
        yield required(f"{field}.messageExpression", detail)
    reason = rule.get("reason")
    if reason is not None and reason not in _REASONS:
        yield not_supported(f"{field}.reason", reason, _REASONS)
    yield from _rule_path(rule.get("fieldPath", ""), schema, f"{field}.fieldPath")


def _rule_path(path: str, schema: Schema, field: str) -> Errors:
    if not path:
        return
    if not path.strip():
        yield invalid(field, path, "must be non-empty if specified")
    if _breaks(path):
        yield invalid(field, path, "must not contain line breaks")
    try:
        field_at(path, schema)
    except FieldPathError:
        yield invalid(field, path, "must be a valid path")


def _shown(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule as upstream's messages show it: by the names of Go's fields."""
    return {
        "Rule": rule["rule"],
        "Message": rule.get("message", ""),
        "MessageExpression": rule.get("messageExpression", ""),
        "Reason": rule.get("reason"),
        "FieldPath": rule.get("fieldPath", ""),
        "OptionalOldSelf": rule.get("optionalOldSelf"),
    }


def _uses_old_self(text: str) -> bool:
    try:
        return cel.expression(text).uses_old_self
    except cel.CelError:
        return True  # another error tells of it


def _breaks(text: str) -> bool:
    return "\n" in text or "\r" in text


def rule_expressions(schema: Schema, field: str) -> Errors:
    """The expressions of all rules have to be ones."""
    for i, rule in enumerate(schema.get("x-kubernetes-validations") or []):
        here = f"{field}.x-kubernetes-validations[{i}]"
        for name in ("rule", "messageExpression"):
            if rule.get(name) and (problem := cel.problem(rule[name], schema)):
                yield invalid(f"{here}.{name}", _shown(rule), problem)
        if "optionalOldSelf" in rule and not _uses_old_self(rule["rule"]):
            detail = "may not be set if oldSelf is not used in rule"
            yield invalid(f"{here}.optionalOldSelf", rule["optionalOldSelf"], detail)
    for path, below in children(schema):
        yield from rule_expressions(below, field + path)
