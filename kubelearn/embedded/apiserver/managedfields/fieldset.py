"""Sets of field paths: what a manager owns.

Stands for sigs.k8s.io/structured-merge-diff `fieldpath`. A path is a tuple of elements in the
spelling of `FieldsV1`: `f:name` is a field, `k:{"name":"app"}` a list item by its keys, `v:"x"` one
by its value. A set is a tree, so that operations on large objects share their prefixes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import orjson

Path = tuple[str, ...]


class FieldSet:
    """A set of paths. `members` are those of one element, `children` hold the longer ones."""

    __slots__ = ("children", "members")

    def __init__(
        self, members: set[str] | None = None, children: dict[str, FieldSet] | None = None
    ) -> None:
        self.members = members or set()
        self.children = children or {}

    def __bool__(self) -> bool:
        return bool(self.members) or any(self.children.values())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FieldSet) and self.to_fields() == other.to_fields()

    def __hash__(self) -> int:
        raise TypeError("a FieldSet changes and cannot be a key")

    def __contains__(self, path: Path) -> bool:
        *above, last = path
        found: FieldSet | None = self
        for element in above:
            found = found.children.get(element) if found else None
        return found is not None and last in found.members

    @classmethod
    def of(cls, *paths: Path) -> FieldSet:
        """The set of these paths."""
        made = cls()
        for path in paths:
            made.insert(path)
        return made

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> FieldSet:
        """Read `FieldsV1`: an empty object is a member, `.` says that one with children is too."""
        made = cls()
        for element, below in fields.items():
            if element == ".":
                continue
            if not below or "." in below:
                made.members.add(element)
            if below and (child := cls.from_fields(below)):
                made.children[element] = child
        return made

    def to_fields(self) -> dict[str, Any]:
        """Write `FieldsV1`."""
        fields = {}
        for element in sorted(self.members | self.children.keys()):
            below = self.children[element].to_fields() if element in self.children else {}
            if below and element in self.members:
                below = {".": {}, **below}
            if below or element in self.members:
                fields[element] = below
        return fields

    def insert(self, path: Path) -> None:
        """Add a path; the empty one stands for the object itself and is never a member."""
        if not path:
            return
        found = self
        for element in path[:-1]:
            found = found.children.setdefault(element, FieldSet())
        found.members.add(path[-1])

    def put(self, element: str, inner: FieldSet) -> None:
        """Add the path of one element, and the paths that are inside of it."""
        self.members.add(element)
        if inner:
            self.children[element] = inner

    def paths(self, prefix: Path = ()) -> Iterator[Path]:
        """All paths, in upstream's order."""
        for element in sorted(self.members):
            yield (*prefix, element)
        for element in sorted(self.children):
            yield from self.children[element].paths((*prefix, element))

    def __or__(self, other: FieldSet) -> FieldSet:
        children = dict(self.children)
        for element, child in other.children.items():
            children[element] = children[element] | child if element in children else child
        return FieldSet(self.members | other.members, children)

    def __and__(self, other: FieldSet) -> FieldSet:
        shared = self.children.keys() & other.children.keys()
        children = {each: self.children[each] & other.children[each] for each in shared}
        return FieldSet(self.members & other.members, _filled(children))

    def __sub__(self, other: FieldSet) -> FieldSet:
        children = {
            element: child - other.children[element] if element in other.children else child
            for element, child in self.children.items()
        }
        return FieldSet(self.members - other.members, _filled(children))

    def without(self, other: FieldSet) -> FieldSet:
        """Like `-`, but with a path goes everything below it."""
        children = {
            element: child.without(other.children[element]) if element in other.children else child
            for element, child in self.children.items()
            if element not in other.members
        }
        return FieldSet(self.members - other.members, _filled(children))


def _filled(children: dict[str, FieldSet]) -> dict[str, FieldSet]:
    return {element: child for element, child in children.items() if child}


def field(name: str) -> str:
    """The element of a field."""
    return f"f:{name}"


def key(keys: dict[str, Any]) -> str:
    """The element of a list item with these keys."""
    return f"k:{orjson.dumps(keys, option=orjson.OPT_SORT_KEYS).decode()}"


def value(content: Any) -> str:
    """The element of an item of a set."""
    return f"v:{orjson.dumps(content).decode()}"


def shown(path: Path) -> str:
    """A path as errors print it: `.spec.containers[name="app"].image`."""
    return "".join(map(_shown_element, path))


def _shown_element(element: str) -> str:
    kind, _, rest = element.partition(":")
    match kind:
        case "f":
            return f".{rest}"
        case "k":
            keys = json.loads(rest)
            return f"[{','.join(f'{name}={json.dumps(each)}' for name, each in keys.items())}]"
        case "v":
            return f"[={rest}]"
    return f"[{rest}]"
