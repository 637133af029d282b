"""PATCH: from the stored object and a patch to the new object.

Stands for k8s.io/apiserver `pkg/endpoints/handlers/patch.go`. The three patch types that describe
a change; server-side apply, which describes a wish, is in `owners.py`.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

from kubelearn.embedded.apiserver import defaults, serializer, unstructured
from kubelearn.embedded.apiserver.decoding import go_kind, strict_problems
from kubelearn.embedded.apiserver.duplicatefields import duplicate_fields
from kubelearn.embedded.apiserver.goerrors import json_error
from kubelearn.embedded.apiserver.jsonpatch import (
    MAX_OPERATIONS,
    PatchError,
    apply_json_patch,
    merge_patch,
)
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.schema import Field, List, Map, Struct, built_in
from kubelearn.embedded.apiserver.status import (
    Cause,
    StatusError,
    bad_request,
    invalid,
    quote,
    too_large,
    unprocessable,
)
from kubelearn.embedded.apiserver.strategicpatch import (
    FieldMeta,
    StrategicPatchError,
    printed,
    strategic_merge,
)
from kubelearn.objects import Object


class Patch:
    """A patch that was read once and can be laid over an object again after a conflict."""

    def __init__(
        self, body: bytes, *, patch_type: str, kind: Kind, validation: str, warnings: list[str]
    ) -> None:
        self._kind = kind
        self._type = patch_type
        self._validation = validation
        self._warnings = warnings
        self._content = _read(body, patch_type)
        self._duplicates = duplicate_fields(body, self._content) if validation != "Ignore" else []

    def apply(self, old: Object) -> Object:
        """The patched object, decoded and with its defaults."""
        try:
            return self._decoded(self._lay_over(old))
        except RecursionError:
            raise bad_request("the patch exceeds the maximal depth") from None

    def _decoded(self, patched: Any) -> Object:
        try:
            if not isinstance(patched, dict):
                kind = go_kind(patched)
                text = f"json: cannot unmarshal {kind} into Go value of type {self._kind.kind}"
                raise serializer.DecodeError(text)
            patched.setdefault("metadata", {})
            self._keep_kind(patched)
            decoded = serializer.decode(self._kind, patched)
        except serializer.DecodeError as error:
            raise self._refused(patched, self._decode_problem(patched, error)) from None
        problems = strict_problems(self._kind, decoded.unknown, self._duplicates)
        if problems and self._validation == "Strict":
            text = f"strict decoding error: {', '.join(problems)}"
            raise self._refused(patched, text)
        if self._validation == "Warn":
            self._warnings[:] = problems
        defaults.apply(self._kind, decoded.object)
        return decoded.object

    def _keep_kind(self, patched: Object) -> None:
        """What is left out is what the path says; a strategic patch may not even name another."""
        served = {"kind": self._kind.kind, "apiVersion": self._kind.api_version}
        for name, expected in served.items():
            if self._type == "strategic" or patched.get(name) in (None, ""):
                patched[name] = expected
        if isinstance(patched["kind"], str) and served != {each: patched[each] for each in served}:
            raise serializer.DecodeError(
                f"no kind {quote(patched['kind'])} is registered for version "
                f'{quote(str(patched["apiVersion"]))} in scheme "pkg/runtime/scheme.go:111"'
            )

    def _lay_over(self, old: Object) -> Any:
        try:
            match self._type:
                case "json":
                    return apply_json_patch(old, self._content)
                case "merge":
                    return merge_patch(old, self._content)
            return strategic_merge(old, self._content, field_meta, self._kind.type_name)
        except PatchError:
            raise unprocessable() from None
        except StrategicPatchError as error:
            reason = "BadRequest" if error.code == 400 else ""
            if error.code == 422:
                raise unprocessable() from None
            raise StatusError(error.code, reason, str(error)) from None

    def _refused(self, patched: Any, problem: str) -> StatusError:
        shown = printed(self._content) if self._type == "strategic" else json.dumps(
            patched,
            separators=(",", ":"),
            ensure_ascii=False,
            sort_keys=self._kind.custom is not None,
        )  # fmt: skip
        text = f"Invalid value: {quote(shown)}: {problem}"
        return invalid("", "", "", [Cause("FieldValueInvalid", text, "patch")])

    def _decode_problem(self, patched: Any, error: serializer.DecodeError) -> str:
        if self._type != "strategic":
            return str(error)
        struct = built_in().struct(self._kind.type_name)
        return unstructured.problem(struct, patched) or str(error)


def field_meta(type_name: str, name: str) -> FieldMeta:
    """How a field of a built-in type merges."""
    if not type_name:
        return FieldMeta()
    field = built_in().struct(type_name).fields.get(name)
    if field is None:
        return FieldMeta()
    return FieldMeta(_element(field), field.merge_key, field.patch_strategy)


def _element(field: Field) -> str:
    kind = field.type
    if isinstance(kind, List):
        kind = kind.item
    elif isinstance(kind, Map):
        kind = kind.value
    return kind.name if isinstance(kind, Struct) else ""


def _read(body: bytes, patch_type: str) -> Any:
    prefix = "" if patch_type == "strategic" else "error decoding patch: "
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise bad_request(prefix + json_error(body)) from None
    if patch_type == "json":
        if not isinstance(content, list) or not all(isinstance(each, dict) for each in content):
            kind = go_kind(content)
            text = f"json: cannot unmarshal {kind} into Go value of type []handlers.jsonPatchOp"
            raise bad_request(prefix + text)
        if len(content) > MAX_OPERATIONS:
            raise too_large(
                f"The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, "
                f"got {len(content)}"
            )
    elif not isinstance(content, dict):
        kind = go_kind(content)
        text = f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"
        raise bad_request(prefix + text)
    return content
