"""Events are forgotten an hour after they were written last.

Stands for `--event-ttl`: upstream each write of an Event renews a lease of etcd, and etcd deletes
what has none any more (k8s.io/kubernetes `pkg/registry/core/event/storage`, etcd `server/lease`).
Our store has no leases. It is enough to know which revision was the newest an hour ago: what has
an older one has expired. As with etcd's leases, a restart begins the hour anew.
"""

from __future__ import annotations

from collections import deque

from kubelearn.embedded.apiserver.encoding import decode, encode
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.store import KeyValue, Stale, StoreFailed

_TTL = 3600.0
_INTERVAL = 60.0


class EventTTL:
    """Deletes the Events that nobody has told again for an hour."""

    def __init__(self, events: Registry, *, clock: Clock) -> None:
        self._events = events
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    async def run(self) -> None:
        """Look every minute, until cancelled."""
        while True:
            await self.look()
            await self._clock.sleep(_INTERVAL)

    async def look(self) -> None:
        """Forget what has expired; to be called every minute or so."""
        expired = self._expired()
        for kv in self._events.store.range(self._events.prefix()):
            if kv.mod_revision <= expired:
                await self._forget(kv)

    def _expired(self) -> int:
        """The newest revision of an hour ago; 0 while nobody has looked for so long."""
        now, expired = self._clock.monotonic(), 0
        self._seen.append((now, self._events.store.revision))
        while self._seen[0][0] <= now - _TTL:
            expired = self._seen.popleft()[1]
        return expired

    async def _forget(self, kv: KeyValue) -> None:
        obj = decode(kv.value)
        try:
            await self._events.store.delete(
                kv.key,
                lambda revision: encode(obj, revision=revision),
                expected=kv.mod_revision,
            )
        except (Stale, StoreFailed):
            # Told again this moment, or no room for the deletion: the next look will find it.
            return
