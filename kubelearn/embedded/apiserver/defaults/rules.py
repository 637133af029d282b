"""The register of defaulting rules, and the walk through an object that applies them.

Stands for upstream's generated `zz_generated.defaults.go`: the walk goes only where the schema says
that a type with a rule, or a field with a marked default, can be found.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_UP
from functools import cache
from typing import Any

from kubelearn.embedded.apiserver import schema
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.quantity import canonical
from kubelearn.embedded.apiserver.schema import Field, List, Map, Struct, Type
from kubelearn.objects import Object
from kubelearn.quantity import quantity

Rule = Callable[[Object], None]
Walk = Callable[[Any], None]

_RULES: dict[str, Rule] = {}


def rule(*type_names: str) -> Callable[[Rule], Rule]:
    """Register a function as the rule of these types of the schema."""

    def register(function: Rule) -> Rule:
        _RULES.update(dict.fromkeys(type_names, function))
        return function

    return register


def apply(kind: Kind, obj: Object) -> None:
    """Fill in the defaults of a decoded object, in place."""
    if kind.custom:
        kind.custom.default(obj)
    elif walk := _walk(schema.built_in().struct(kind.type_name)):
        walk(obj)


@cache
def _walk(kind: Type, above: tuple[str, ...] = ()) -> Walk | None:
    match kind:
        case Struct():
            # A type inside itself adds nothing: no rule stands in a recursive one.
            return None if kind.name in above else _walk_struct(kind, (*above, kind.name))
        case List():
            return _each(_walk(kind.item, above), list.__iter__)
        case Map() if kind.go == "v1.ResourceList":
            return _round_to_milli
        case Map():
            return _each(_walk(kind.value, above), dict.values)
    return None


def _each(walk: Walk | None, items: Callable[[Any], Any]) -> Walk | None:
    if walk is None:
        return None

    def walk_items(value: Any) -> None:
        for item in items(value):
            walk(item)

    return walk_items


def _walk_struct(struct: Struct, above: tuple[str, ...]) -> Walk | None:
    own = _RULES.get(struct.name)
    marked = [field for field in struct.fields.values() if _is_marked(field)]
    inner = [
        (name, walk)
        for name, field in struct.fields.items()
        if (walk := _walk(field.type, above)) is not None
    ]
    if not (own or marked or inner):
        return None

    def walk_fields(value: Object) -> None:
        if own:
            own(value)
        for field in marked:
            value.setdefault(field.name, field.default)
        for name, walk in inner:
            if (item := value.get(name)) is not None:
                walk(item)

    return walk_fields


def _is_marked(field: Field) -> bool:
    # Of an ordinary field the zero value says nothing: an empty text is left out anyway.
    return field.default is not None and (field.pointer or bool(field.default))


def _round_to_milli(resources: dict[str, str]) -> None:
    for name, text in resources.items():
        if text[-1] in "nu":
            milli = (quantity(text) * 1000).to_integral_value(ROUND_UP)
            resources[name] = canonical(f"{milli}m")
