"""What the store refuses; a branch of the tree in `kubelearn.errors`.

StoreError
├── KeyExists       create: the key has a value
├── Stale           update, delete: the key has changed since the revision that was expected
├── Compacted       a revision of the past is no longer kept
└── StoreFailed     the disk: nothing was written; reading goes on
"""

from __future__ import annotations

from kubelearn.embedded.store.keyvalue import KeyValue
from kubelearn.errors import KubelearnError


class StoreError(KubelearnError):
    """The store did not do what it was asked."""


class KeyExists(StoreError):
    """The key that was to be created has a value."""

    def __init__(self, current: KeyValue) -> None:
        super().__init__(f"{current.key} exists since revision {current.create_revision}")
        self.current = current


class Stale(StoreError):
    """The key is not as the writer saw it; `current` is its state now, None when it is gone."""

    def __init__(self, key: str, *, expected: int, current: KeyValue | None) -> None:
        now = f"is at revision {current.mod_revision}" if current else "does not exist"
        super().__init__(f"{key} was expected at revision {expected} but {now}")
        self.current = current


class Compacted(StoreError):
    """That part of the past is forgotten; read the present and go on from there."""

    def __init__(self, revision: int, *, compacted: int) -> None:
        super().__init__(f"revision {revision} is forgotten: compacted up to {compacted}")
        self.compacted = compacted


class StoreFailed(StoreError):
    """The file could not be written or read; after a failed write all is as it was before."""
