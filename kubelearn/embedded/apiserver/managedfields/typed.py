"""What can be done with a value that has a shape: compare, merge, take apart.

Stands for sigs.k8s.io/structured-merge-diff `typed`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from kubelearn.embedded.apiserver.managedfields import fieldset
from kubelearn.embedded.apiserver.managedfields.fieldset import FieldSet
from kubelearn.embedded.apiserver.managedfields.shape import (
    Items,
    Leaf,
    Parts,
    Shape,
    ShapeError,
    resolve,
)

ABSENT: Any = object()
"""A field that is not there, which is not the same as null."""

_LEAF = Leaf()


@dataclass(slots=True)
class Comparison:
    """The paths in which one value differs from another."""

    removed: FieldSet = field(default_factory=FieldSet)
    modified: FieldSet = field(default_factory=FieldSet)
    added: FieldSet = field(default_factory=FieldSet)

    def without(self, fields: FieldSet) -> Comparison:
        """The differences outside of these fields."""
        if not fields:
            return self
        parts = (self.removed, self.modified, self.added)
        return Comparison(*(each.without(fields) for each in parts))

    def put(self, element: str, inner: Comparison) -> None:
        """Take in the differences inside of one part."""
        for mine, theirs in (
            (self.removed, inner.removed),
            (self.modified, inner.modified),
            (self.added, inner.added),
        ):
            if theirs:
                mine.children[element] = theirs


def compare(old: Any, new: Any, shape: Shape) -> Comparison:
    """What changed from `old` to `new`."""
    found = Comparison()
    if not _same(old, new):
        _compare(old, new, shape, found)
    return found


def _compare(old: Any, new: Any, shape: Shape, found: Comparison) -> bool:
    """Note how the parts of two values differ; False when neither has any."""
    shape = resolve(shape, old, new)
    before = {element: part for element, part, _ in _parts(old, shape)}
    after = set()
    for element, part, below in _parts(new, shape):
        after.add(element)
        if element not in before:
            found.added.put(element, _whole(part, below))
        elif not _same(before[element], part):
            inner = Comparison()
            if not _compare(before[element], part, below, inner):
                found.modified.members.add(element)
            found.put(element, inner)
    for element, part, below in _parts(old, shape):
        if element not in after:
            found.removed.put(element, _whole(part, below))
    return bool(before or after)


def _whole(value: Any, shape: Shape) -> FieldSet:
    """All paths inside of a value that only one side has."""
    found = FieldSet()
    for element, part, below in _parts(value, resolve(shape, value)):
        found.members.add(element)
        if not isinstance(below, Leaf) and (inner := _whole(part, below)):
            found.children[element] = inner
    return found


def _same(one: Any, other: Any) -> bool:
    # Python's 1 == True is not JSON's; both sides have been decoded, so types fit otherwise.
    return type(one) is type(other) and bool(one == other)


def _parts(value: Any, shape: Leaf | Parts | Items) -> Iterator[tuple[str, Any, Shape]]:
    """The parts of a value that have owners of their own, with their elements; a leaf has none."""
    if isinstance(shape, Parts):
        for name, part in _map(value).items():
            if (below := shape.child(name)) is not None:
                yield fieldset.field(name), part, below
    elif isinstance(shape, Items):
        for element, item in _items(value, shape).items():
            yield element, item, shape.item


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: Any, shape: Items) -> dict[str, Any]:
    """Items by element; of duplicates, which only an old object can have, the first counts."""
    found: dict[str, Any] = {}
    for item in value if isinstance(value, list) else ():
        found.setdefault(shape.element(item), item)
    return found


def field_set(value: Any, shape: Shape) -> FieldSet:
    """All leaves and items of a value: what a manager owns who applies it."""
    found = FieldSet()
    shape = resolve(shape, value)
    if isinstance(shape, Parts):
        for name, each in _map(value).items():
            element, below = fieldset.field(name), resolve(shape.child(name) or _LEAF, each)
            if inner := field_set(each, below):
                found.children[element] = inner
            whole = each is None or each == {} or isinstance(below, Leaf)
            if whole or shape.named(name) is None:
                found.members.add(element)
    elif isinstance(shape, Items):
        for element, item in _items(value, shape).items():
            found.put(element, field_set(item, shape.item))
    return found


def merge(old: Any, new: Any, shape: Shape) -> Any:
    """`new` laid over `old`; nothing is removed."""
    if new is ABSENT or old is ABSENT:
        return old if new is ABSENT else new
    shape = resolve(shape, old, new)
    if isinstance(shape, Parts) and (_map(old) or _map(new)):
        before, after = _map(old), _map(new)
        return {
            name: merge(
                before.get(name, ABSENT), after.get(name, ABSENT), shape.child(name) or Leaf()
            )
            for name in [*before, *(name for name in after if name not in before)]
        }
    if isinstance(shape, Items) and (old or new):
        return _merge_items(old or [], new or [], shape)
    return new


def _merge_items(old: list[Any], new: list[Any], shape: Items) -> list[Any]:
    """Items of both: those of `new` in its order, the others where they were between them."""
    before, after = _items(old, shape), _items(new, shape)
    waiting = list(after)
    order: list[str] = []
    for element in before:
        if element not in after:
            order.append(element)
        elif element == next((each for each in waiting if each in before), None):
            # With an item that both have come those that `new` puts in front of it. One that
            # stands elsewhere in `new` comes in its turn there.
            end = waiting.index(element) + 1
            order += waiting[:end]
            del waiting[:end]
    order += waiting
    return [merge(before.get(each, ABSENT), after.get(each, ABSENT), shape.item) for each in order]


def remove(value: Any, fields: FieldSet, shape: Shape) -> Any:
    """The value without these fields and items; ABSENT when nothing of it is left."""
    shape = resolve(shape, value)
    if isinstance(shape, Parts) and isinstance(value, dict):
        parts = {
            name: _removed(each, fieldset.field(name), fields, shape.child(name) or Leaf())
            for name, each in value.items()
        }
        left = {name: each for name, each in parts.items() if each is not ABSENT}
        return left or ABSENT
    if isinstance(shape, Items) and isinstance(value, list):
        items = [_removed(each, shape.element(each), fields, shape.item) for each in value]
        return [each for each in items if each is not ABSENT] or ABSENT
    return value if isinstance(shape, Leaf) and shape.form not in ("list", "map") else ABSENT


def _removed(value: Any, element: str, fields: FieldSet, shape: Shape) -> Any:
    if element in fields.members:
        return ABSENT
    below = fields.children.get(element)
    return remove(value, below, shape) if below else value


def with_structs(fields: FieldSet, shape: Shape | None) -> FieldSet:
    """Fields that the schema names are in the set as soon as something below them is."""
    members, children = set(fields.members), {}
    for element, below in fields.children.items():
        child = _below(element, shape)
        if isinstance(shape, Parts) and shape.named(element[2:]) is not None and element[0] == "f":
            members.add(element)
        children[element] = with_structs(below, child)
    return FieldSet(members, children)


def _below(element: str, shape: Shape | None) -> Shape | None:
    if isinstance(shape, Parts) and element.startswith("f:"):
        return shape.child(element[2:])
    return shape.item if isinstance(shape, Items) else None


def problems(value: Any, shape: Shape, path: str = "") -> Iterator[str]:
    """Why a value cannot be applied, with the path of each fault."""
    shape = resolve(shape, value)
    if value is None:
        return
    if isinstance(shape, Leaf):
        yield from _leaf_problems(value, shape, path)
    elif isinstance(shape, Items):
        yield from _item_problems(value, shape, path)
    elif not isinstance(value, dict):
        yield f"{path}: expected map, got &{{{value}}}"
    else:
        for name, each in value.items():
            below = shape.child(name)
            if below is None:
                yield f"{path}.{name}: field not declared in schema"
                return
            yield from problems(each, below, f"{path}.{name}")


def _item_problems(value: Any, shape: Items, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: expected list, got &{{{value}}}"
        return
    seen = set()
    for index, item in enumerate(value):
        try:
            element = shape.element(item)
        except ShapeError as error:
            yield f"{path}: element {index}: {error}"
            return
        if element in seen:
            yield f"{path}: duplicate entries for key {fieldset.shown((element,))}"
        seen.add(element)
        yield from problems(item, shape.item, path + fieldset.shown((element,)))


_FORMS: dict[str, tuple[type, ...]] = {
    "numeric": (int, float),
    "string": (str,),
    "boolean": (bool,),
    "scalar": (int, float, str, bool),
    "list": (list,),
    "map": (dict,),
}
_GO_TYPES = {bool: "bool", int: "int64", float: "float64", str: "string"}


def _leaf_problems(value: Any, shape: Leaf, path: str) -> Iterator[str]:
    fits = not shape.form or isinstance(value, _FORMS[shape.form])
    if isinstance(value, bool) and shape.form == "numeric":
        fits = False
    if not fits:
        yield f"{path}: {_expected(value, shape.form)}"
    elif shape.inside is not None and isinstance(value, list):
        for index, item in enumerate(value):
            yield from problems(item, shape.inside, f"{path}[{index}]")
    elif shape.inside is not None:
        yield from problems(value, shape.inside, path)


def _expected(value: Any, form: str) -> str:
    match form:
        case "numeric":
            go_type = _GO_TYPES.get(type(value), "map[string]interface {}")
            return f"expected numeric (int or float), got {go_type}"
        case "string":
            shown = f'"{value}"' if isinstance(value, str) else value
            return f"expected string, got &value.valueUnstructured{{Value:{shown}}}"
        case "scalar":
            return f"expected any scalar, got &{{{value}}}"
    return f"expected {form}, got &{{{value}}}"
