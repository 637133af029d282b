"""Answers: an object, a list, a table or a `Status`, in the form that the client takes.

Stands for k8s.io/apiserver `pkg/endpoints/handlers/response.go` and its `responsewriters`. Where
the client takes plain JSON, stored bytes go out as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
import yaml
from aiohttp import web

from kubelearn.embedded.apiserver.encoding import decode, encode_list
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.negotiation import JSON, YAML, Output
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.status import StatusError
from kubelearn.embedded.apiserver.table import to_table
from kubelearn.embedded.clock import Clock
from kubelearn.objects import Object

_HEADERS = {"Cache-Control": "no-cache, private"}


def raw(body: bytes, *, status: int = 200, media: str = JSON) -> web.Response:
    """An answer with bytes that are ready."""
    return web.Response(body=body, status=status, content_type=media, headers=_HEADERS)


def document(request: Request, content: Any, *, status: int = 200) -> web.Response:
    """An answer that is no object of a kind: a `Status`, a discovery document."""
    media = request.output.media
    if media == YAML:
        return raw(yaml.safe_dump(content, sort_keys=False).encode(), status=status, media=YAML)
    option = orjson.OPT_APPEND_NEWLINE
    if request.pretty:
        option |= orjson.OPT_INDENT_2
    return raw(orjson.dumps(content, option=option), status=status)


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


def one(
    request: Request, kind: Kind, value: bytes, *, clock: Clock, status: int = 200
) -> web.Response:
    """An answer with one stored object."""
    request.answered = value
    output = request.output
    if output == Output() and not request.pretty:
        answer = raw(value + b"\n", status=status)
    else:
        content = transformed(request, kind, decode(value), clock=clock)
        answer = document(request, content, status=status)
    for warning in request.warnings:
        answer.headers.add("Warning", f"299 - {orjson.dumps(warning).decode()}")
    return answer


def many(
    request: Request, kind: Kind, values: Iterable[bytes], metadata: Object, *, clock: Clock
) -> web.Response:
    """An answer with a list of stored objects."""
    output = request.output
    if output == Output() and not request.pretty:
        return raw(encode_list(kind, values, metadata))
    objects = [decode(value) for value in values]
    content: Object
    match output.target:
        case "Table":
            content = table(request, kind, objects, metadata, clock=clock)
        case "PartialObjectMetadataList":
            content = {"kind": output.target, "apiVersion": output.group_version}
            content["metadata"] = metadata
            content["items"] = [partial(each, output.group_version) for each in objects]
        case "":
            content = decode(encode_list(kind, values, metadata))
        case _:
            raise StatusError(
                406,
                "NotAcceptable",
                "you requested PartialObjectMetadata, but the requested object is a list "
                f"({kind.list_kind})",
            )
    return document(request, content)


def transformed(request: Request, kind: Kind, obj: Object, *, clock: Clock) -> Object:
    """One object in the kind that the client asked for."""
    output = request.output
    match output.target:
        case "Table":
            meta = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
            return table(request, kind, [obj], meta, clock=clock)
        case "PartialObjectMetadata":
            return partial(obj, output.group_version)
        case "PartialObjectMetadataList":
            message = (
                "you requested PartialObjectMetadataList, but the requested object is not a list "
                f"({kind.kind})"
            )
            raise StatusError(406, "NotAcceptable", message)
    return obj


def partial(obj: Object, group_version: str) -> Object:
    """The metadata of an object, without the rest."""
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": group_version,
        "metadata": obj["metadata"],
    }


def table(
    request: Request, kind: Kind, objects: list[Object], metadata: Object, *, clock: Clock
) -> Object:
    """Objects as rows for `kubectl get`."""
    content = to_table(
        kind,
        objects,
        now=clock.now(),
        include_object=request.query.get("includeObject", "Metadata"),
        list_meta=metadata,
    )
    content["apiVersion"] = request.output.group_version
    return content
