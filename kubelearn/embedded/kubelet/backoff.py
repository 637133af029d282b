"""Delays that double with every failure: client-go's `util/flowcontrol.Backoff`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from kubelearn.embedded.clock import Clock

_INITIAL, _LONGEST = 10.0, 300.0


@dataclass
class _Entry:
    seconds: float
    updated: datetime


class Backoff:
    """The current delay of each key; it starts anew after twice the longest delay of quiet."""

    def __init__(
        self, clock: Clock, *, initial: float = _INITIAL, longest: float = _LONGEST
    ) -> None:
        self._clock = clock
        self._initial = initial
        self._longest = longest
        self._entries: dict[str, _Entry] = {}

    def seconds(self, key: str) -> float:
        """The delay that the key is at, 0 if it never failed."""
        entry = self._entries.get(key)
        return entry.seconds if entry else 0.0

    def grow(self, key: str) -> None:
        """Note a failure: the first delay, or twice the last one."""
        now, entry = self._clock.now(), self._entries.get(key)
        if entry is None or self._forgotten(entry, now):
            self._entries[key] = _Entry(self._initial, now)
        else:
            self._entries[key] = _Entry(min(entry.seconds * 2, self._longest), now)

    def left_since(self, key: str, event: datetime) -> float:
        """How long the key has to wait still, counted from when `event` was; 0 for no longer."""
        entry = self._entries.get(key)
        if entry is None or self._forgotten(entry, event):
            return 0.0
        return max(entry.seconds - (self._clock.now() - event).total_seconds(), 0.0)

    def left(self, key: str) -> float:
        """How long the key has to wait still, counted from its last failure."""
        entry = self._entries.get(key)
        return self.left_since(key, entry.updated) if entry else 0.0

    def forget(self, prefix: str) -> None:
        """Drop the keys that begin like this."""
        for key in [key for key in self._entries if key.startswith(prefix)]:
            del self._entries[key]

    def _forgotten(self, entry: _Entry, moment: datetime) -> bool:
        return moment - entry.updated > timedelta(seconds=2 * self._longest)
