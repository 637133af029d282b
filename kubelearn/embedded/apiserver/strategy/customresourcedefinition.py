"""CustomResourceDefinitions: the server keeps their status, and a finalizer until they are empty.

Stands for k8s.io/apiextensions-apiserver `pkg/registry/customresourcedefinition`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from kubelearn.embedded.apiserver.apiextensions import formats
from kubelearn.embedded.apiserver.apiextensions.subschemas import subschemas
from kubelearn.embedded.apiserver.strategy.base import Strategy
from kubelearn.objects import Object, set_condition

CLEANUP = "customresourcecleanup.apiextensions.k8s.io"


class CustomResourceDefinitionStrategy(Strategy):
    """CustomResourceDefinitions."""

    generation = True
    unconditional_update = False
    collects_dependents = False

    def prepare_for_create(self, new: Object) -> None:
        """Begin with no name accepted, and the storage version as the only one in the store."""
        super().prepare_for_create(new)
        new["status"] = {
            "conditions": None,
            "acceptedNames": {"plural": "", "kind": ""},
            "storedVersions": None,
        }
        _note_storage_version(new)

    def prepare_for_update(self, new: Object, old: Object) -> None:
        """Remember every version that objects may be stored in."""
        super().prepare_for_update(new, old)
        _note_storage_version(new)

    def terminate(self, obj: Object, *, now: str) -> bool:
        """The objects go first: a finalizer keeps the definition, a condition says why."""
        meta = obj["metadata"]
        if "deletionTimestamp" not in meta:
            finalizers = meta.get("finalizers") or []
            if CLEANUP not in finalizers:
                meta["finalizers"] = [*finalizers, CLEANUP]
            pending = {
                "type": "Terminating",
                "status": "True",
                "lastTransitionTime": now,
                "reason": "InstanceDeletionPending",
                "message": (
                    "CustomResourceDefinition marked for deletion; CustomResource deletion will "
                    "begin soon"
                ),
            }
            status = obj["status"]
            status["conditions"] = set_condition(status.get("conditions") or [], pending)
        return True

    def warnings(self, new: Object, old: Object | None) -> Iterable[str]:
        """Formats that this server does not know, and will not check."""
        known = set(_unknown_formats(old)) if old else set()
        for name in _unknown_formats(new):
            if name not in known:
                yield f'unrecognized format "{name}"'


def _note_storage_version(obj: Object) -> None:
    stored = obj["status"].get("storedVersions") or []
    for version in obj["spec"].get("versions") or []:
        if version["storage"]:
            if version["name"] not in stored:
                obj["status"]["storedVersions"] = [*stored, version["name"]]
            return


def _unknown_formats(obj: Object) -> Iterator[str]:
    for version in obj["spec"].get("versions") or []:
        for schema in subschemas((version.get("schema") or {}).get("openAPIV3Schema")):
            name: Any = schema.get("format")
            if name and not formats.effective(name, schema.get("type", "")):
                yield name
