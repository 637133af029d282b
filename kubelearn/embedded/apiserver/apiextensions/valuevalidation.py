"""Values against OpenAPI schemas.

Stands for k8s.io/kube-openapi `pkg/validation/validate` and, for updates, k8s.io/apiextensions-
apiserver `pkg/apiserver/validation/ratcheting.go`: what was wrong before and has not changed is no
error. A general validator of JSON schemas would find the same faults and tell them in other words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson

from kubelearn.embedded.apiserver.apiextensions import formats
from kubelearn.embedded.apiserver.apiextensions.numbers import number_failures
from kubelearn.embedded.apiserver.apiextensions.patterns import compile_pattern
from kubelearn.embedded.apiserver.apiextensions.pruning import Schema, child
from kubelearn.embedded.apiserver.apiextensions.results import Failure, Result
from kubelearn.embedded.apiserver.status import quote
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    FieldError,
    invalid,
    not_supported,
    required,
    too_long,
    too_many,
)

ABSENT: Any = object()
"""There is no older value to compare with."""


def validate(value: Any, schema: Schema, path: str = "", *, old: Any = ABSENT) -> Errors:
    """Errors of a value; with `old`, only those that a change has brought."""
    for failure in _validate(value, schema, "", old).failures:
        yield _field_error(failure, path)


def _field_error(failure: Failure, path: str) -> FieldError:
    own = failure.path.removeprefix(".")
    if failure.code == "general":
        own = ""
    here = f"{path}.{own}" if path and own else path or own or "<nil>"
    value = "" if failure.value is None else failure.value
    match failure.code:
        case "required":
            return required(here)
        case "enum":
            return not_supported(here, failure.value, failure.limit)
        case "length":
            return too_long(here, failure.limit)
        case "count":
            return too_many(here, failure.value, failure.limit)
        case "type":
            _, message, _ = invalid(here, value, failure.message)
            return FieldError("FieldValueTypeInvalid", message, here)
    return invalid(here, value, failure.message)


def _validate(value: Any, schema: Schema, path: str, old: Any) -> Result:
    result = _checked(value, schema, path, old)
    if not result.valid and old is not ABSENT and same(old, value):
        result.failures.clear()
    return result


def _checked(value: Any, schema: Schema, path: str, old: Any) -> Result:
    result = Result()
    if value is None:
        result.add(_type_failures(value, schema, path))
        result.add(_enum_failures(value, schema, path))
        return result
    result.add(_type_failures(value, schema, path))
    _alternatives(value, schema, path, old, result)
    if isinstance(value, str):
        result.add(_string_failures(value, schema, path))
        result.add(_format_failures(value, schema, path))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        result.add(number_failures(value, schema, path))
    elif isinstance(value, list):
        _items(value, schema, path, old, result)
    result.add(_enum_failures(value, schema, path))
    if isinstance(value, dict):
        _fields(value, schema, path, old, result)
    result.matches += 1
    return result


_GO_FORMATS = {int: "int64", float: "float64"}
# The largest number up to which floating point tells all integers apart.
_LARGEST_WHOLE = 2**53 - 1

# --- types ----------------------------------------------------------------------------------------


def json_type(value: Any) -> str:
    """What JSON schema calls a value."""
    # bool comes first, because Python counts it among the integers.
    for kind, name in (
        (bool, "boolean"), (str, "string"), (int, "integer"), (float, "number"), (list, "array"),
        (dict, "object"),
    ):  # fmt: skip
        if isinstance(value, kind):
            return name
    return "null"


def types_of(schema: Schema) -> tuple[str, ...]:
    """The types that a schema allows; none stands for all."""
    if schema.get("x-kubernetes-int-or-string"):
        return ("integer", "string")
    return (schema["type"],) if schema.get("type") else ()


def _format_of(schema: Schema) -> str:
    types = types_of(schema)
    return formats.effective(schema.get("format", ""), types[0] if len(types) == 1 else "")


def _is_whole(value: float) -> bool:
    """Whether a number in floating point may stand for an integer."""
    return value.is_integer() and abs(value) <= _LARGEST_WHOLE


def _type_failures(value: Any, schema: Schema, path: str) -> Iterator[Failure]:
    types, name = types_of(schema), json_type(value)
    if not types or (name == "null" and schema.get("nullable")):
        return
    fits = (
        name in types
        or ("integer" in types and name == "number" and _is_whole(value))
        or (name == "integer" and "number" in types)
    )
    form = _format_of(schema)
    if not fits and form and not isinstance(value, (str, list)) and name != "null":
        found = _GO_FORMATS.get(type(value), "")
        yield Failure("type", path, f'{path} in body must be of type {form}: "{found}"', found)
    elif not fits:
        wanted = ",".join(types)
        yield Failure("type", path, f'{path} in body must be of type {wanted}: "{name}"', name)


def _enum_failures(value: Any, schema: Schema, path: str) -> Iterator[Failure]:
    allowed = schema.get("enum") or []
    if allowed and not any(same(value, each) for each in allowed):
        shown = [each if isinstance(each, str) else _json(each).decode() for each in allowed]
        message = f"{path} in body should be one of [{' '.join(shown)}]"
        yield Failure("enum", path, message, value, shown)


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON; Python's True is not its 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (dict, list)) and isinstance(other, (dict, list)):
        return _json(one) == _json(other)
    return bool(one == other)


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


# --- texts ----------------------------------------------------------------------------------------


def _string_failures(value: str, schema: Schema, path: str) -> Iterator[Failure]:
    longest, shortest = schema.get("maxLength"), schema.get("minLength")
    pattern = schema.get("pattern")
    if longest is not None and len(value) > longest:
        message = f"{path} in body should be at most {longest} chars long"
        yield Failure("length", path, message, value, longest)
    elif shortest is not None and len(value) < shortest:
        message = f"{path} in body should be at least {shortest} chars long"
        yield Failure("", path, message, value)
    elif pattern and not compile_pattern(pattern).search(value):
        yield Failure("", path, f"{path} in body should match '{pattern}'", value)


def _format_failures(value: str, schema: Schema, path: str) -> Iterator[Failure]:
    name = _format_of(schema)
    if formats.normalized(name) in formats.FORMATS and not formats.fits(name, value):
        yield Failure("type", path, f"{path} in body must be of type {name}: {quote(value)}", value)


# --- lists and objects ----------------------------------------------------------------------------


def _items(value: list[Any], schema: Schema, path: str, old: Any, result: Result) -> None:
    items = schema.get("items")
    if items is not None:
        before = old_items(schema, old)
        for index, item in enumerate(value):
            result.merge(_validate(item, items, f"{path}[{index}]", before(item)))
    result.add(_count_failures(len(value), schema, path, "items"))


def _count_failures(count: int, schema: Schema, path: str, what: str) -> Iterator[Failure]:
    """`what` are the parts of a value: items or properties."""
    least, most = schema.get(f"min{what.capitalize()}"), schema.get(f"max{what.capitalize()}")
    if least is not None and count < least:
        yield Failure("", path, f"{path} in body should have at least {least} {what}", count)
    if most is not None and count > most:
        message = f"{path} in body should have at most {most} {what}"
        yield Failure("count", path, message, count, most)


def old_items(schema: Schema, old: Any) -> Callable[[Any], Any]:
    """Finds what an item was before; only items with keys, of map lists, can be told apart."""
    names = schema.get("x-kubernetes-list-map-keys") or []

    def key(item: Any) -> bytes:
        return _json([item.get(name) for name in names] if isinstance(item, dict) else None)

    known = {}
    if schema.get("x-kubernetes-list-type") == "map" and isinstance(old, list):
        known = {key(item): item for item in old}
    return lambda item: known.get(key(item), ABSENT)


def _fields(value: dict[str, Any], schema: Schema, path: str, old: Any, result: Result) -> None:
    result.add(_count_failures(len(value), schema, path, "properties"))
    properties = schema.get("properties") or {}
    if schema.get("additionalProperties") is False:
        for name in value.keys() - properties.keys():
            result.add([Failure("", path, f"{path}.{name} in body is a forbidden property", name)])
    for name in sorted(value):
        below = child(schema, name)
        if below is not None:
            here = name if name in properties and not path else f"{path}.{name}"
            result.merge(_validate(value[name], below, here, _old_field(old, name, path)))
    for name in schema.get("required") or []:
        if name not in value:
            here = f"{path}.{name}"
            result.add([Failure("required", here, f"{here} in body is required")])


def _old_field(old: Any, name: str, path: str) -> Any:
    # Both objects are in the same version by now: of these two a change would not be seen.
    if not isinstance(old, dict) or (not path and name in ("apiVersion", "kind")):
        return ABSENT
    return old.get(name, ABSENT)


# --- alternatives ---------------------------------------------------------------------------------


def _alternatives(value: Any, schema: Schema, path: str, old: Any, result: Result) -> None:
    shown = quote(path)
    if any_of := schema.get("anyOf"):
        results = [_checked(value, each, path, old) for each in any_of]
        good = next((each for each in results if each.valid), None)
        if good is None:
            message = f"{shown} must validate at least one schema (anyOf)"
            result.add([Failure("general", path, message)])
        result.merge(good or _best(results))
    if one_of := schema.get("oneOf"):
        _exactly_one([_checked(value, each, path, old) for each in one_of], shown, path, result)
    if all_of := schema.get("allOf"):
        results = [_checked(value, each, path, old) for each in all_of]
        for each in results:
            result.merge(each)
        bad = sum(not each.valid for each in results)
        if bad:
            more = ". None validated" if bad == len(results) else ""
            message = f"{shown} must validate all the schemas (allOf){more}"
            result.add([Failure("general", path, message)])
    if "not" in schema and _checked(value, schema["not"], path, old).valid:
        message = f"{shown} must not validate the schema (not)"
        result.add([Failure("general", path, message)])


def _exactly_one(results: list[Result], shown: str, path: str, result: Result) -> None:
    good = [each for each in results if each.valid]
    if len(good) == 1:
        result.merge(good[0])
        return
    found = f"Found {len(good)} valid alternatives" if good else "Found none valid"
    message = f"{shown} must validate one and only one schema (oneOf). {found}"
    result.add([Failure("general", path, message)])
    if not good:
        result.merge(_best(results))


def _best(results: list[Result]) -> Result:
    """The alternative of which most did fit; of several the first."""
    return max(results, key=lambda each: each.matches)
