"""Names that stand twice in one JSON object, which most decoders pass over in silence.

Stands for what sigs.k8s.io/json reports in its strict mode.
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

# What stands after each name, and in texts in both spellings or in none.
_NAME_END = b'":'
_DISTANT_COLON = re.compile(rb'"\s+:')


def duplicate_fields(body: bytes, content: Any) -> list[str]:
    """Paths of names that stand twice in one JSON object; the later one counts.

    `content` is what the body was decoded to. If that has as many names, none was lost.
    """
    if _has_all_names(content, body):
        return []
    twice = False

    def note(pairs: list[tuple[str, Any]]) -> Any:
        nonlocal twice
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        twice = True
        return _Pairs(pairs)

    tree = json.loads(body, object_pairs_hook=note)
    return list(dict.fromkeys(_duplicates(tree, ""))) if twice else []


def _has_all_names(content: Any, body: bytes) -> bool:
    # A quotation mark could be written as a number, and would not be counted; nor would be a name
    # at some distance from its colon.
    if b"\\u" in body or _DISTANT_COLON.search(body):
        return False
    try:
        return orjson.dumps(content).count(_NAME_END) == body.count(_NAME_END)
    except orjson.JSONEncodeError:  # nested deeper than it writes
        return False


class _Pairs(list[tuple[str, Any]]):
    """A JSON object in which a name stands twice."""


def _duplicates(value: Any, path: str) -> list[str]:
    found: list[str] = []
    if isinstance(value, (dict, _Pairs)):
        seen = set()
        for key, item in value.items() if isinstance(value, dict) else value:
            here = f"{path}.{key}" if path else key
            if key in seen:
                found.append(here)
            seen.add(key)
            found += _duplicates(item, here)
    elif isinstance(value, list):
        for i, item in enumerate(value):
            found += _duplicates(item, f"{path}[{i}]")
    return found
