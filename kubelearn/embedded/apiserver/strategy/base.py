"""What the registry asks about a kind, and the answers for a kind with nothing special.

Stands for the `strategy.go` of each resource (k8s.io/kubernetes `pkg/registry/*/*`). Its methods
change the new object in place, before validation; the old one is never touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from kubelearn.embedded.apiserver.encoding import decode, encode
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.objects import Object


class Strategy:
    """The rules of one kind."""

    generation: ClassVar[bool] = False
    """Whether `metadata.generation` counts the changes of the spec."""
    returns_deleted: ClassVar[bool] = False
    """Whether DELETE answers with the object; else with a `Status`."""
    create_on_update: ClassVar[bool] = False
    """Whether PUT makes an object that is not there."""
    unconditional_update: ClassVar[bool] = True
    """Whether PUT may leave out the resourceVersion."""
    collects_dependents: ClassVar[bool] = True
    """Whether the garbage collector takes part in deletion at all."""
    holds: ClassVar[bool] = False
    """Whether objects hold something of the cluster, so that `settle` has to be called."""
    orphans: ClassVar[bool] = False
    """Whether dependents stay when nobody says what is to become of them."""
    first_status: ClassVar[Object | None] = None
    """The status of a new object; None leaves out the field."""
    fields: ClassVar[tuple[str, ...]] = ()
    """The paths that field selectors may name, besides name and namespace."""

    aliases: ClassVar[dict[str, str]] = {}
    """Other names for those paths: of old clients, or of another version."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.has_status = any(each.name == "status" for each in kind.subresources)

    def prepare_for_create(self, new: Object) -> None:
        """Set and clear what a client may not decide."""
        if self.generation:
            new["metadata"]["generation"] = 1
        if self.has_status:
            _put(new, "status", self.first_status)

    def prepare_for_update(self, new: Object, old: Object) -> None:
        """Keep what a client may not change here, above all the status."""
        if self.has_status:
            _put(new, "status", old.get("status"))
        if self.generation and self.changes_generation(new, old):
            new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1

    def prepare_for_status_update(self, new: Object, old: Object) -> None:
        """Keep everything but status and metadata."""
        for name in (new.keys() | old.keys()) - {"status", "metadata"}:
            _put(new, name, old.get(name))

    def reset_fields(self, subresource: str) -> tuple[str, ...]:
        """The paths that a write through that door leaves as they are."""
        if subresource == "status":
            return ("spec",)
        return ("status",) if self.has_status and subresource != "scale" else ()

    def changes_generation(self, new: Object, old: Object) -> bool:
        """Whether the desired state differs."""
        return bool(new.get("spec") != old.get("spec"))

    def grace_period(self, obj: Object, requested: int | None) -> int | None:
        """Seconds until the object goes; None for kinds that know no grace."""
        return None

    @property
    def converts(self) -> bool:
        """Whether `convert_ahead` does anything."""
        return False

    async def convert_ahead(self, values: Iterable[bytes]) -> None:
        """Do what has to be waited for before stored states are loaded or shown."""

    async def to_store(self, obj: Object) -> Object:
        """What to give to `dump`, if that has to be waited for."""
        return obj

    def load(self, value: bytes) -> Object:
        """The object in stored bytes."""
        return decode(value)

    def dump(self, obj: Object, *, revision: int = 0) -> bytes:
        """The bytes to store; revision 0 leaves out the resourceVersion (dry run)."""
        return encode(obj, revision=revision)

    def is_current(self, value: bytes) -> bool:
        """Whether bytes are stored in the version in which they would be stored now."""
        return True

    def admit_new(self, obj: Object) -> None:
        """Refuse new objects where there may be none; raises StatusError."""

    def terminate(self, obj: Object, *, now: str) -> bool:
        """Show in the object that its deletion has begun; False where nothing shows it."""
        return False

    def may_vanish(self, obj: Object) -> bool:
        """Whether a deleted object without finalizers may be removed now."""
        return True

    def begin(self, new: Object, old: Object | None, *, dry_run: bool) -> None:
        """Reserve what the object needs of the cluster; called before validation."""

    def settle(self, owner: str, current: Object | None) -> None:
        """A write is over, well or not, and `current` is the state now: adjust what it holds."""

    def canonicalize(self, obj: Object) -> None:
        """Last touches, after validation."""

    def warnings(self, new: Object, old: Object | None) -> Iterable[str]:
        """What the client should know although the request succeeds."""
        return ()

    def selectable_fields(self, obj: Object) -> dict[str, str]:
        """The values that field selectors compare with."""
        meta = obj["metadata"]
        found = {"metadata.name": meta.get("name", "")}
        if self.kind.namespaced:
            found["metadata.namespace"] = meta.get("namespace", "")
        for path in self.fields:
            found[path] = field_text(obj, path)
        return found

    def supports_field(self, path: str) -> bool:
        """Whether a field selector may name that path."""
        if path == "metadata.namespace":
            return self.kind.namespaced
        return path == "metadata.name" or path in self.fields

    def unsupported_field(self, path: str) -> str:
        """What to say about any other path."""
        if self.fields:
            return f"field label not supported: {path}"
        return f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"'


def field_text(obj: Any, path: str) -> str:
    """A field as a selector compares it: text, `true`, or empty when it is not there."""
    for name in path.split("."):
        obj = obj.get(name) if isinstance(obj, dict) else None
    if isinstance(obj, bool):
        return "true" if obj else "false"
    return "" if obj is None else str(obj)


def _put(obj: Object, name: str, value: Any) -> None:
    if value is None:
        obj.pop(name, None)
    else:
        obj[name] = dict(value) if isinstance(value, dict) else value
