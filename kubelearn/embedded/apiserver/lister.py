"""The objects of one collection for those who look at all of them with each request.

Stands for the listers of the API server's own informers, such as those that admission reads its
webhooks and policies from. What is stored counts at once; it is decoded when it has changed.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.store import Store
from kubelearn.objects import Object


class Lister:
    """The objects under a prefix, by what follows it in their keys; nobody may change them."""

    def __init__(self, store: Store, prefix: str) -> None:
        self._store = store
        self._prefix = prefix
        self._read_at = -1
        self._objects: dict[str, Object] = {}

    def objects(self) -> dict[str, Object]:
        """All of them, in the order of their names."""
        changed = self._store.last_change(self._prefix)
        if changed != self._read_at:
            found = self._store.range(self._prefix)
            self._objects = {kv.key.removeprefix(self._prefix): decode(kv.value) for kv in found}
            self._read_at = changed
        return self._objects
