"""Every change of some objects, moment by moment, in bounded memory: the oldest are thinned.

A moment has the objects that changed in it, as bytes. Thinning merges neighbours: a state in
between is forgotten, but how things stood at the moments that are left stays true.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import orjson

from kubelearn.objects import Object

Key = tuple[str, str]
"""An object's kind and its key: `namespace/name`."""

MAX_MOMENTS = 600
MAX_BYTES = 16 * 2**20
# What changes within so many seconds is one moment, unless an object changes twice.
TOGETHER = 0.1


@dataclass
class Moment:
    """What changed at a time, in seconds since 1970; None for an object that went."""

    number: int
    at: float
    changes: dict[Key, bytes | None] = field(default_factory=dict)
    notes: dict[Key, Any] = field(default_factory=dict)
    """What the recorder wants to remember of each change."""

    @property
    def size(self) -> int:
        """The bytes of its objects."""
        return sum(len(value or b"") for value in self.changes.values())


class History:
    """The moments since the recording began. Thread-safe."""

    def __init__(self, *, max_moments: int = MAX_MOMENTS, max_bytes: int = MAX_BYTES) -> None:
        self._max_moments = max_moments
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._moments: list[Moment] = []
        self._bytes = 0
        self._made = 0
        self.thinned = 0
        """How often the oldest moments were merged."""

    def record(
        self, now: float, key: Key, obj: Object | None, *, note: Any = None, join: bool = False
    ) -> Moment:
        """Remember a change; with `join` it belongs to the last moment, however long ago."""
        with self._lock:
            moment = self._moment(now, key, join=join)
            value = None if obj is None else orjson.dumps(obj)
            self._bytes += len(value or b"") - len(moment.changes.get(key) or b"")
            moment.changes[key] = value
            moment.notes[key] = note
            if len(self._moments) > self._max_moments or self._bytes > self._max_bytes:
                self._thin()
            return self._moments[-1]

    def _moment(self, now: float, key: Key, *, join: bool) -> Moment:
        last = self._moments[-1] if self._moments else None
        if last and (join or (now - last.at < TOGETHER and key not in last.changes)):
            return last
        self._made += 1
        self._moments.append(Moment(self._made, now))
        return self._moments[-1]

    @property
    def moments(self) -> list[Moment]:
        """All moments, oldest first. They must not be changed."""
        with self._lock:
            return list(self._moments)

    def state(self, number: int) -> dict[Key, Object]:
        """All objects as they were when that moment was over."""
        values: dict[Key, bytes | None] = {}
        for moment in self.moments:
            if moment.number > number:
                break
            values |= moment.changes
        return {key: orjson.loads(value) for key, value in values.items() if value is not None}

    def _thin(self) -> None:
        """Merge each two neighbours of the older half."""
        old = self._moments[: len(self._moments) // 2]
        if len(old) < 2:
            return
        self.thinned += 1
        pairs = [old[i : i + 2] for i in range(0, len(old), 2)]
        merged = [_merged(pair) for pair in pairs]
        # What was gone before the first moment that is left has never been, as far as is known.
        gone = [key for key, value in merged[0].changes.items() if value is None]
        for key in gone:
            del merged[0].changes[key]
            merged[0].notes.pop(key, None)
        self._moments[: len(old)] = merged
        self._bytes = sum(moment.size for moment in self._moments)


def _merged(moments: list[Moment]) -> Moment:
    last = moments[-1]
    whole = Moment(last.number, last.at)
    for moment in moments:
        whole.changes |= moment.changes
        whole.notes |= moment.notes
    return whole
