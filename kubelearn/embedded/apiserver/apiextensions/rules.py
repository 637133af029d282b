"""The rules of a definition (`x-kubernetes-validations`): expressions that have to be true.

Stands for k8s.io/apiextensions-apiserver `pkg/apiserver/schema/cel/validation.go`. A rule about a
change (`oldSelf`) counts only where there is something to compare with, and a rule that was broken
before is no reason to refuse a change of something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubelearn.embedded.apiserver.apiextensions.cel import CelError, converted, expression
from kubelearn.embedded.apiserver.apiextensions.pruning import Schema, child
from kubelearn.embedded.apiserver.apiextensions.subschemas import RULES
from kubelearn.embedded.apiserver.apiextensions.valuevalidation import ABSENT, old_items, same
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    FieldError,
    duplicate,
    forbidden,
    invalid,
    invalid_whole,
    required,
)
from kubelearn.embedded.apiserver.validation.fieldpath import field_at


def validate(value: Any, old: Any, schema: Schema, path: str = "") -> Errors:
    """Errors for the rules that a value breaks; `old` is ABSENT for a new object."""
    yield from _broken(value, old, schema, path, same(old, value))


def _broken(value: Any, old: Any, schema: Schema, path: str, unchanged: bool) -> Errors:
    """`unchanged`: the value, or what holds it, is what it was before."""
    if value is None:
        return
    for rule in schema.get(RULES) or []:
        error = _checked(rule, value, old, schema, path)
        if error and not (unchanged and not expression(rule["rule"]).uses_old_self):
            yield error
    if isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        items = schema["items"]
        before = old_items(schema, old)
        for index, item in enumerate(value):
            known = before(item)
            still = unchanged if known is ABSENT else same(known, item)
            yield from _broken(item, known, items, f"{path}[{index}]", still)
    elif isinstance(value, dict):
        yield from _broken_fields(value, old, schema, path, unchanged)


def _broken_fields(
    value: dict[str, Any], old: Any, schema: Schema, path: str, unchanged: bool
) -> Errors:
    properties = schema.get("properties") or {}
    known = old if isinstance(old, dict) and _is_granular(schema) else {}
    for name, each in value.items():
        below = child(schema, name)
        if below is None:
            continue
        before = known.get(name, ABSENT)
        still = unchanged if before is ABSENT else same(before, each)
        here = f"{path}[{name}]" if name not in properties else f"{path}.{name}" if path else name
        yield from _broken(each, before, below, here, still)


def _is_granular(schema: Schema) -> bool:
    return schema.get("x-kubernetes-map-type") in (None, "granular")


def _checked(
    rule: Mapping[str, Any], value: Any, old: Any, schema: Schema, path: str
) -> FieldError | None:
    """The error of one rule, if it is broken."""
    optional = bool(rule.get("optionalOldSelf"))
    known = old is not ABSENT and old is not None
    field = path or "<nil>"
    try:
        compiled = expression(rule["rule"])
        if compiled.uses_old_self and not known and not optional:
            return None
        variables = _variables(value, old if known else None, schema, optional=optional)
        if compiled.evaluate(variables):
            return None
    except CelError as error:
        text = (rule.get("message") or rule["rule"]).strip()
        return invalid(field, schema.get("type", ""), f"{error} evaluating rule: {text}")
    if below := rule.get("fieldPath"):
        names, _ = field_at(below, schema)
        field = ".".join([path, *names] if path else names)
    return _error(rule, field, value, schema, _message(rule, variables))


def _variables(value: Any, old: Any, schema: Schema, *, optional: bool) -> dict[str, Any]:
    from kubelearn.embedded.apiserver.apiextensions.celfunctions import OptionalOldSelf

    before = converted(old, schema)
    if optional:
        before = OptionalOldSelf(old is not None, before)
    return {"self": converted(value, schema), "oldSelf": before}


def _message(rule: Mapping[str, Any], variables: dict[str, Any]) -> str:
    if own := rule.get("messageExpression"):
        try:
            text = str(expression(own).evaluate(variables)).strip()
        except CelError:
            text = ""
        if text and "\n" not in text:
            return text
    return (rule.get("message") or "").strip() or f"failed rule: {rule['rule'].strip()}"


def _error(
    rule: Mapping[str, Any], field: str, value: Any, schema: Schema, message: str
) -> FieldError:
    match rule.get("reason"):
        case "FieldValueForbidden":
            return forbidden(field, message)
        case "FieldValueRequired":
            return required(field, message)
        case "FieldValueDuplicate":
            return duplicate(field, value)
    if schema.get("type") in ("object", "array"):
        return invalid_whole(field, message)
    return invalid(field, value, message)
