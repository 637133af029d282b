"""One write, as admission speaks of it."""

from __future__ import annotations

from dataclasses import dataclass

from kubelearn.embedded.apiserver import defaults, serializer
from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.write import Write
from kubelearn.objects import Object


@dataclass(slots=True)
class Attributes:
    """What happens (CREATE, UPDATE, DELETE or CONNECT) to which object.

    The new object of a connection is its options, such as `PodExecOptions`.
    """

    registry: Registry
    write: Write
    operation: str
    new: Object | None
    old: Object | None
    part: Kind | None = None
    """The kind of a part, such as `Scale`, where that is not the object's own."""

    @property
    def written_as(self) -> Object:
        """As what the object is written: group, version and kind."""
        kind = self.part or self.registry.kind
        options = self.new if self.operation == "CONNECT" else None
        name = str(options["kind"]) if options else kind.kind
        return {"group": kind.group, "version": kind.version, "kind": name}

    @property
    def namespace(self) -> str:
        """Empty for objects of the cluster; a Namespace lies in itself."""
        return self.name if self._is_namespace else self.write.namespace

    @property
    def name(self) -> str:
        """The object's name; empty while it is to be generated."""
        if self.write.name:
            return self.write.name
        return str(((self.new or self.old or {}).get("metadata") or {}).get("name", ""))

    @property
    def namespaced(self) -> bool:
        """Whether it lies in a namespace."""
        return self.registry.kind.namespaced

    @property
    def _is_namespace(self) -> bool:
        kind = self.registry.kind
        return (kind.group, kind.plural) == ("", "namespaces")

    def become(self, changed: Object) -> bool:
        """Make the new object this one, in place; says whether that changes it.

        Raises DecodeError when it is none of its kind.
        """
        kind = self.part or self.registry.kind
        typed = {"kind": kind.kind, "apiVersion": kind.api_version, **changed}
        decoded = serializer.decode(kind, typed).object
        defaults.apply(kind, decoded)
        if self.new is None or decoded == self.new:
            return False
        self.new.clear()
        self.new.update(decoded)
        return True

    def namespace_labels(self) -> dict[str, str] | None:
        """The labels of the namespace that counts; None for an object that has none."""
        if self._is_namespace and self.new is not None:
            return _labels(self.new)
        if not (self.namespaced or self._is_namespace):
            return None
        found = self.registry.store.get(f"/registry/namespaces/{self.namespace}")
        return _labels(decode(found.value)) if found else {}

    def object_labels(self) -> list[dict[str, str]]:
        """The labels of the new and the old object, as far as there are such."""
        return [_labels(obj) for obj in (self.new, self.old) if obj is not None]


def _labels(obj: Object) -> dict[str, str]:
    """An object's labels."""
    return (obj.get("metadata") or {}).get("labels") or {}
