"""Manifests: YAML text as objects that a cluster could take, or an error that a learner can use.

Of each object it is known where in the text it stands, so that what a server says of a field can
be shown at its line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from kubelearn.errors import ManifestError
from kubelearn.objects import Object

_HINT = "compare it with the manifest in the lesson; indentation is two spaces a level, no tabs"
# `[0]`, or `[name="web"]` and `[containerPort=80,protocol="TCP"]` as field managers write it.
_ITEM = re.compile(r"\[(?:(?P<index>\d+)|(?P<keys>\w+=[^\]]+))\]")
_KEY = re.compile(r'(\w+)=(?:"([^"]*)"|([^,\]]*))')


class _Loader(yaml.SafeLoader):
    """YAML as kubectl reads it: what looks like a date is text."""

    yaml_implicit_resolvers = {
        first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True)
class Manifest:
    """One object of a manifest, and where it stands."""

    object: Object
    node: yaml.Node = field(repr=False)

    @property
    def line(self) -> int:
        """The object's first line, counted from 1."""
        return int(self.node.start_mark.line) + 1

    def line_of(self, path: str) -> int:
        """The line of a field such as `spec.containers[0].image`, or of what is nearest above."""
        return _find(self.node, path.lstrip("."), self.line)


def load(text: str) -> list[Object]:
    """The objects in a manifest; several are separated by lines of `---`, a `List` is opened.

    Raises ManifestError with the line for text that is no YAML, and with the document's number
    for a document that is no Kubernetes object.
    """
    return [each.object for each in parse(text)]


def parse(text: str) -> list[Manifest]:
    """The objects with their places. Raises as `load` does; `line` of the error is where."""
    try:
        documents = list(_documents(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ManifestError(
            _syntax(text, error), hint=_HINT, line=mark.line + 1 if mark else 0
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        raise ManifestError(f"the manifest is not valid YAML: {error}", hint=_HINT) from error
    if not documents:
        raise ManifestError(
            "the manifest is empty", hint="start with apiVersion:, kind:, metadata:"
        )
    found: list[Manifest] = []
    for number, (document, node) in enumerate(documents, start=1):
        where = f"document {number}" if len(documents) > 1 else "the manifest"
        found += _opened(Manifest(_checked(document, where, node), node))
    return found


def _documents(text: str) -> Iterator[tuple[Any, yaml.Node]]:
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            document = loader.construct_document(node) if node else None
            if node and document is not None:
                yield document, node
    finally:
        loader.dispose()


def _opened(manifest: Manifest) -> list[Manifest]:
    """The manifest, or the items of a `List`."""
    if manifest.object["kind"] != "List":
        return [manifest]
    value = _child(manifest.node, "items")
    nodes = value.value if isinstance(value, yaml.SequenceNode) else []
    items = list(zip(manifest.object.get("items") or [], nodes, strict=False))
    return [
        Manifest(_checked(item, f"item {number} of the list", node), node)
        for number, (item, node) in enumerate(items, start=1)
    ]


def _syntax(text: str, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    problem = error.problem or error.context or "not valid YAML"
    if mark is None:
        return f"the manifest is not valid YAML: {problem}"
    where = f"line {mark.line + 1}, column {mark.column + 1}"
    shown = shown_line(text, mark.line + 1)
    return f"the manifest is not valid YAML: {where}: {problem}\n{shown}\n    {' ' * mark.column}^"


def shown_line(text: str, line: int) -> str:
    """A line of the manifest, indented, for a message about it."""
    lines = text.splitlines()
    return f"    {lines[line - 1]}" if 0 < line <= len(lines) else "    "


def _checked(document: Any, where: str, node: yaml.Node) -> Object:
    line = int(node.start_mark.line) + 1
    if not isinstance(document, dict):
        raise ManifestError(
            f"{where} is a {type(document).__name__}, not an object with fields",
            hint=_HINT,
            line=line,
        )
    for name in ("apiVersion", "kind"):
        if not isinstance(document.get(name), str):
            example = "v1" if name == "apiVersion" else "Pod"
            raise ManifestError(
                f"{where} has no {name}", hint=f"add a line such as {name}: {example}", line=line
            )
    if not isinstance(document.get("metadata") or {}, dict):
        raise ManifestError(f"the metadata of {where} has no fields", hint=_HINT, line=line)
    _require_json(document, where, line)
    return document


def _require_json(document: Any, where: str, line: int) -> None:
    """YAML can say more than JSON: binary data, sets, objects within themselves."""
    try:
        json.dumps(document)
    except (TypeError, ValueError, RecursionError) as error:
        raise ManifestError(
            f"{where} has something that JSON cannot say: {error}", hint=_HINT, line=line
        ) from error


# --- where a field stands ---------------------------------------------------------------------


def _find(node: yaml.Node, path: str, line: int) -> int:
    """The line of the deepest part of the path that is there."""
    if not path:
        return line
    if isinstance(node, yaml.MappingNode):
        # Keys may have dots in them, so the longest one that fits is meant.
        fitting = [(key, value) for key, value in node.value if _begins(path, str(key.value))]
        if not fitting:
            return line
        key, value = max(fitting, key=lambda pair: len(str(pair[0].value)))
        return _find(value, _rest(path, str(key.value)), int(key.start_mark.line) + 1)
    if isinstance(node, yaml.SequenceNode):
        return _find_item(node, path, line)
    return line


def _find_item(node: yaml.SequenceNode, path: str, line: int) -> int:
    found = _ITEM.match(path)
    if not found:
        # Some messages name no item: the first one that has such a field will do.
        places = [_find(item, path, 0) for item in node.value]
        return next((place for place in places if place), line)
    item = _item(node, found)
    if item is None:
        return line
    return _find(item, path[found.end() :].lstrip("."), int(item.start_mark.line) + 1)


def _item(node: yaml.SequenceNode, found: re.Match[str]) -> yaml.Node | None:
    if found["index"]:
        index = int(found["index"])
        return node.value[index] if index < len(node.value) else None
    wanted = {name: quoted or plain for name, quoted, plain in _KEY.findall(found["keys"])}
    return next((item for item in node.value if _has(item, wanted)), None)


def _has(item: yaml.Node, wanted: Mapping[str, str]) -> bool:
    # A default that is not written, such as a port's protocol, is no contradiction.
    children = {name: _child(item, name) for name in wanted}
    return any(children.values()) and all(
        child is None or str(child.value) == wanted[name] for name, child in children.items()
    )


def _child(node: yaml.Node, name: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for key, value in node.value if key.value == name), None)


def _begins(path: str, key: str) -> bool:
    rest = path.removeprefix(key)
    return path.startswith(f"[{key}]") or (rest != path and rest[:1] in ("", ".", "["))


def _rest(path: str, key: str) -> str:
    bracketed = f"[{key}]"
    return path[len(bracketed if path.startswith(bracketed) else key) :].lstrip(".")
