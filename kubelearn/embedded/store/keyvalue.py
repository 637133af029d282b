"""States and changes of keys: `mvccpb.KeyValue` and `mvccpb.Event` of etcd's `api/mvccpb/kv.proto`.

Left out: the lease. One difference: the tombstone of a deleted key carries a value, the object's
last state with the deletion's resourceVersion, because that is what a watch shows to clients
(the API server beside a real etcd builds it from the event's `prev_kv`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class KeyValue:
    """One state of a key."""

    key: str
    value: bytes
    create_revision: int
    """The revision in which the key came to life."""
    mod_revision: int
    """The revision of this state; objects show it as their resourceVersion."""
    version: int
    """1 for a new key, one more for each update, 0 for a tombstone."""


@dataclass(frozen=True, slots=True)
class Event:
    """One change of a key."""

    kind: Literal["PUT", "DELETE"]
    kv: KeyValue
    prev: KeyValue | None
    """The state that this one replaced; None for a new key."""


def event(kv: KeyValue, prev: KeyValue | None) -> Event:
    """The change that led from `prev` to `kv`."""
    return Event("PUT" if kv.version else "DELETE", kv, prev)


def prefix_end(prefix: str) -> str:
    """An upper bound of the keys that begin with `prefix` (etcd's `GetPrefixRangeEnd`).

    U+10FFFF is no character and sorts after all of them, in Python's order and in UTF-8's.
    """
    return prefix + "\U0010ffff"
