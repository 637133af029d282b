"""One version of a CustomResourceDefinition, made ready to serve.

Stands for `crdInfo` and `unstructuredSchemaCoercer` in k8s.io/apiextensions-apiserver
`pkg/apiserver/customresource_handler.go`: from a body to an object, and from the store and back.
Objects are stored as the storage version; with the conversion strategy None another version is
another `apiVersion` and another schema, with Webhook it is what the webhook makes of an object. Two
definitions are never equal, so that whatever was made for one is not taken for its successor.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kubelearn.embedded.apiserver import schema as types
from kubelearn.embedded.apiserver.apiextensions.conversion import Convert, Converted
from kubelearn.embedded.apiserver.apiextensions.defaulting import default
from kubelearn.embedded.apiserver.apiextensions.objectmeta import coerce
from kubelearn.embedded.apiserver.apiextensions.pruning import Schema, prune, prune_nulls
from kubelearn.embedded.apiserver.apiextensions.subschemas import has_rules
from kubelearn.embedded.apiserver.encoding import decode, encode
from kubelearn.embedded.apiserver.serializer import Decoded, decode_struct
from kubelearn.embedded.apiserver.status import expired
from kubelearn.objects import Object


@dataclass(frozen=True, eq=False)
class CustomVersion:
    """What a version says about its objects."""

    api_version: str
    kind: str
    list_kind: str
    namespaced: bool
    schema: Schema
    storage_version: str
    """The `apiVersion` as which objects are stored."""
    schemas: Mapping[str, Schema]
    """The schemas of all versions, by `apiVersion`: any of them may have been stored."""
    has_status: bool = False
    scale: Mapping[str, str] | None = None
    columns: tuple[Mapping[str, Any], ...] = ()
    selectable: tuple[str, ...] = ()
    """The JSON paths of selectable fields."""
    warning: str = ""
    """What clients of a deprecated version are told."""
    terminating: bool = False
    """Whether the definition is being deleted, and nothing new may be made."""
    convert: Convert | None = None
    """Asks the conversion webhook, if there is one."""

    @cached_property
    def _converted(self) -> Converted | None:
        return Converted(self.convert, self.api_version) if self.convert else None

    @cached_property
    def has_rules(self) -> bool:
        """Whether there is a rule anywhere in the schema."""
        return has_rules(self.schema)

    def decode(self, body: Object) -> Decoded:
        """Read a body as an object of this version; raises DecodeError."""
        meta_type = types.built_in().struct("meta.v1.ObjectMeta")
        metadata = decode_struct(meta_type, body.get("metadata") or {})
        obj = copy.deepcopy({**body, "metadata": {}})
        unknown = [f"metadata.{path}" for path in metadata.unknown]
        unknown += prune(obj, self.schema)
        prune_nulls(obj, self.schema)
        unknown += coerce(obj, self.schema)
        obj["metadata"] = metadata.object
        return Decoded(obj, unknown)

    def default(self, obj: Object) -> None:
        """Fill in defaults, in place."""
        default(obj, self.schema)

    async def convert_ahead(self, values: Iterable[bytes]) -> None:
        """Have the webhook convert stored bytes, for `load`, which cannot wait.

        Raises StatusError.
        """
        if self._converted is not None:
            states = [(value, self._stored(value)) for value in values]
            await self._converted.ask(
                [
                    (value, obj)
                    for value, obj in states
                    if obj["apiVersion"] != self.api_version and value not in self._converted
                ]
            )

    async def to_store(self, obj: Object) -> Object:
        """An object of this version as `dump` takes it. Raises StatusError."""
        if self.convert is None or obj["apiVersion"] == self.storage_version:
            return obj
        return (await self.convert([obj], self.storage_version))[0]

    def load(self, value: bytes) -> Object:
        """The object in stored bytes, as this version shows it now.

        Defaults are those of the version that it was stored in. Raises StatusError if a webhook
        has to convert it and has not.
        """
        obj = self._stored(value)
        if obj["apiVersion"] == self.api_version:
            return obj
        if self._converted is not None:
            try:
                obj = self._converted[value]
            except KeyError:
                raise expired("that state has not been converted; read it anew") from None
        metadata, obj["metadata"] = obj["metadata"], {}
        obj["apiVersion"] = self.api_version
        _clean(obj, self.schema)
        obj["metadata"] = metadata
        return obj

    def _stored(self, value: bytes) -> Object:
        """The object in stored bytes, in the version that it was stored in."""
        obj = decode(value)
        metadata, obj["metadata"] = obj["metadata"], {}
        stored = self.schemas.get(obj["apiVersion"], self.schema)
        _clean(obj, stored)
        default(obj, stored)
        obj["metadata"] = metadata
        return obj

    def dump(self, obj: Object, *, revision: int = 0) -> bytes:
        """The bytes to store an object as, which has been through `to_store`."""
        if self.api_version != self.storage_version:
            obj = copy.deepcopy(obj) | {"apiVersion": self.storage_version}
            _clean(obj, self.schemas[self.storage_version])
        return encode(obj, revision=revision, sort_keys=True)

    def shown(self, value: bytes) -> bytes:
        """Stored bytes as clients of this version get them."""
        obj = self.load(value)
        return encode(obj, revision=int(obj["metadata"].get("resourceVersion", 0)), sort_keys=True)

    def is_current(self, value: bytes) -> bool:
        """Whether bytes are stored as they would be stored today."""
        return bool(decode(value)["apiVersion"] == self.storage_version)


def _clean(obj: Object, schema: Schema) -> None:
    prune(obj, schema)
    prune_nulls(obj, schema)
