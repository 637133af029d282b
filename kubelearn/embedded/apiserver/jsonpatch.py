"""JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7386).

Stands for the Go library that the API server uses, gopkg.in/evanphx/json-patch.v4, with its
differences from the RFC: negative indices, and `replace` of a key that is not there. Both functions
give a new object and leave the one they get alone.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from typing import Any

from kubelearn.embedded.apiserver.encoding import copied

MAX_OPERATIONS = 10_000


class PatchError(ValueError):
    """An operation that does not fit the object."""


class TestFailed(PatchError):
    """A value that is not what the patch says it is."""


def apply_json_patch(target: Any, operations: Sequence[dict[str, Any]]) -> Any:
    """The object after all operations, in order; raises PatchError if one of them fails."""
    document = copied(target)
    for operation in operations:
        document = _apply(document, operation)
    return document


def _apply(document: Any, operation: dict[str, Any]) -> Any:
    path, kind = _pointer(operation.get("path")), operation.get("op")
    if kind in ("add", "remove", "replace"):
        _check_parent(document, path, kind)
    match kind:
        case "add":
            return _add(document, path, copy.deepcopy(operation.get("value")))
        case "remove":
            return _remove(document, path)
        case "replace":
            return _set(document, path, copy.deepcopy(operation.get("value")))
        case "move":
            source = _pointer(operation.get("from"))
            moved = _get(document, source)
            return _add(_remove(document, source), path, moved)
        case "copy":
            source = _pointer(operation.get("from"))
            return _add(document, path, copy.deepcopy(_get_or_null(document, source)))
        case "test":
            return _test(document, path, operation.get("value"))
    raise PatchError(f"Unexpected kind: {kind}")


def _check_parent(document: Any, path: list[str], kind: str) -> None:
    try:
        _parent(document, path)
    except PatchError:
        where = _shown(path) if kind == "replace" else f'"{_shown(path)}"'
        problem = f"{kind} operation does not apply: doc is missing path: {where}"
        raise PatchError(f"{problem}: missing value") from None


def _shown(path: list[str]) -> str:
    """A path as errors show it."""
    return f"/{'/'.join(path)}"


def _pointer(text: Any) -> list[str]:
    if not isinstance(text, str) or (text and not text.startswith("/")):
        raise PatchError(f"not a JSON pointer: {text!r}")
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _parent(document: Any, path: list[str]) -> Any:
    return _get(document, path[:-1])


def _get(document: Any, path: list[str]) -> Any:
    for part in path:
        if isinstance(document, dict) and part in document:
            document = document[part]
        elif isinstance(document, list):
            document = document[_index(part, len(document) - 1)]
        else:
            raise PatchError(f"missing path: {_shown(path)}")
    return document


def _get_or_null(document: Any, path: list[str]) -> Any:
    """`_get`, but a key that its object lacks reads as null, as in that library."""
    if path and isinstance(parent := _parent(document, path), dict):
        return parent.get(path[-1])
    return _get(document, path)


def _index(part: str, last: int) -> int:
    """A list index; negative ones count from the end, as that library allows."""
    if not re.fullmatch(r"-?\d+", part):
        raise PatchError(f"not an index: {part}")
    index = int(part)
    if index < 0:
        index += last + 1
    if not 0 <= index <= last:
        raise PatchError(f"index out of range: {part}")
    return index


def _add(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent = _parent(document, path)
    if isinstance(parent, list):
        at = len(parent) if path[-1] == "-" else _index(path[-1], len(parent))
        parent.insert(at, value)
    else:
        _as_object(parent)[path[-1]] = value
    return document


def _set(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent = _parent(document, path)
    if isinstance(parent, list):
        parent[_index(path[-1], len(parent) - 1)] = value
    else:
        _as_object(parent)[path[-1]] = value
    return document


def _remove(document: Any, path: list[str]) -> Any:
    if not path:
        return None
    parent = _parent(document, path)
    if isinstance(parent, dict) and path[-1] not in parent:
        problem = f"Unable to remove nonexistent key: {path[-1]}: missing value"
        raise PatchError(f"error in remove for path: '{_shown(path)}': {problem}")
    del parent[_index(path[-1], len(parent) - 1) if isinstance(parent, list) else path[-1]]
    return document


def _test(document: Any, path: list[str], value: Any) -> Any:
    if not _same(_get_or_null(document, path), value):
        raise TestFailed(f"testing value {_shown(path)} failed")
    return document


def _same(one: Any, other: Any) -> bool:
    # In Python True == 1, in JSON it is not.
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _as_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PatchError("the parent is neither an object nor a list")
    return value


def merge_patch(target: Any, patch: Any) -> Any:
    """The object with the patch laid over it: null removes, lists are replaced whole."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result
