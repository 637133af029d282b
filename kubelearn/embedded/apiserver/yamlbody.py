"""YAML in request bodies, read as JSON would be, and in answers, written as Go writes it.

Stands for sigs.k8s.io/yaml. Whoever may send a body must not be able to stop the server with it:
depth and what aliases stand for are limited, as in goyaml.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import orjson
import yaml
import yaml.composer

# What aliases may blow a document up to, counted in nodes.
_MAX_NODES = 400_000


class _Loader(yaml.composer.Composer, yaml.CSafeLoader):
    """libyaml's parser, with a composer that minds Python's recursion limit (its own does not)."""

    def __init__(self, body: bytes) -> None:
        yaml.CSafeLoader.__init__(self, body)
        yaml.composer.Composer.__init__(self)


# No dates: in an API object they are text.
_Loader.yaml_implicit_resolvers = {
    first: [each for each in resolvers if each[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


class _Dumper(yaml.CSafeDumper):
    """libyaml's emitter: lines of text as such, quotes around what is text but looks otherwise."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


# What plain text resolves to; the last two are signs that only a quote of any kind keeps.
_TEXT = "tag:yaml.org,2002:str"
_TEXTS = (_TEXT, "tag:yaml.org,2002:value", "tag:yaml.org,2002:yaml")
_OLD_BOOLEANS = ("y", "Y", "n", "N")


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    style = None
    if "\n" in text:
        style = "|"
    elif text in _OLD_BOOLEANS or _resolved(dumper, text) not in _TEXTS:
        style = '"'
    return dumper.represent_scalar(_TEXT, text, style=style)


def _resolved(dumper: Any, text: str) -> str:
    return str(dumper.resolve(yaml.ScalarNode, text, (True, False)))


_Dumper.add_representer(str, _text)


def dump_yaml(content: Any) -> bytes:
    """A document in YAML, with its keys in the order of the alphabet."""
    written: bytes = yaml.dump(content, Dumper=_Dumper, encoding="utf-8", allow_unicode=True)
    return written


def load_yaml(body: bytes) -> Any:
    """The document in a YAML body; raises ValueError with the reason."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    loader = None
    try:
        loader = _Loader(body)
        node = loader.get_single_node()
        if node is None:
            return None
        _count(node, {})
        content = loader.construct_document(node)
        # YAML has keys of any type; JSON has only strings.
        return orjson.loads(orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS))
    except RecursionError:
        raise ValueError("exceeded max depth") from None
    except (yaml.YAMLError, TypeError) as error:
        raise ValueError(str(error)) from None
    finally:
        if loader is not None:
            loader.dispose()


def repeated_keys(body: bytes) -> list[str]:
    """Keys that stand twice in one map of a YAML body, in the words of Go's strict decoder."""
    if _is_plain_json(body):
        return []
    loader = _Loader(body)
    try:
        found = list(_repeated(loader.get_single_node()))
    except (yaml.YAMLError, RecursionError):
        return []
    finally:
        loader.dispose()
    return [f'  line {line}: key "{key}" already set in map' for line, key in found]


def _is_plain_json(body: bytes) -> bool:
    """Whether a body is JSON in which no key stands twice, which is found out fast."""

    def unique(pairs: list[tuple[str, Any]]) -> None:
        if len({name for name, _ in pairs}) < len(pairs):
            raise ValueError("a key stands twice")

    try:
        json.loads(body, object_pairs_hook=unique)
    except (ValueError, RecursionError):
        return False
    return True


def _repeated(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    seen = set()
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value in seen:
                yield key.start_mark.line + 1, key.value
            seen.add(key.value)
            yield from _repeated(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated(item)


def _count(node: yaml.Node, known: dict[int, int]) -> int:
    """How many nodes a node stands for, with its aliases written out."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    size = known.get(id(node))
    if size is None:
        known[id(node)] = 0
        parts = node.value
        if isinstance(node, yaml.MappingNode):
            parts = [part for pair in parts for part in pair]
        size = 1 + sum(_count(part, known) for part in parts)
        known[id(node)] = size
    elif size == 0:
        raise ValueError("an anchor's value contains itself")
    if size > _MAX_NODES:
        raise ValueError("document contains excessive aliasing")
    return size
