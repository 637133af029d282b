"""Who owns which field of an object: `metadata.managedFields`, kept up to date with every write.

Stands for k8s.io/apimachinery `pkg/util/managedfields/internal` and sigs.k8s.io/structured-merge-
diff `merge/update.go`. A plain write takes ownership of what it changes. An apply says all that its
manager wishes: it takes what it names, lets go of what it no longer names, and conflicts with
whoever else owns what it would change. Left out: ownership across versions of a kind.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from kubelearn.embedded.apiserver import defaults, serializer
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.managedfields.conflict import Conflicts
from kubelearn.embedded.apiserver.managedfields.fieldset import FieldSet, Path
from kubelearn.embedded.apiserver.managedfields.ownership import (
    Manager,
    Owned,
    Ownership,
    capped,
    read,
    write,
)
from kubelearn.embedded.apiserver.managedfields.shape import ShapeError, shape_of
from kubelearn.embedded.apiserver.managedfields.typed import (
    ABSENT,
    compare,
    field_set,
    merge,
    problems,
    remove,
    with_structs,
)
from kubelearn.embedded.apiserver.status import bad_request, unknown
from kubelearn.objects import Object, annotations_of

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
# What only the server writes has no owner.
_UNOWNED = FieldSet.of(
    ("f:apiVersion",),
    ("f:kind",),
    ("f:metadata",),
    *(
        ("f:metadata", f"f:{name}")
        for name in (
            "name", "namespace", "creationTimestamp", "selfLink", "uid", "generation",
            "managedFields", "resourceVersion",
        )
    ),
)  # fmt: skip


class FieldManager:
    """Keeps the managed fields of one kind's objects."""

    def __init__(self, kind: Kind, *, subresource: str = "", ignored: FieldSet) -> None:
        """`ignored` are the fields that a write through this door does not change."""
        self._kind = kind
        self._subresource = subresource
        self._ignored = ignored
        self._shape = shape_of(kind)
        self._blank: Object = {"metadata": {}}
        if not kind.custom:
            self._blank |= serializer.decode(kind, {}).object

    def update(self, old: Object | None, new: Object, *, manager: str, now: str) -> None:
        """Note in `new` who made it what it is; nobody, if its parts cannot be told apart."""
        try:
            self._update(old, new, manager=manager, now=now)
        except ShapeError:
            # Validation will say what is wrong; if nothing is, upstream keeps no record either.
            new["metadata"].pop("managedFields", None)

    def _update(self, old: Object | None, new: Object, *, manager: str, now: str) -> None:
        live = self._blank if old is None else old
        owners = self._owners(live, new)
        new["metadata"].pop("managedFields", None)
        changed = compare(_bare(live), new, self._shape).without(self._ignored)
        taken = changed.modified | changed.added
        if owners:
            lost = taken | changed.removed
            for owned in owners.values():
                owned.lose(lost)
        if mine := taken - _UNOWNED:
            me = self._manager(manager, "Update")
            before = owners.pop(me, Owned(FieldSet())).fields
            owners[me] = Owned(before | mine, now)
        write(new, capped(owners))

    def apply(
        self, old: Object | None, wish: Object, *, manager: str, force: bool, now: str
    ) -> Object:
        """The object as this manager wishes it; raises 409 for conflicts."""
        self._check(wish)
        live = self._blank if old is None else old
        try:
            applied = self._apply(live, wish, manager=manager, force=force, now=now)
        except Conflicts as error:
            if manager != "kubectl" or not self._were_applied(live, error.paths()):
                raise error.status() from None
            applied = self._apply(live, wish, manager=manager, force=True, now=now)
        if manager == "kubectl":
            _renew_last_applied(applied, wish)
        return applied

    def _apply(self, live: Object, wish: Object, *, manager: str, force: bool, now: str) -> Object:
        owners = read(live)
        me = next((each for each in owners if self._is_me(each, manager)), None)
        last = owners.pop(me) if me else Owned(FieldSet())
        mine = field_set(wish, self._shape).without(self._ignored)
        merged = merge(_bare(live), wish, self._shape)
        others = [owned.fields for owned in owners.values()]
        merged = self._pruned(merged, last.fields, mine, others)
        changed = compare(_bare(live), merged, self._shape).without(self._ignored)
        taken = changed.modified | changed.added
        conflicts = {who: owned.fields & taken for who, owned in owners.items()}
        if not force and any(conflicts.values()):
            raise Conflicts({who: fields for who, fields in conflicts.items() if fields})
        for who, owned in owners.items():
            owned.lose(conflicts[who] | changed.removed)
        # Who applies what is there already owns it too, but has changed nothing at any time.
        time = last.time if merged == _bare(live) else now
        owners[self._manager(manager, "Apply")] = Owned(mine - _UNOWNED, time)
        decoded = serializer.decode(self._kind, merged).object
        defaults.apply(self._kind, decoded)
        write(decoded, owners)
        return decoded

    def _pruned(
        self, merged: Object, before: FieldSet, mine: FieldSet, others: list[FieldSet]
    ) -> Object:
        """Without what this manager applied before, does not now, and nobody else owns."""
        if not before:
            return merged
        shape = self._shape
        kept = mine
        for each in others:
            kept = kept | each
        everything = with_structs(field_set(merged, shape), shape)
        rest = _or_empty(remove(merged, with_structs(before, shape), shape))
        left = with_structs(field_set(rest, shape), shape) | with_structs(kept, shape)
        rest = _or_empty(remove(merged, everything - left, shape))
        left = with_structs(field_set(rest, shape), shape)
        return _or_empty(remove(merged, (everything - left) & with_structs(before, shape), shape))

    def _check(self, wish: Object) -> None:
        api_version, kind = (_text(wish.get(name)) for name in ("apiVersion", "kind"))
        if (api_version, kind) != (self._kind.api_version, self._kind.kind):
            group_version = api_version if "/" in api_version else f"/{api_version}"
            if not api_version:
                group_version = "/"
            raise bad_request(f"invalid object type: {group_version}, Kind={kind}")
        meta = wish.get("metadata")
        if not isinstance(meta, dict):
            meta = {}
        if "managedFields" in meta:
            raise bad_request("metadata.managedFields must be nil")
        found = list(problems(wish, self._shape))
        if found:
            text = found[0] if len(found) == 1 else "errors:\n" + "".join(
                f"  {each}\n" for each in found
            )  # fmt: skip
            group_version = api_version if "/" in api_version else f"/{api_version}"
            name = f"{meta.get('namespace', '')}/{meta.get('name', '')}"
            raise unknown(
                f"failed to create typed patch object ({name}; {group_version}, Kind={kind}): "
                f"{text}"
            )

    def _were_applied(self, live: Object, paths: list[Path]) -> bool:
        """Whether kubectl itself set these fields, before it applied on the server's side."""
        text = annotations_of(live).get(LAST_APPLIED)
        try:
            last = orjson.loads(text or "")
        except orjson.JSONDecodeError:
            return False
        if not isinstance(last, dict) or last.get("apiVersion") != self._kind.api_version:
            return False
        changed = compare(last, _bare(live), self._shape)
        same = field_set(last, self._shape) - changed.modified - changed.added - changed.removed
        return all(path in same for path in paths)

    def _owners(self, live: Object, new: Object) -> Ownership:
        """The owners so far; a client may hand in others, or clear them with an empty list."""
        sent = new["metadata"].get("managedFields")
        if self._subresource or sent is None:
            return read(live)
        return read(new, stored=False) or ({} if sent in ([], [{}]) else read(live))

    def _manager(self, name: str, operation: str) -> Manager:
        version = self._kind.api_version
        return Manager(name or "unknown", operation, version, self._subresource)

    def _is_me(self, manager: Manager, name: str) -> bool:
        # Whoever applies in another version is still the same manager.
        return replace(manager, api_version="") == replace(
            self._manager(name, "Apply"), api_version=""
        )


def _renew_last_applied(obj: Object, wish: Object) -> None:
    """Keep client-side apply's annotation true, where there is one."""
    annotations = annotations_of(obj)
    if not annotations.get(LAST_APPLIED):
        return
    meta = dict(wish.get("metadata") or {})
    own = {k: v for k, v in (meta.get("annotations") or {}).items() if k != LAST_APPLIED}
    if "annotations" in meta:
        meta["annotations"] = own
    text = orjson.dumps({**wish, "metadata": meta}, option=orjson.OPT_SORT_KEYS)
    annotations[LAST_APPLIED] = text.decode() + "\n"


def _bare(obj: Object) -> Object:
    """The object without its managed fields, which nobody manages."""
    meta = {name: each for name, each in obj["metadata"].items() if name != "managedFields"}
    return {**obj, "metadata": meta}


def _or_empty(value: Any) -> Object:
    return {} if value is ABSENT else value


def same_but_for_times(new: Object, old: Object) -> bool:
    """Whether a write changed nothing but the times of managed fields."""
    if _bare(new) != _bare(old):
        return False
    entries = [each["metadata"].get("managedFields") or [] for each in (new, old)]
    untimed = [[{**entry, "time": None} for entry in each] for each in entries]
    return untimed[0] == untimed[1]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
