"""Strategic merge patch: a merge patch that knows which lists are keyed.

Stands for k8s.io/apimachinery `pkg/util/strategicpatch/patch.go`. The schema says for each list
whether it is merged and by which key; the directives `$patch`, `$retainKeys`,
`$deleteFromPrimitiveList/...` and `$setElementOrder/...` say the rest. Left out: merging two
patches with each other, which only clients do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from kubelearn.embedded.apiserver.encoding import copied

_PATCH = "$patch"
_RETAIN = "$retainKeys"
_DELETE_FROM = "$deleteFromPrimitiveList"
_ORDER = "$setElementOrder"


class StrategicPatchError(ValueError):
    """A patch that cannot be laid over the object; `code` is the answer's."""

    def __init__(self, message: str, code: int = 500) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class FieldMeta:
    """How one field merges: its element type, merge key, and whether lists or maps are merged."""

    type_name: str = ""
    merge_key: str = ""
    strategies: tuple[str, ...] = ()


# (type, field) -> how it merges
Lookup = Callable[[str, str], FieldMeta]


def strategic_merge(original: Any, patch: Any, lookup: Lookup, type_name: str) -> Any:
    """The patched object; `original` and `patch` are left alone."""
    return _Merger(lookup).merge_map(copied(original), copied(patch), type_name)


class _Merger:
    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def merge_map(self, original: Any, patch: Any, type_name: str) -> Any:
        if _PATCH in patch:
            return _whole_map(patch)
        _retain_keys(original, patch)
        for key in [key for key in patch if key.startswith(_ORDER)]:
            self._merge_ordered(original, patch, key, type_name)
        for key, value in patch.items():
            self._merge_field(original, key, value, type_name)
        return original

    def _merge_field(self, original: Any, key: str, value: Any, type_name: str) -> None:
        deletes = key.startswith(_DELETE_FROM)
        if deletes:
            key = _after_slash(key, "primitive list")
        if value is None:
            original.pop(key, None)
        elif deletes:
            if isinstance(original.get(key), list):
                original[key] = [item for item in original[key] if item not in value]
        elif key not in original or type(original[key]) is not type(value):
            _put(original, key, _without_nulls(value))
        elif isinstance(value, dict):
            original[key] = self._merge_struct(original[key], value, self._lookup(type_name, key))
        elif isinstance(value, list):
            meta = self._lookup(type_name, key)
            if "merge" in meta.strategies:
                original[key] = self._merge_list(original[key], value, meta)
            else:
                original[key] = value
        else:
            original[key] = value

    def _merge_struct(self, original: Any, patch: Any, meta: FieldMeta) -> Any:
        if "replace" in meta.strategies:
            return patch
        return self.merge_map(original, patch, meta.type_name)

    def _merge_list(self, original: list[Any], patch: list[Any], meta: FieldMeta) -> list[Any]:
        if not original and not patch:
            return original
        if not _holds_maps([*original, *patch]):
            merged = list(dict.fromkeys([*original, *patch]))
            return _ordered(merged, patch, original, "")
        if not meta.merge_key:
            raise StrategicPatchError("cannot merge lists without merge key")
        original, patch = _special_elements(original, patch, meta.merge_key)
        merged = self._merge_elements(original, patch, meta)
        return _ordered(merged, patch, original, meta.merge_key)

    def _merge_elements(self, original: list[Any], patch: list[Any], meta: FieldMeta) -> list[Any]:
        merged = list(original)
        for element in patch:
            value = _merge_value(element, meta.merge_key)
            for at, existing in enumerate(merged):
                if existing.get(meta.merge_key) == value:
                    merged[at] = self.merge_map(dict(existing), element, meta.type_name)
                    break
            else:
                merged.append(element)
        return merged

    def _merge_ordered(self, original: Any, patch: Any, directive: str, type_name: str) -> None:
        order = patch.pop(directive)
        key = _after_slash(directive, "setElementOrder list")
        old, new = original.get(key), patch.pop(key, None)
        if not all(isinstance(part, list | None) for part in (order, old, new)):
            raise StrategicPatchError("invalid patch format of setElementOrder list", 400)
        meta = self._lookup(type_name, key)
        _check_order(new or [], order, meta.merge_key)
        if old is None and new is None:
            return
        if new is None:
            merged = old or []
        elif old is None:
            merged = _without_directives(new)
        elif "merge" in meta.strategies:
            merged = self._merge_list(old, new, meta)
        else:
            merged = new
        original[key] = _ordered(merged, order, old or [], meta.merge_key)


def _whole_map(patch: dict[str, Any]) -> dict[str, Any]:
    match patch.pop(_PATCH):
        case "replace":
            return patch
        case "delete":
            return {}
        case other:
            raise StrategicPatchError(f"unknown patch type: {other} in map: {printed(patch)}")


def _retain_keys(original: dict[str, Any], patch: dict[str, Any]) -> None:
    keep = patch.pop(_RETAIN, None)
    if keep is None:
        return
    stray = [key for key, value in patch.items() if key[0] != "$" and value is not None]
    if not isinstance(keep, list) or not set(stray) <= set(keep):
        raise StrategicPatchError("invalid patch format of retainKeys", 400)
    for key in original.keys() - set(keep):
        del original[key]


def _special_elements(original: list[Any], patch: list[Any], key: str) -> tuple[Any, Any]:
    """Carry out the elements that are directives; give what is left of both lists."""
    plain, replace = [], False
    for element in patch:
        match element.get(_PATCH):
            case None:
                plain.append(element)
            case "delete":
                value = _merge_value(element, key)
                original = [item for item in original if item.get(key) != value]
            case "replace":
                replace = True
            case "merge":
                raise StrategicPatchError("merging lists cannot yet be specified in the patch")
            case other:
                raise StrategicPatchError(f"unknown patch type: {other} in map: {printed(element)}")
    return (plain, []) if replace else (original, plain)


def _check_order(patch: list[Any], order: list[Any], key: str) -> None:
    """What the patch brings must be named in the order, in the same sequence."""
    names = iter([_identity(item, key) for item in order])
    for item in patch:
        if isinstance(item, dict) and _PATCH in item:
            continue
        if not any(name == _identity(item, key) for name in names):
            raise StrategicPatchError(
                f"The order in patch list:\n{printed(patch)}\n doesn't match {_ORDER} list:\n"
                f"{printed(order)}\n"
            )


def _ordered(items: list[Any], order: list[Any], live: list[Any], key: str) -> list[Any]:
    """Sort by the wanted order; slot in what it does not name where it was before."""
    wanted = [_identity(item, key) for item in order]
    places = [_identity(item, key) for item in live]
    named = [item for item in items if _identity(item, key) in wanted]
    named.sort(key=lambda item: wanted.index(_identity(item, key)))
    others = [item for item in items if _identity(item, key) not in wanted]
    result: list[Any] = []
    while others and named:
        left, right = _identity(others[0], key), _identity(named[0], key)
        first = left in places and right in places and places.index(left) < places.index(right)
        result.append((others if first else named).pop(0))
    return result + others + named


def _identity(item: Any, key: str) -> Any:
    return _merge_value(item, key) if key and isinstance(item, dict) else item


def _merge_value(element: dict[str, Any], key: str) -> Any:
    if key not in element:
        raise StrategicPatchError(
            f"map: {printed(element)} does not contain declared merge key: {key}"
        )
    return element[key]


def _holds_maps(items: list[Any]) -> bool:
    kinds = {type(item) for item in items}
    if list in kinds:
        raise StrategicPatchError("lists of lists are not supported", 422)
    if len(kinds) > 1:
        raise StrategicPatchError(f"list element types are not identical: {printed(items)}")
    return kinds == {dict}


def _after_slash(key: str, what: str) -> str:
    _, slash, name = key.partition("/")
    if not slash:
        raise StrategicPatchError(f"invalid patch format of {what}", 400)
    return name


def _put(original: dict[str, Any], key: str, value: Any) -> None:
    if isinstance(value, dict) and _PATCH in value:
        original.pop(key, None)
    else:
        original[key] = _without_directives(value)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    return [_without_nulls(v) for v in value] if isinstance(value, list) else value


def _without_directives(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_directives(v) for k, v in value.items() if not _is_directive(v)}
    if isinstance(value, list):
        return [_without_directives(v) for v in value if not _is_directive(v)]
    return value


def _is_directive(value: Any) -> bool:
    return isinstance(value, dict) and _PATCH in value


def printed(value: Any) -> str:
    """A value as Go's `%v` prints it, for messages that quote a whole object."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return f"map[{_joined(f'{k}:{printed(v)}' for k, v in sorted(value.items()))}]"
    if isinstance(value, list):
        return f"[{_joined(map(printed, value))}]"
    return str(value)


def _joined(parts: Iterable[str]) -> str:
    return " ".join(parts)
