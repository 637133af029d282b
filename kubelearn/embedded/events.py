"""Events about objects, sent aside so that nobody waits for them: client-go's `tools/record`.

An event that repeats raises the count of the first one; events that differ only in their message
are combined after the tenth; an object that causes too many loses some (`EventCorrelator`). Left
out: the scheduler's newer `events.k8s.io` form; all components write core/v1 Events here.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.errors import ApiError, NotFound, Unreachable
from kubelearn.objects import EVENTS, Object, timestamp

_log = logging.getLogger(__name__)

_WAITING = 1000
_REMEMBERED = 1024
_SIMILAR, _SIMILAR_SECONDS = 10, 600.0
_BURST, _REFILL_SECONDS = 25.0, 300.0
_TRIES, _RETRY_SECONDS = 12, 10.0

_V = TypeVar("_V")


class EventRecorder:
    """Writes Events in the name of one component; `event` returns at once."""

    def __init__(self, client: Client, component: str, *, clock: Clock, host: str = "") -> None:
        self.component = component
        self._client = client
        self._clock = clock
        self._host = host
        self._correlator = EventCorrelator(clock)
        self._waiting: deque[Object] = deque(maxlen=_WAITING)
        self._sender: asyncio.Task[None] | None = None
        self._sent: _Memory[Object] = _Memory()
        self._last_stamp = 0

    def event(
        self, about: Mapping[str, Any], kind: str, reason: str, message: str, *, path: str = ""
    ) -> None:
        """Tell that something happened; `kind` is Normal or Warning.

        `path` names a part of the object, such as `spec.containers{web}`.
        """
        self._waiting.append(self._make(about, kind, reason, message, path))
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send_all(), name=f"{self.component} events")

    async def flush(self) -> None:
        """Wait until everything that was told is sent."""
        if self._sender:
            await self._sender

    def close(self) -> None:
        """Give up what is not sent yet."""
        self._waiting.clear()
        if self._sender:
            self._sender.cancel()

    def _make(
        self, about: Mapping[str, Any], kind: str, reason: str, message: str, path: str
    ) -> Object:
        meta, moment = about["metadata"], self._clock.now()
        now = timestamp(moment)
        # Upstream's name is the object's and the time in nanoseconds; two in one tick must differ.
        self._last_stamp = max(int(moment.timestamp() * 1e6) * 1000, self._last_stamp + 1)
        involved = {
            "kind": about["kind"],
            "namespace": meta.get("namespace"),
            "name": meta["name"],
            "uid": meta.get("uid"),
            "apiVersion": about["apiVersion"],
            "resourceVersion": meta.get("resourceVersion"),
            "fieldPath": path,
        }
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{meta['name']}.{self._last_stamp:x}",
                "namespace": meta.get("namespace") or "default",
            },
            "involvedObject": {k: v for k, v in involved.items() if v},
            "reason": reason,
            "message": message,
            "source": {"component": self.component, **({"host": self._host} if self._host else {})},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": kind,
            "eventTime": None,
            "reportingComponent": self.component,
            "reportingInstance": self._host,
        }

    async def _send_all(self) -> None:
        while self._waiting:
            event = self._waiting.popleft()
            try:
                if self._correlator.affordable(event):
                    await self._send(*self._correlator.combine(event))
            except ApiError as error:
                _log.info("%s: event refused: %s", self.component, error)
            except Exception:
                _log.exception("%s: event lost", self.component)

    async def _send(self, identity: Hashable, event: Object) -> None:
        for _ in range(_TRIES):
            try:
                return await self._create_or_count(identity, event)
            except Unreachable:
                await self._clock.sleep(_RETRY_SECONDS)
        return None

    async def _create_or_count(self, identity: Hashable, event: Object) -> None:
        earlier = self._sent.get(identity)
        if earlier is not None:
            changed = {
                "count": earlier["count"] + 1,
                "message": event["message"],
                "lastTimestamp": event["lastTimestamp"],
            }
            meta = earlier["metadata"]
            try:
                await self._client.patch(EVENTS, meta["name"], changed, meta["namespace"])
            except NotFound:  # it expired
                self._sent.forget(identity)
            else:
                self._sent.put(identity, {"metadata": meta, "count": changed["count"]})
                return
        await self._client.create(EVENTS, event)
        self._sent.put(identity, {"metadata": event["metadata"], "count": 1})


class EventCorrelator:
    """Decides which events are one and which are too many (`tools/record/events_cache.go`)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._similar: _Memory[_Similar] = _Memory()
        self._tokens: _Memory[_Tokens] = _Memory()

    def affordable(self, event: Object) -> bool:
        """Whether the object may cause another event: 25 at once, then one in five minutes."""
        now, identity = self._clock.monotonic(), _about(event)
        tokens = self._tokens.get(identity) or _Tokens(_BURST, now)
        tokens.left = min(_BURST, tokens.left + (now - tokens.last) / _REFILL_SECONDS)
        tokens.last = now
        self._tokens.put(identity, tokens)
        if tokens.left < 1:
            return False
        tokens.left -= 1
        return True

    def combine(self, event: Object) -> tuple[Hashable, Object]:
        """What the event counts as, and the event itself, perhaps as one of many similar ones."""
        now, alike = self._clock.monotonic(), (event["type"], event["reason"], _about(event))
        similar = self._similar.get(alike)
        if similar is None or now - similar.last > _SIMILAR_SECONDS:
            similar = _Similar(now)
        similar.last = now
        self._similar.put(alike, similar)
        if event["message"] in similar.messages or len(similar.messages) < _SIMILAR:
            similar.messages.add(event["message"])
            return (alike, event["message"]), event
        message = f"(combined from similar events): {event['message']}"
        return (alike, None), {**event, "message": message}


@dataclass(slots=True)
class _Similar:
    """Events alike but for their messages."""

    last: float
    messages: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Tokens:
    """What an object may still cause: a token bucket."""

    left: float
    last: float


class _Memory(Generic[_V]):
    """The values that were used last; older ones are forgotten."""

    def __init__(self) -> None:
        self._values: OrderedDict[Hashable, _V] = OrderedDict()

    def get(self, identity: Hashable) -> _V | None:
        return self._values.get(identity)

    def put(self, identity: Hashable, value: _V) -> None:
        self._values[identity] = value
        self._values.move_to_end(identity)
        if len(self._values) > _REMEMBERED:
            self._values.popitem(last=False)

    def forget(self, identity: Hashable) -> None:
        self._values.pop(identity, None)


def _about(event: Object) -> Hashable:
    involved = event["involvedObject"]
    return tuple(involved.get(part) for part in ("kind", "namespace", "name", "uid", "fieldPath"))
