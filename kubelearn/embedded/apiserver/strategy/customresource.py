"""Custom resources: what is said about all of them, and what their definition says of one kind.

Stands for k8s.io/apiextensions-apiserver `pkg/registry/customresource`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable

from kubelearn.embedded.apiserver.apiextensions.version import CustomVersion
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.names import qualified_name
from kubelearn.embedded.apiserver.status import forbidden, quote
from kubelearn.embedded.apiserver.strategy.base import Strategy
from kubelearn.jsonpath import json_path
from kubelearn.objects import Object

_STANDARD_FINALIZERS = ("foregroundDeletion", "kubernetes", "orphan")
_TERMINATING = "create not allowed while custom resource definition is terminating"


class CustomResourceStrategy(Strategy):
    """The objects of a CustomResourceDefinition, in one version."""

    generation = True
    unconditional_update = False

    def __init__(self, kind: Kind, version: CustomVersion) -> None:
        super().__init__(kind)
        self._version = version
        self._selectable = {path.removeprefix("."): path for path in version.selectable}

    @property
    def converts(self) -> bool:
        """Whether there is a conversion webhook."""
        return self._version.convert is not None

    async def convert_ahead(self, values: Iterable[bytes]) -> None:
        """Ask the conversion webhook, if there is one, before states are loaded."""
        await self._version.convert_ahead(values)

    async def to_store(self, obj: Object) -> Object:
        """The object as the storage version, if only a webhook can make it so."""
        return await self._version.to_store(obj)

    def load(self, value: bytes) -> Object:
        """The stored object in this version, with the defaults of today."""
        return self._version.load(value)

    def dump(self, obj: Object, *, revision: int = 0) -> bytes:
        """The object as the storage version."""
        return self._version.dump(obj, revision=revision)

    def is_current(self, value: bytes) -> bool:
        """Whether it is stored as the storage version of today."""
        return self._version.is_current(value)

    def admit_new(self, obj: Object) -> None:
        """Nothing new while the definition goes."""
        if self._version.terminating:
            name = obj["metadata"].get("name", "")
            raise forbidden(self.kind.plural, self.kind.group, name, _TERMINATING)

    def prepare_for_status_update(self, new: Object, old: Object) -> None:
        """Keep everything but the status, metadata included."""
        kept = {"status": new["status"]} if "status" in new else {}
        managed = new["metadata"].get("managedFields")
        new.clear()
        new.update(copy.deepcopy({name: each for name, each in old.items() if name != "status"}))
        new.update(kept)
        new["metadata"]["managedFields"] = managed

    def reset_fields(self, subresource: str) -> tuple[str, ...]:
        """The status door changes nothing else."""
        if subresource == "status":
            return ("metadata", "spec")
        return super().reset_fields(subresource)

    def changes_generation(self, new: Object, old: Object) -> bool:
        """Everything but metadata counts, also a status that has no door of its own."""
        before, after = ({k: v for k, v in each.items() if k != "metadata"} for each in (old, new))
        return before != after

    def warnings(self, new: Object, old: Object | None) -> Iterable[str]:
        """Finalizers without a domain in their name."""
        known = set(old["metadata"].get("finalizers") or []) if old else set()
        for finalizer in sorted(set(new["metadata"].get("finalizers") or []) - known):
            yield from _finalizer_warnings(finalizer)

    def selectable_fields(self, obj: Object) -> dict[str, str]:
        """Name, namespace, and what the definition lists."""
        found = super().selectable_fields(obj)
        for name, path in self._selectable.items():
            values = json_path(path).find(obj)
            found[name] = _text(values[0]) if values else ""
        return found

    def supports_field(self, path: str) -> bool:
        """Whether a field selector may name that path."""
        return path in self._selectable or super().supports_field(path)

    def unsupported_field(self, path: str) -> str:
        """What to say about any other path."""
        return f"field label not supported: {path}"


def _finalizer_warnings(finalizer: str) -> Iterable[str]:
    field = f"metadata.finalizers: {quote(finalizer)}"
    for problem in qualified_name(finalizer):
        yield f"{field}: {problem}"
    if "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
        path = " including a path (/)" if "." in finalizer else ""
        yield (
            f"{field}: prefer a domain-qualified finalizer name{path} to avoid accidental "
            "conflicts with other finalizer writers"
        )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
