"""YAML in request bodies, read as JSON would be.

Stands for sigs.k8s.io/yaml. Whoever may send a body must not be able to stop the server with it:
depth and what aliases stand for are limited, as in goyaml.
"""

from __future__ import annotations

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
