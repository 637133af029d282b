"""What can be done with kinds, as OpenAPI tells it: paths, methods, parameters.

Stands for the routes of k8s.io/apiserver `pkg/endpoints/installer.go`. kubectl learns from them
whether PATCH understands `fieldValidation`, and which kinds take strategic merge patches. Left out
is what generators of clients would need besides: the types of answers, and all other parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kubelearn.embedded.apiserver.kinds import Kind, Subresource
from kubelearn.embedded.apiserver.openapi.dialect import Dialect
from kubelearn.embedded.apiserver.openapi.schemas import gvk
from kubelearn.objects import Object

_PARAMETERS = {"dryRun": "string", "fieldManager": "string", "fieldValidation": "string"}
_PATCHES = ("apply-patch+yaml", "json-patch+json", "merge-patch+json")
_STRATEGIC = "strategic-merge-patch+json"
# Methods of the kinds of paths, with the verb that stands for each.
_ON_ALL = {"get": "list"}
_ON_COLLECTION = {"get": "list", "post": "create", "delete": "deletecollection"}
_ON_ITEM = {"get": "get", "put": "update", "patch": "patch", "delete": "delete"}
_ON_PART = {"get": "get", "put": "update", "patch": "patch", "post": "create"}
_RESPONSES: Object = {"200": {"description": "OK"}}
# What upstream calls these verbs here.
_ACTIONS = {"create": "post", "update": "put"}


def paths(kind: Kind, dialect: Dialect) -> Object:
    """The paths of a kind, with their operations."""
    collection = kind.path("{namespace}" if kind.namespaced else None)
    item = f"{collection}/{{name}}"
    found = {
        kind.path(None): _operations(kind, _ON_ALL, kind.verbs, dialect),
        collection: _operations(kind, _ON_COLLECTION, kind.verbs, dialect),
        item: _operations(kind, _ON_ITEM, kind.verbs, dialect),
    }
    found |= {f"{item}/{part.name}": _on_part(kind, part, dialect) for part in kind.subresources}
    return {path: operations for path, operations in found.items() if operations}


def _on_part(kind: Kind, part: Subresource, dialect: Dialect) -> Object:
    own = {"group": part.group or kind.group, "version": part.version or kind.version}
    facts: Object = {"x-kubernetes-group-version-kind": own | {"kind": part.kind}}
    if part.kind.endswith("Options"):
        # A way to something else, which is not written to.
        facts |= {"x-kubernetes-action": "connect", "responses": _RESPONSES}
        return {method: facts for method, verb in _ON_PART.items() if verb in part.verbs}
    operations = _operations(kind, _ON_PART, part.verbs, dialect)
    return {method: operation | facts for method, operation in operations.items()}


def _operations(
    kind: Kind, methods: Mapping[str, str], verbs: Iterable[str], dialect: Dialect
) -> Object:
    return {
        method: _operation(kind, method, verb, dialect)
        for method, verb in methods.items()
        if verb in verbs
    }


def _operation(kind: Kind, method: str, verb: str, dialect: Dialect) -> Object:
    operation: Object = {
        "responses": _RESPONSES,
        "x-kubernetes-action": _ACTIONS.get(verb, verb),
        "x-kubernetes-group-version-kind": gvk(kind),
    }
    if method in ("post", "put", "patch"):
        operation["parameters"] = [_parameter(*each, dialect) for each in _PARAMETERS.items()]
    if method == "patch":
        operation["parameters"].append(_parameter("force", "boolean", dialect))
        _add_body(operation, kind, dialect)
    return operation


def _parameter(name: str, type_: str, dialect: Dialect) -> Object:
    facts = {"type": type_, "uniqueItems": True}
    told = facts if dialect.version == 2 else {"schema": facts}
    return {"name": name, "in": "query", **told}


def _add_body(operation: Object, kind: Kind, dialect: Dialect) -> None:
    names = (*_PATCHES, _STRATEGIC) if kind.built_in else _PATCHES
    media = [f"application/{name}" for name in names]
    if dialect.version == 2:
        operation["consumes"] = media
        body = {"name": "body", "in": "body", "required": True, "schema": {"type": "object"}}
        operation["parameters"].insert(0, body)
    else:
        content = {each: {"schema": {"type": "object"}} for each in media}
        operation["requestBody"] = {"content": content, "required": True}
