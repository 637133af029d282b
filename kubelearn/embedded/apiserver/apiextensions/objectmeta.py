"""Objects inside objects: a field that holds a whole resource, with metadata of its own.

Stands for k8s.io/apiextensions-apiserver `pkg/apiserver/schema/objectmeta`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kubelearn.embedded.apiserver import schema as types
from kubelearn.embedded.apiserver.apiextensions.pruning import EMBEDDED, Schema, child
from kubelearn.embedded.apiserver.names import dns_1035_label, path_segment
from kubelearn.embedded.apiserver.serializer import DecodeError, decode_struct
from kubelearn.embedded.apiserver.validation.field import Errors, FieldError, invalid, required
from kubelearn.embedded.apiserver.validation.metadata import general_metadata

_DNS_LABEL = "may have mixed case, but should otherwise match: "


def coerce(value: Any, schema: Schema | None, path: str = "") -> list[str]:
    """Decode the metadata of embedded resources in place; gives the paths of unknown fields.

    Raises DecodeError when a type does not fit.
    """
    resources = _resources(value, schema, path)
    return sorted(each for resource, here in resources for each in _coerced_meta(resource, here))


def _coerced_meta(value: dict[str, Any], path: str) -> Iterator[str]:
    for name in ("apiVersion", "kind"):
        if name in value and not isinstance(value[name], str):
            raise DecodeError(_text(invalid(f"{path}.{name}", value[name], "must be a string")))
    if "metadata" in value:
        try:
            decoded = decode_struct(
                types.built_in().struct("meta.v1.ObjectMeta"), value["metadata"]
            )
        except DecodeError as error:
            refused = invalid(f"{path}.metadata", value["metadata"], str(error))
            raise DecodeError(_text(refused)) from None
        value["metadata"] = decoded.object
        yield from (f"{path}.metadata.{each}" for each in decoded.unknown)


def embedded(value: Any, schema: Schema | None, path: str = "") -> Errors:
    """What is wrong with embedded resources; their types have been checked before."""
    for resource, here in _resources(value, schema, path):
        yield from _resource(resource, here)


def _resource(value: dict[str, Any], path: str) -> Errors:
    for name in ("apiVersion", "kind"):
        if name not in value:
            yield required(f"{path}.{name}")
        elif value[name] == "":
            yield invalid(f"{path}.{name}", "", "must not be empty")
    api_version, kind = value.get("apiVersion", ""), value.get("kind", "")
    if api_version.count("/") > 1:
        detail = f"unexpected GroupVersion string: {api_version}"
        yield invalid(f"{path}.apiVersion", api_version, detail)
    if kind and (problems := dns_1035_label(kind.lower())):
        yield invalid(f"{path}.kind", kind, _DNS_LABEL + ",".join(problems))
    if "metadata" in value:
        yield from _metadata(value["metadata"], f"{path}.metadata")


def _metadata(meta: dict[str, Any], path: str) -> Errors:
    named = {"metadata": {**meta, "name": meta.get("name") or "fakename"}}
    for error in general_metadata(named, path_segment, namespaced=bool(meta.get("namespace"))):
        field = re.sub(r"^metadata", lambda _: path, error.field)
        yield FieldError(error.reason, error.message, field)


def _resources(
    value: Any, schema: Schema | None, path: str
) -> Iterator[tuple[dict[str, Any], str]]:
    """The resources in a value, each with its path, the outer ones first."""
    if schema is None:
        return
    if isinstance(value, dict):
        if schema.get(EMBEDDED):
            yield value, path
        for name, each in value.items():
            yield from _resources(each, child(schema, name), _below(schema, path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _resources(item, schema.get("items"), f"{path}[{index}]")


def _below(schema: Schema, path: str, name: str) -> str:
    if name in (schema.get("properties") or {}):
        return f"{path}.{name}" if path else name
    return f"{path}[{name}]"


def _text(error: FieldError) -> str:
    return f"{error.field}: {error.message}"
