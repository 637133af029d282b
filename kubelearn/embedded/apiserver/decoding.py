"""From a request's body to an object of the expected kind.

Stands for the decoding half of k8s.io/apiserver `pkg/endpoints/handlers/{create,update,rest}.go`
and `apimachinery/pkg/runtime/serializer`: JSON, YAML or protobuf; kind and version; unknown and
duplicate fields as `fieldValidation` wants them; defaults.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from kubelearn.embedded.apiserver import defaults, protobuf, serializer
from kubelearn.embedded.apiserver.duplicatefields import duplicate_fields
from kubelearn.embedded.apiserver.goerrors import json_error
from kubelearn.embedded.apiserver.kinds import Kind, Kinds
from kubelearn.embedded.apiserver.negotiation import JSON, PROTOBUF, YAML, body_media
from kubelearn.embedded.apiserver.status import StatusError, bad_request, quote
from kubelearn.embedded.apiserver.yamlbody import load_yaml, repeated_keys
from kubelearn.objects import Object

DELETE_OPTIONS = Kind("", "v1", "", "DeleteOptions", type_name="meta.v1.DeleteOptions")
_SUMMARY = 30


class Decoder:
    """Decodes bodies into objects of the kinds that are served."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds

    def decode(
        self, body: bytes, kind: Kind, *, content_type: str, validation: str, warnings: list[str]
    ) -> Object:
        """The object in a body, with its defaults; raises 400 and 415."""
        media = body_media(content_type)
        content = self.parse(body, media, kind)
        try:
            # First of all: what is left out will be filled in.
            repeated = _repeated(body, content, media) if validation != "Ignore" else _NONE
            if kind.custom:
                _check_custom(content, body, kind)
            else:
                _check_kind(content, kind, self._kinds)
            decoded = serializer.decode(kind, content)
        except serializer.DecodeError as error:
            raise _cannot_be_handled(content, kind, str(error)) from None
        except RecursionError:
            raise _cannot_be_handled(content, kind, "json: exceeded max depth") from None
        problems = repeated.keys + strict_problems(kind, decoded.unknown, repeated.fields)
        if problems and validation == "Strict":
            text = f"strict decoding error: {', '.join(problems)}"
            raise _cannot_be_handled(content, kind, text)
        if validation == "Warn":
            warnings.extend(problems)
        defaults.apply(kind, decoded.object)
        return decoded.object

    def decode_options(self, body: bytes, *, content_type: str) -> Object:
        """The `DeleteOptions` in the body of a DELETE. Raises 400."""
        try:
            media = body_media(content_type)
            content = self.parse(body, media, DELETE_OPTIONS)
            if (sent := content.get("kind") or DELETE_OPTIONS.kind) != DELETE_OPTIONS.kind:
                version = str(content.get("apiVersion", ""))
                raise bad_request(
                    f"no kind {quote(str(sent))} is registered for version {quote(version)} in "
                    'scheme "pkg/apis/meta/internalversion/scheme/register.go:27"'
                )
            return serializer.decode(DELETE_OPTIONS, content).object
        except serializer.DecodeError as error:
            raise bad_request(str(error)) from None

    def parse(self, body: bytes, media: str, kind: Kind) -> Object:
        """The document in a body, whatever it is written in. Raises 400 for what is unreadable."""
        if media == PROTOBUF:
            return self._protobuf(body, kind)
        problem = ""
        try:
            content = orjson.loads(body) if media == JSON else load_yaml(body)
        except orjson.JSONDecodeError:
            problem = f"json parse error: {json_error(body)}"
        except ValueError as error:
            problem = f"error converting YAML to JSON: yaml: {error}"
        else:
            if isinstance(content, dict):
                return content
            go_type = go_kind(content)
            problem = (
                f"json parse error: json: cannot unmarshal {go_type} into Go value of type struct "
                '{ APIVersion string "json:\\"apiVersion,omitempty\\""; '
                'Kind string "json:\\"kind,omitempty\\"" }'
            )
        raise _unrecognized(body, kind, f"couldn't get version/kind; {problem}")

    def _protobuf(self, body: bytes, kind: Kind) -> Object:
        try:
            return protobuf.decode(body, kind.type_name)
        except protobuf.ProtobufError as error:
            raise _unrecognized(body, kind, str(error)) from None


class _Repeated(NamedTuple):
    """What stands twice: keys of YAML, as a problem in words, and fields of JSON, as paths."""

    keys: list[str]
    fields: list[str]


_NONE = _Repeated([], [])


def _repeated(body: bytes, content: Object, media: str) -> _Repeated:
    if media == JSON:
        return _Repeated([], duplicate_fields(body, content))
    if media == YAML and (keys := repeated_keys(body)):
        return _Repeated(["\n".join(["yaml: unmarshal errors:", *keys])], [])
    return _NONE


def strict_problems(kind: Kind, unknown: list[str], duplicates: list[str]) -> list[str]:
    """Unknown and duplicate fields in the words of a strict decoder.

    What a definition does not know is found after the body was read, so it comes last.
    """
    found = [f"unknown field {quote(path)}" for path in unknown]
    twice = [f"duplicate field {quote(path)}" for path in duplicates]
    return twice + found if kind.custom else found + twice


def go_kind(value: Any) -> str:
    """What Go calls a JSON value when it does not fit."""
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"


def _check_kind(content: Object, kind: Kind, kinds: Kinds) -> None:
    """Fill in kind and version where they are left out; refuse any others."""
    content["kind"] = content.get("kind") or kind.kind
    content["apiVersion"] = content.get("apiVersion") or kind.api_version
    if (content["kind"], content["apiVersion"]) == (kind.kind, kind.api_version):
        return
    sent = kinds.for_object(str(content["apiVersion"]), str(content["kind"]))
    if sent is None:
        text = (
            f"no kind {quote(str(content['kind']))} is registered for version "
            f'{quote(str(content["apiVersion"]))} in scheme "pkg/api/legacyscheme/scheme.go:30"'
        )
    elif sent.kind == kind.kind:
        raise _wrong_version(content, kind)
    else:
        package = kind.group.partition(".")[0] or "core"
        text = (
            f"converting ({sent.version}.{sent.kind}) to ({package}.{kind.kind}): "
            "unknown conversion"
        )
    raise _cannot_be_handled(content, kind, text)


def _check_custom(content: Object, body: bytes, kind: Kind) -> None:
    """Of a custom resource nobody knows what it is when it does not say so itself.

    Another kind of the same version is for validation to refuse.
    """
    for name, shown in (("kind", "Kind"), ("apiVersion", "apiVersion")):
        if not content.get(name):
            text = body.decode(errors="replace")
            raise _unrecognized(body, kind, f"Object '{shown}' is missing in '{text}'")
    if content["apiVersion"] != kind.api_version:
        raise _wrong_version(content, kind)


def _wrong_version(content: Object, kind: Kind) -> StatusError:
    return bad_request(
        f"the API version in the data ({content['apiVersion']}) does not match the expected "
        f"API version ({kind.api_version})"
    )


def _cannot_be_handled(content: Object, kind: Kind, problem: str) -> StatusError:
    sent, api_version = kind.kind, kind.api_version
    if "apiVersion" in content:
        sent, api_version = content["kind"], str(content["apiVersion"])
    version = api_version.rpartition("/")[2]
    return bad_request(
        f"{sent} in version {quote(version)} cannot be handled as a {kind.kind}: {problem}"
    )


def _unrecognized(body: bytes, kind: Kind, problem: str) -> StatusError:
    return bad_request(
        f"the object provided is unrecognized (must be of type {kind.kind}): {problem} "
        f"({_summary(body)})"
    )


def _summary(body: bytes) -> str:
    if not body:
        return "<empty>"
    more = " ..." if len(body) > _SUMMARY else ""
    start = body[:_SUMMARY]
    return (start.decode(errors="replace") if body[:1] == b"{" else start.hex()) + more
