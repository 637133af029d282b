"""Managed fields at the doors of the API: for each kind of request the manager that fits.

Stands for the calls of `FieldManager` in k8s.io/apiserver `pkg/endpoints/handlers/{create,update,
patch}.go`. Field management speaks of the version in the request's path; what is stored may be
another one, and is converted.
"""

from __future__ import annotations

from typing import Any

from kubelearn.embedded.apiserver.conversion import convert
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.managedfields import FieldManager
from kubelearn.embedded.apiserver.managedfields.fieldset import FieldSet, field
from kubelearn.embedded.apiserver.patching import Patch
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.status import bad_request
from kubelearn.embedded.apiserver.write import Write
from kubelearn.embedded.apiserver.yamlbody import load_yaml, repeated_keys
from kubelearn.objects import Object, timestamp


class Owners:
    """The field manager behind one door of a kind."""

    def __init__(self, kind: Kind, registry: Registry, subresource: str = "") -> None:
        self._kind = kind
        self._registry = registry
        paths = registry.strategy.reset_fields(subresource)
        ignored = FieldSet.of(*(tuple(map(field, path.split("."))) for path in paths))
        self._manager = FieldManager(kind, subresource=subresource, ignored=ignored)

    def update(self, old: Object | None, new: Object, write: Write) -> None:
        """Note in a new object, in the request's version, who made it what it is."""
        new.setdefault("metadata", {})
        live = self._live(old)
        self._manager.update(live, new, manager=write.manager, now=self._now())

    def patched(self, old: Object | None, *, patch: Patch, write: Write) -> Object:
        """The stored object with a patch on it."""
        live = self._live(old) or {}
        new = patch.apply(live)
        self._manager.update(live, new, manager=write.manager, now=self._now())
        return new

    def applied(self, old: Object | None, wish: Object, write: Write, *, force: bool) -> Object:
        """The stored object with a manager's wish fulfilled."""
        return self._manager.apply(
            self._live(old), wish, manager=write.manager, force=force, now=self._now()
        )

    def _live(self, old: Object | None) -> Object | None:
        return None if old is None else convert(old, self._registry.kind, self._kind)

    def _now(self) -> str:
        return timestamp(self._registry.clock.now())


class ApplyPatch:
    """The body of a server-side apply: not a change but a wish."""

    def __init__(
        self, body: bytes, owners: Owners, write: Write, *, force: bool, validation: str
    ) -> None:
        self._owners = owners
        self._write = write
        self._force = force
        self._wish = _read(body)
        self._repeated = repeated_keys(body) if validation in ("Strict", "Warn") else []
        self._strict = validation == "Strict"

    def apply(self, old: Object | None) -> Object:
        """The object that fulfils the wish; raises 409 for conflicts."""
        applied = self._owners.applied(old, self._wish, self._write, force=self._force)
        if self._repeated:
            found = "\n".join(self._repeated)
            problem = f"error converting YAML to JSON: yaml: unmarshal errors:\n{found}"
            if self._strict:
                raise bad_request(f"error strict decoding YAML: {problem}")
            if problem not in self._write.warnings:
                self._write.warnings.append(problem)
        return applied


def _read(body: bytes) -> Object:
    try:
        content: Any = load_yaml(body)
    except ValueError as error:
        raise bad_request(f"error decoding YAML: {error}") from None
    if not isinstance(content, dict):
        raise bad_request(
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: "
            "cannot unmarshal into Go value of type map[string]interface {}"
        )
    return content
