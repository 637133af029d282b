"""Who owns the replicas of an object, as its Scale shows it.

Stands for k8s.io/apimachinery `pkg/util/managedfields/scalehandler.go`: whoever applies a Scale
meets the owners of the one field that it shows, and the object itself keeps the record.
"""

from __future__ import annotations

from dataclasses import replace

from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.managedfields import FieldManager
from kubelearn.embedded.apiserver.managedfields.fieldset import FieldSet, Path, field
from kubelearn.embedded.apiserver.managedfields.ownership import Manager, Owned, read
from kubelearn.embedded.apiserver.managedfields.ownership import write as write_owners
from kubelearn.embedded.apiserver.owners import Owners
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.write import Part, Write
from kubelearn.objects import Object

_IN_SCALE = (field("spec"), field("replicas"))


class ScaleOwners(Owners):
    """The owners of an object's replicas."""

    def __init__(self, registry: Registry, part: Part) -> None:
        """`part` is the Scale, of the registry's kind."""
        super().__init__(registry.kind, registry, "scale")
        self._part = part

    def applied(self, old: Object | None, wish: Object, write: Write, *, force: bool) -> Object:
        """The stored object with as many replicas as a Scale wishes; raises 409 for conflicts."""
        part, stored = self._part, old or {}
        owners, path = read(stored), _path(self._kind)
        live = part.read(stored)
        shown = {
            _in_version(who, part.kind.api_version): Owned(FieldSet.of(_IN_SCALE), owned.time)
            for who, owned in owners.items()
            if path in owned.fields
        }
        write_owners(live, shown)
        manager = FieldManager(part.kind, subresource="scale", ignored=FieldSet())
        scale = manager.apply(live, wish, manager=write.manager, force=force, now=self._now())
        after = {
            _in_version(who, self._kind.api_version)
            for who, owned in read(scale).items()
            if _IN_SCALE in owned.fields
        }
        for who, owned in owners.items():
            if who not in after:
                owned.lose(FieldSet.of(path))
        for who in after - owners.keys():
            owners[who] = Owned(FieldSet.of(path))
        new = part.put(stored, scale)
        write_owners(new, owners)
        return new


def _path(kind: Kind) -> Path:
    """Where a kind keeps how many replicas are wanted."""
    text = ".spec.replicas"
    if kind.custom:
        text = (kind.custom.scale or {})["specReplicasPath"]
    return tuple(map(field, text.removeprefix(".").split(".")))


def _in_version(manager: Manager, api_version: str) -> Manager:
    return replace(manager, api_version=api_version)
