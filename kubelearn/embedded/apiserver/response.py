"""Answers: an object, a list, a table or a `Status`, in the form that the client takes.

Stands for k8s.io/apiserver `pkg/endpoints/handlers/response.go` and its `responsewriters`. Where
the client takes plain JSON, stored bytes go out as they are.
"""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web

from kubelearn.embedded.apiserver.conversion import convert
from kubelearn.embedded.apiserver.encoding import decode, encode_list
from kubelearn.embedded.apiserver.negotiation import JSON, YAML, Output
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.status import StatusError, bad_request, qualified, quote
from kubelearn.embedded.apiserver.table import to_table
from kubelearn.embedded.apiserver.yamlbody import dump_yaml
from kubelearn.embedded.clock import Clock
from kubelearn.objects import Object

_HEADERS = {"Cache-Control": "no-cache, private"}


def raw(body: bytes, *, status: int = 200, media: str = JSON) -> web.Response:
    """An answer with bytes that are ready."""
    return web.Response(body=body, status=status, content_type=media, headers=_HEADERS)


def document(request: Request, content: Any, *, status: int = 200) -> web.Response:
    """An answer that is no object of a kind: a `Status`, a discovery document."""
    if isinstance(content, dict) and content.get("kind") == "Status":
        request.status = content
    media = request.output.media
    if media == YAML:
        return warned(request, raw(dump_yaml(content), status=status, media=YAML))
    option = orjson.OPT_APPEND_NEWLINE
    if request.pretty:
        option |= orjson.OPT_INDENT_2
    return warned(request, raw(orjson.dumps(content, option=option), status=status))


def indented(content: Object) -> web.Response:
    """An answer that is not the API's own, for which nobody negotiates: always in readable JSON."""
    return raw(orjson.dumps(content, option=orjson.OPT_INDENT_2))


def text(content: str, *, status: int = 200) -> web.Response:
    """A plain text answer, as health checks and unknown paths get."""
    return web.Response(text=content, status=status, content_type="text/plain", headers=_HEADERS)


def failure(error: StatusError) -> web.Response:
    """A failure `Status`, always as JSON: whoever gets an error wants to read it."""
    answer = raw(error.body(), status=error.code)
    retry_after = (error.details or {}).get("retryAfterSeconds")
    if retry_after:
        answer.headers["Retry-After"] = str(retry_after)
    return answer


def one(request: Request, registry: Registry, value: bytes, *, status: int = 200) -> web.Response:
    """An answer with one stored object."""
    request.answered = value = converted(request, registry, value)
    if request.output == Output() and not request.pretty:
        return warned(request, raw(value + b"\n", status=status))
    content = transformed(request, decode(value), clock=registry.clock)
    return document(request, content, status=status)


def warned(request: Request, answer: web.Response) -> web.Response:
    """An answer with what the client should know besides."""
    for warning in request.warnings:
        answer.headers.add("Warning", f"299 - {quote(warning)}")
    return answer


def many(
    request: Request, registry: Registry, values: list[bytes], metadata: Object
) -> web.Response:
    """An answer with a list of stored objects."""
    kind, output = request.kind, request.output
    values = [converted(request, registry, value) for value in values]
    if output == Output() and not request.pretty:
        return warned(request, raw(encode_list(kind, values, metadata)))
    match output.target:
        case "Table":
            content = table(request, [decode(value) for value in values], clock=registry.clock)
        case "PartialObjectMetadataList":
            items = [partial(decode(value), output.group_version) for value in values]
            content = {"kind": output.target, "apiVersion": output.group_version, "items": items}
        case "":
            content = decode(encode_list(kind, values, metadata))
        case _:
            message = f"but the requested object is a list ({kind.list_kind})"
            raise StatusError(406, "NotAcceptable", f"you requested {output.target}, {message}")
    content["metadata"] = metadata
    return document(request, content)


def converted(request: Request, registry: Registry, value: bytes) -> bytes:
    """A stored object in the version that the path names."""
    if request.kind.custom:
        return request.kind.custom.shown(value)
    if request.kind is registry.kind:
        return value
    return orjson.dumps(convert(decode(value), registry.kind, request.kind))


def transformed(request: Request, obj: Object, *, clock: Clock, is_empty: bool = False) -> Object:
    """One object in the kind that the client asked for; an empty one has only metadata."""
    output = request.output
    match output.target:
        case "Table" if not request.kind.has_verb("get"):
            # Reviews and the like are answers, not objects that could be listed.
            resource = qualified(request.kind.plural, request.kind.group)
            message = f"the resource {resource} does not support being converted to a Table"
            raise StatusError(406, "NotAcceptable", message)
        case "Table":
            content = table(request, [] if is_empty else [obj], clock=clock)
            if is_empty:
                content["rows"] = [_empty_row(content, obj)]
            content["metadata"] = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
            return content
        case "PartialObjectMetadata":
            return partial(obj, output.group_version)
        case "PartialObjectMetadataList":
            message = f"but the requested object is not a list ({request.kind.kind})"
            raise StatusError(406, "NotAcceptable", f"you requested {output.target}, {message}")
    return obj


def partial(obj: Object, group_version: str) -> Object:
    """The metadata of an object, without the rest."""
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": group_version,
        "metadata": obj["metadata"],
    }


def _empty_row(table: Object, obj: Object) -> Object:
    numbers = ("integer", "number")
    cells = [0 if column["type"] in numbers else "" for column in table["columnDefinitions"]]
    return {"cells": cells, "object": partial(obj, table["apiVersion"])}


def table(request: Request, objects: list[Object], *, clock: Clock) -> Object:
    """Objects as rows for `kubectl get`."""
    include = request.query.get("includeObject") or "Metadata"
    if include not in ("None", "Metadata", "Object"):
        raise bad_request(
            f"Unable to convert to Table as requested: includeObject: Invalid value: "
            f"{quote(include)}: must be 'Metadata', 'Object', 'None', or empty"
        )
    return to_table(
        request.kind,
        objects,
        now=clock.now(),
        include_object=include,
        group_version=request.output.group_version,
    )
