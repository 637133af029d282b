"""Deletion: preconditions, grace, finalizers, and what becomes of dependents.

Stands for k8s.io/apiserver `pkg/registry/rest/delete.go` and the deleting half of
`pkg/registry/generic/registry/store.go`. An object goes at once, or it is marked with a
deletionTimestamp and goes when its grace is over and the last finalizer is removed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from kubelearn.embedded.apiserver.encoding import decode, encode
from kubelearn.embedded.apiserver.options import DeleteOptions
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.status import StatusError, conflict, success
from kubelearn.embedded.apiserver.write import Write
from kubelearn.embedded.store import KeyValue, Stale
from kubelearn.objects import Object, parse_time, timestamp

_FOREGROUND = "foregroundDeletion"
_ORPHAN = "orphan"

Outcome = Literal["keep", "mark", "remove"]


@dataclass(frozen=True, slots=True)
class Deleted:
    """The object as the answer shows it, and whether it is gone from the store."""

    value: bytes
    gone: bool


async def delete(registry: Registry, write: Write, options: DeleteOptions) -> Deleted:
    """Delete the object `write.name`, or begin to."""
    await registry.admission.delete(registry, write)
    while True:
        current = registry.get(write.namespace, write.name)
        obj = decode(current.value)
        _check_preconditions(registry, obj, options)
        outcome = _decide(registry, obj, options)
        if outcome == "keep":
            return Deleted(current.value, gone=False)
        try:
            if outcome == "mark":
                return Deleted(await _mark(registry, write, obj, current), gone=False)
            return Deleted(await _remove(registry, write, obj, current), gone=True)
        except Stale:
            if options.resource_version is not None:
                _refuse_version(registry, write, options)
            # Somebody else was faster; look again, the object may even be gone.


def answer(registry: Registry, deleted: Deleted) -> bytes | Object:
    """What a DELETE request gets: the object, or a `Status` naming it."""
    if registry.strategy.returns_deleted or not deleted.gone:
        return deleted.value
    meta = decode(deleted.value)["metadata"]
    details = {"name": meta["name"], "group": registry.kind.group, "kind": registry.kind.plural}
    details["uid"] = meta["uid"]
    return success({key: value for key, value in details.items() if value})


def _check_preconditions(registry: Registry, obj: Object, options: DeleteOptions) -> None:
    meta = obj["metadata"]
    if options.uid is not None and options.uid != meta["uid"]:
        raise _precondition(
            registry,
            meta["name"],
            f"the UID in the precondition ({options.uid}) does not match the UID in record "
            f"({meta['uid']}). The object might have been deleted and then recreated",
        )
    version = options.resource_version
    if version is not None and version != meta["resourceVersion"]:
        raise _precondition(
            registry,
            meta["name"],
            f"the ResourceVersion in the precondition ({version}) does not match the "
            f"ResourceVersion in record ({meta['resourceVersion']}). "
            "The object might have been modified",
        )


def _precondition(registry: Registry, name: str, problem: str) -> StatusError:
    # Upstream names the kind here where it names the resource everywhere else.
    return conflict(registry.kind.kind, registry.kind.group, name, problem)


def _refuse_version(registry: Registry, write: Write, options: DeleteOptions) -> None:
    current = registry.get(write.namespace, write.name)
    _check_preconditions(registry, decode(current.value), options)


def _decide(registry: Registry, obj: Object, options: DeleteOptions) -> Outcome:
    """What to do with an object, which is changed on the way."""
    meta, strategy = obj["metadata"], registry.strategy
    now = registry.clock.now()
    if strategy.terminate(obj, now=timestamp(now)):
        if "deletionTimestamp" in meta:
            return "remove" if strategy.may_vanish(obj) and not meta.get("finalizers") else "keep"
        meta["deletionTimestamp"] = timestamp(now)
        _set_finalizers(registry, meta, options)
        return "mark"
    requested = options.grace_period_seconds
    if requested is not None and requested < 0:
        requested = 1
    if "deletionTimestamp" in meta and meta.get("deletionGracePeriodSeconds"):
        return _shorten(registry, obj, requested, options)
    grace = None
    if "deletionTimestamp" not in meta:
        grace = strategy.grace_period(obj, requested)
    if grace is not None:
        meta["deletionTimestamp"] = timestamp(now + timedelta(seconds=grace))
        meta["deletionGracePeriodSeconds"] = grace
        if meta.get("generation"):
            meta["generation"] += 1
    _set_finalizers(registry, meta, options)
    if grace:
        return "mark"
    if not meta.get("finalizers"):
        return "remove"
    _mark_deleting(registry, meta, graceful=grace is not None)
    return "mark"


def _shorten(
    registry: Registry, obj: Object, requested: int | None, options: DeleteOptions
) -> Outcome:
    """A graceful deletion is under way: its grace may become shorter, never longer."""
    meta = obj["metadata"]
    left = meta["deletionGracePeriodSeconds"]
    if requested is None or requested >= left:
        return "keep"
    began = parse_time(meta["deletionTimestamp"]) - timedelta(seconds=left)
    now = registry.clock.now()
    end = began + timedelta(seconds=requested)
    if end < now:
        # A graceful end was asked for, so the kubelet still has the last word.
        end, requested = now, min(requested, 1)
    meta["deletionTimestamp"] = timestamp(end)
    meta["deletionGracePeriodSeconds"] = requested
    _set_finalizers(registry, meta, options)
    return "mark" if requested or meta.get("finalizers") else "remove"


def _mark_deleting(registry: Registry, meta: Object, *, graceful: bool) -> None:
    now = registry.clock.now()
    if "deletionTimestamp" not in meta and meta.get("generation") and not graceful:
        meta["generation"] += 1
    if "deletionTimestamp" not in meta or parse_time(meta["deletionTimestamp"]) > now:
        meta["deletionTimestamp"] = timestamp(now)
    meta["deletionGracePeriodSeconds"] = 0


def _set_finalizers(registry: Registry, meta: Object, options: DeleteOptions) -> None:
    """The garbage collector's finalizers, as the propagation policy wants them."""
    strategy = registry.strategy
    if not strategy.collects_dependents:
        return
    present = meta.get("finalizers") or []
    policy = _policy(options, present, orphans=strategy.orphans)
    finalizers = [each for each in present if each not in (_FOREGROUND, _ORPHAN)]
    if policy in ("Orphan", "Foreground"):
        finalizers.append(_ORPHAN if policy == "Orphan" else _FOREGROUND)
    if set(finalizers) != set(present):
        meta["finalizers"] = finalizers
        if not finalizers:
            del meta["finalizers"]


def _policy(options: DeleteOptions, present: list[str], *, orphans: bool) -> str:
    """The request decides, else finalizers that are there, else the kind."""
    if options.orphan_dependents is not None:
        return "Orphan" if options.orphan_dependents else "Background"
    if options.propagation_policy:
        return options.propagation_policy
    if _ORPHAN in present:
        return "Orphan"
    if _FOREGROUND in present:
        return "Foreground"
    return "Orphan" if orphans else "Background"


async def _mark(registry: Registry, write: Write, obj: Object, current: KeyValue) -> bytes:
    if write.dry_run:
        return encode(obj, revision=current.mod_revision)
    if obj == decode(current.value):
        return current.value
    marked = await registry.store.update(
        current.key,
        lambda revision: encode(obj, revision=revision),
        expected=current.mod_revision,
    )
    return marked.value


async def _remove(registry: Registry, write: Write, obj: Object, current: KeyValue) -> bytes:
    if write.dry_run:
        return encode(obj, revision=current.mod_revision)
    removed = await registry.store.delete(
        current.key,
        lambda revision: encode(obj, revision=revision),
        expected=current.mod_revision,
    )
    registry.strategy.settle(f"{write.namespace}/{write.name}", None)
    return removed.value


async def delete_all(
    registry: Registry, write: Write, items: list[KeyValue], options: DeleteOptions
) -> None:
    """Delete each of the listed objects; those that vanish meanwhile are no error."""
    for item in items:
        meta = decode(item.value)["metadata"]
        each = replace(write, namespace=meta.get("namespace", ""), name=meta["name"])
        try:
            await delete(registry, each, options)
        except StatusError as error:
            if error.reason != "NotFound":
                raise
