"""One kind's objects: create, read, update, delete, with the rules that all kinds share.

Stands for k8s.io/apiserver `pkg/registry/generic/registry/store.go` and
`pkg/registry/rest/{create,update}.go`; deletion is in `deletion.py`, lists are in `listing.py`.
What a kind has of its own is its strategy's business.
"""

from __future__ import annotations

import random as randomness
import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

from kubelearn.embedded.apiserver import preconditions, validation
from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.managedfields import same_but_for_times
from kubelearn.embedded.apiserver.names import generate_name
from kubelearn.embedded.apiserver.selection import Selection
from kubelearn.embedded.apiserver.status import (
    Cause,
    FieldProblem,
    StatusError,
    already_exists,
    bad_request,
    conflict,
    generate_name_conflict,
    invalid,
    not_found,
    too_many_requests,
    unknown,
)
from kubelearn.embedded.apiserver.strategy import Strategy
from kubelearn.embedded.apiserver.write import Write
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.store import KeyExists, KeyValue, Stale, Store
from kubelearn.objects import Object, timestamp

# Upstream too tries so often to find a name that nobody has.
_GENERATE_ATTEMPTS = 8
_SYSTEM_FIELDS = (
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
)


Admit = Callable[["Registry", Write, Object, Object | None], Awaitable[None]]
"""One step of admission: (registry, circumstances, new object, old one or None)."""


class AdmissionControl(Protocol):
    """What has a say in each write besides its strategy."""

    async def admit(
        self, registry: Registry, write: Write, new: Object, old: Object | None
    ) -> None:
        """Change the new object, or refuse it, before it is validated."""

    async def validate(
        self, registry: Registry, write: Write, new: Object, old: Object | None
    ) -> None:
        """Refuse the new object; it is valid, and changes no more."""

    async def delete(self, registry: Registry, write: Write) -> None:
        """Refuse to delete an object."""

    async def create_part(self, registry: Registry, write: Write, kind: Kind, obj: Object) -> None:
        """Change or refuse something that is asked of an object, such as an `Eviction`."""

    async def connect(self, registry: Registry, write: Write, *, options: Object) -> None:
        """Refuse a connection to an object; `options` say what for, such as `PodExecOptions`."""


Change = Callable[[Object | None], Object]
"""Makes the new object from the stored one; None when there is none."""

Prepare = Callable[[Object, Object], None]
Validate = Callable[[Kind, Object, Object], Sequence[FieldProblem]]


class Registry:
    """The objects of one kind."""

    def __init__(
        self,
        strategy: Strategy,
        *,
        store: Store,
        clock: Clock,
        random: randomness.Random,
        admission: AdmissionControl,
    ) -> None:
        self.strategy = strategy
        self.kind = strategy.kind
        self.store = store
        self.clock = clock
        self.random = random
        self.admission = admission
        self.selection = Selection(strategy)

    # --- reading ---------------------------------------------------------------------------

    def prefix(self, namespace: str = "") -> str:
        """What the keys of all objects begin with, or those of one namespace."""
        whole = f"{self.kind.storage_prefix}/"
        return f"{whole}{namespace}/" if namespace else whole

    def key(self, namespace: str, name: str) -> str:
        """Where an object lies in the store."""
        return self.prefix(namespace if self.kind.namespaced else "") + name

    def get(self, namespace: str, name: str) -> KeyValue:
        """An object as it is now; raises 404."""
        found = self.store.get(self.key(namespace, name))
        if found is None:
            raise self.not_found(name)
        return found

    def not_found(self, name: str) -> StatusError:
        """404 for an object of this kind."""
        return not_found(self.kind.plural, self.kind.group, name)

    def conflict(self, name: str, *problem: str) -> StatusError:
        """409 for an object of this kind."""
        return conflict(self.kind.plural, self.kind.group, name, *problem)

    def check_precondition(self, stored: Object, **sent: str | None) -> None:
        """Raises 409 if a uid or a version that was sent is not what the stored metadata has."""
        key = self.key(stored.get("namespace", ""), stored["name"])
        if problem := preconditions.problem(key, sent=sent, stored=stored):
            raise self.conflict(stored["name"], problem)

    async def convert_present(self, namespace: str) -> None:
        """`convert_all` for all objects, or those of a namespace, if that takes anything."""
        if self.strategy.converts:
            await self.convert_all([kv.value for kv in self.store.range(self.prefix(namespace))])

    async def convert_all(self, values: Iterable[bytes]) -> None:
        """Make stored states ready for a list or a watch. Raises 429 if that cannot be done."""
        try:
            await self.strategy.convert_ahead(values)
        except StatusError as error:
            # Upstream tries to read the whole kind anew.
            what = f"failed to list {self.kind.api_version}, Kind={self.kind.kind}"
            problem = f"storage is (re)initializing: {what}: {error.message}"
            raise too_many_requests(problem, retry_after=1) from None

    # --- creating --------------------------------------------------------------------------

    async def create(self, write: Write, obj: Object) -> bytes:
        """Store a new object: its bytes. Raises 409, and with what others refuse it."""
        meta = obj.setdefault("metadata", {})
        for name in _SYSTEM_FIELDS:
            meta.pop(name, None)
        _drop_repeated_owners(write, meta)
        self._check_namespace(write, meta)
        self.strategy.admit_new(obj)
        await self.admission.admit(self, write, obj, None)
        if meta.pop("resourceVersion", None):
            raise unknown("resourceVersion should not be set on objects to be created")
        return await self._create(write, obj)

    async def _create(self, write: Write, obj: Object) -> bytes:
        meta = obj["metadata"]
        generated = bool(meta.get("generateName")) and not meta.get("name")
        if generated:
            self._generate_name(write, meta)
        meta["uid"] = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        meta["creationTimestamp"] = timestamp(self.clock.now())
        try:
            self.strategy.begin(obj, None, dry_run=write.dry_run)
            self._finish_new(write, obj)
            await self.admission.validate(self, write, obj, None)
            return await self._store_new(write, obj, generated=generated)
        finally:
            self._settle(write, meta.get("name", ""))

    def _finish_new(self, write: Write, obj: Object) -> None:
        self.strategy.prepare_for_create(obj)
        self._refuse(obj, validation.validate_create(self.kind, obj))
        write.warnings.extend(self.strategy.warnings(obj, None))
        self.strategy.canonicalize(obj)

    async def _store_new(self, write: Write, obj: Object, *, generated: bool) -> bytes:
        name = obj["metadata"]["name"]
        obj = await self.strategy.to_store(obj)
        key = self.key(write.namespace, name)
        try:
            if write.dry_run:
                if current := self.store.get(key):
                    raise KeyExists(current)
                return self.strategy.dump(obj)
            made = await self.store.create(
                key, lambda revision: self.strategy.dump(obj, revision=revision)
            )
            return made.value
        except KeyExists as error:
            if generated:
                raise generate_name_conflict(self.kind.plural, self.kind.group, name) from None
            deleting = "deletionTimestamp" in decode(error.current.value)["metadata"]
            raise already_exists(
                self.kind.plural, self.kind.group, name, deleting=deleting
            ) from None

    def _generate_name(self, write: Write, meta: Object) -> None:
        for _ in range(_GENERATE_ATTEMPTS):
            meta["name"] = generate_name(meta["generateName"], self.random)
            if self.store.get(self.key(write.namespace, meta["name"])) is None:
                return

    def _check_namespace(self, write: Write, meta: Object) -> None:
        expected = write.namespace if self.kind.namespaced else ""
        if not meta.get("namespace") and expected:
            meta["namespace"] = expected
        if meta.get("namespace", "") != expected:
            raise bad_request(
                "the namespace of the provided object does not match the namespace sent on "
                "the request"
            )

    # --- updating --------------------------------------------------------------------------

    async def update(
        self,
        write: Write,
        change: Change,
        *,
        prepare: Prepare | None = None,
        validate: Validate | None = None,
        may_create: bool = False,
    ) -> tuple[bytes, bool]:
        """Change the object `write.name`; a write in between makes it start again.

        Gives the new bytes, and whether the object is new. `prepare` and `validate` are those of
        a subresource; without them the strategy's own.
        """
        key = self.key(write.namespace, write.name)
        while True:
            current = self.store.get(key)
            if current is None:
                return await self._create_by_update(write, change, may_create=may_create), True
            await self.strategy.convert_ahead([current.value])
            old = self.strategy.load(current.value)
            new = change(self.strategy.load(current.value))
            _drop_repeated_owners(write, new["metadata"])
            self._check_version(write, new, current)
            self._check_namespace(write, new["metadata"])
            await self.admission.admit(self, write, new, old)
            try:
                self._apply(write, new, old, prepare, validate)
                await self.admission.validate(self, write, new, old)
                return await self._store_changed(write, new, old, current), False
            except Stale:
                continue
            finally:
                self._settle(write, write.name)

    def _settle(self, write: Write, name: str) -> None:
        """A write is over, well or not: let the object hold what its state shows."""
        if self.strategy.holds and not write.dry_run:
            now = self.store.get(self.key(write.namespace, name))
            self.strategy.settle(f"{write.namespace}/{name}", decode(now.value) if now else None)

    async def _create_by_update(self, write: Write, change: Change, *, may_create: bool) -> bytes:
        if not may_create:
            raise self.not_found(write.name)
        new = change(None)
        if uid := new["metadata"].get("uid"):
            raise self.conflict(
                write.name,
                f"uid mismatch: the provided object specified uid {uid}, "
                "and no existing object was found",
            )
        return await self.create(write, new)

    def _check_version(self, write: Write, new: Object, current: KeyValue) -> None:
        meta = new["metadata"]
        version = preconditions.version_of(meta)
        if version:
            if version != current.mod_revision:
                raise self.conflict(write.name)
        elif not self.strategy.unconditional_update:
            text = "Invalid value: 0: must be specified for an update"
            cause = Cause("FieldValueInvalid", text, "metadata.resourceVersion")
            raise invalid(self.kind.plural, self.kind.group, write.name, [cause])
        meta["resourceVersion"] = str(current.mod_revision)

    def _apply(
        self,
        write: Write,
        new: Object,
        old: Object,
        prepare: Prepare | None,
        validate: Validate | None,
    ) -> None:
        """All that makes a changed object fit to be stored."""
        meta, before = new["metadata"], old["metadata"]
        self.strategy.begin(new, old, dry_run=write.dry_run)
        _keep(meta, before, "generation")
        (prepare or self.strategy.prepare_for_update)(new, old)
        meta.setdefault("uid", before["uid"])
        _keep(meta, before, "creationTimestamp")
        if "deletionTimestamp" in before:
            _keep(meta, before, "deletionTimestamp")
            if "deletionGracePeriodSeconds" in before:
                meta.setdefault("deletionGracePeriodSeconds", before["deletionGracePeriodSeconds"])
        self._refuse(new, (validate or validation.validate_update)(self.kind, new, old))
        if prepare is None:
            write.warnings.extend(self.strategy.warnings(new, old))
        self.strategy.canonicalize(new)

    async def _store_changed(
        self, write: Write, new: Object, old: Object, current: KeyValue
    ) -> bytes:
        if is_finalized(new, old) and self.strategy.may_vanish(new):
            return await self._finalize(write, new, old, current)
        same = new == old or same_but_for_times(new, old)
        if same and self.strategy.is_current(current.value):
            return current.value
        stored = await self.strategy.to_store(new)
        if write.dry_run:
            return self.strategy.dump(stored, revision=current.mod_revision)
        changed = await self.store.update(
            current.key,
            lambda revision: self.strategy.dump(stored, revision=revision),
            expected=current.mod_revision,
        )
        return changed.value

    async def _finalize(self, write: Write, new: Object, old: Object, current: KeyValue) -> bytes:
        """The last finalizer is gone, so the object is; watches see it as it was stored."""
        old, new = await self.strategy.to_store(old), await self.strategy.to_store(new)
        if not write.dry_run:
            await self.store.delete(
                current.key,
                lambda revision: self.strategy.dump(old, revision=revision),
                expected=current.mod_revision,
            )
        return self.strategy.dump(new, revision=current.mod_revision)

    def _refuse(self, obj: Object, problems: Sequence[FieldProblem]) -> None:
        if problems:
            name = obj["metadata"].get("name", "")
            # A custom resource may claim to be of another kind, and is called so.
            kind = obj["kind"] if self.kind.custom else self.kind.kind
            raise invalid(kind, self.kind.group, name, problems)


def is_finalized(new: Object, old: Object) -> bool:
    """Whether this update takes the last finalizer off an object that is being deleted."""
    before = old["metadata"]
    return (
        not new["metadata"].get("finalizers")
        and "deletionTimestamp" in before
        and not before.get("deletionGracePeriodSeconds")
    )


def _drop_repeated_owners(write: Write, meta: Object) -> None:
    """An owner that is named twice, word for word, is meant once."""
    references = meta.get("ownerReferences") or []
    unique = [each for i, each in enumerate(references) if each not in references[:i]]
    if len(unique) < len(references):
        repeated = [each["uid"] for i, each in enumerate(references) if each in references[:i]]
        write.warnings.append(
            ".metadata.ownerReferences contains duplicate entries; API server dedups owner "
            "references in 1.20+, and may reject such requests as early as 1.24; please fix your "
            f"requests; duplicate UID(s) observed: {', '.join(repeated)}"
        )
        meta["ownerReferences"] = unique


def _keep(meta: Object, before: Object, name: str) -> None:
    if name in before:
        meta[name] = before[name]
    else:
        meta.pop(name, None)
