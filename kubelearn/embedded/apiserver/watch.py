"""Watches: a collection's changes as a stream of lines, for as long as the client stays.

Stands for k8s.io/apiserver `pkg/endpoints/handlers/watch.go` and, in part, for its watch cache
(`pkg/storage/cacher`). A stored state goes into an event as it is. With selectors an object that
begins or ceases to match is ADDED or DELETED for this watch, whatever really happened to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import closing

import orjson
from aiohttp import web

from kubelearn.embedded.apiserver import response
from kubelearn.embedded.apiserver.encoding import decode, encode
from kubelearn.embedded.apiserver.listing import check_reached, parse_revision
from kubelearn.embedded.apiserver.negotiation import Output
from kubelearn.embedded.apiserver.options import ListOptions, list_options
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.selection import Predicate
from kubelearn.embedded.apiserver.status import StatusError, expired
from kubelearn.embedded.apiserver.streams import Streams
from kubelearn.embedded.apiserver.watchoutput import output
from kubelearn.embedded.store import Compacted, Event, KeyValue, Watch
from kubelearn.objects import Object

# Upstream's `--min-request-timeout`, and how often it tells a quiet watch where it stands.
_MIN_TIMEOUT = 1800
_BOOKMARK_INTERVAL = 60.0
_BOOKMARK_BEFORE_END = 2.0


async def watch(request: Request, registry: Registry, streams: Streams) -> web.StreamResponse:
    """Answer a watch request; returns when the stream is over."""
    query = request.query
    if request.info.name:
        query = {**query, "fieldSelector": f"metadata.name={request.info.name}"}
    options = list_options(query, watch=True)
    encoder = _Encoder(request, registry, registry.selection.predicate(options))
    after = parse_revision(options.resource_version)
    stream = _Stream(request, registry, options, encoder)
    if options.send_initial_events:
        await registry.convert_present(request.info.namespace)
    try:
        initial, changes = stream.open(after, since=streams.since)
    except Compacted as error:
        # The stream begins well and ends at once: clients look for this in events only.
        return await stream.send_only(_too_old(after, error))
    with closing(changes), streams.opened(changes.close, of=request.kind):
        return await stream.send(initial, changes)


class _Stream:
    """One watch from its first line to its last."""

    def __init__(
        self,
        request: Request,
        registry: Registry,
        options: ListOptions,
        encoder: _Encoder,
    ) -> None:
        self._request = request
        self._registry = registry
        self._options = options
        self._encoder = encoder
        self._prefix = registry.prefix(request.info.namespace)
        self._timeout = options.timeout_seconds or registry.random.uniform(
            _MIN_TIMEOUT, 2 * _MIN_TIMEOUT
        )
        self._output = output(request)

    def open(self, after: int, *, since: int) -> tuple[list[bytes], Watch]:
        """What is there to begin with, and the changes from then on; raises Compacted."""
        store = self._registry.store
        if not self._options.send_initial_events:
            after = after or store.revision
            if after < since:
                raise Compacted(after, compacted=since)
            return [], store.watch(self._prefix, after=after)
        check_reached(store, after)
        present = [self._encoder.added(kv) for kv in store.range(self._prefix)]
        lines = [line for line in present if line]
        if self._options.allow_bookmarks:
            annotations = {"k8s.io/initial-events-end": "true"}
            lines.append(self._encoder.bookmark(store.revision, annotations))
        return lines, store.watch(self._prefix, after=store.revision)

    async def send_only(self, line: bytes) -> web.StreamResponse:
        """Write one line and end."""
        await self._output.begin(lambda: None)
        await self._output.write([line])
        return await self._output.end()

    async def send(self, initial: list[bytes], changes: Watch) -> web.StreamResponse:
        """Write lines until the time is over, the client gone, or the server stopped."""
        await self._output.begin(changes.close)
        await self._output.write(initial)
        try:
            async with asyncio.timeout(self._timeout):
                await self._send_changes(changes)
        except TimeoutError:
            pass
        except Compacted as error:
            await self._output.write([_too_old(changes.revision, error)])
        except StatusError as error:
            await self._output.write([_event("ERROR", orjson.dumps(error.status()))])
        return await self._output.end()

    async def _send_changes(self, changes: Watch) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._timeout - _BOOKMARK_BEFORE_END
        due = min(loop.time() + _BOOKMARK_INTERVAL, end)
        # One timer for a minute of changes, and not one for each: there are many of both.
        timer = loop.call_at(due, changes.interrupt)
        try:
            async for events in changes:
                await self._encoder.convert_ahead(events)
                await self._output.write(
                    [line for each in events if (line := self._encoder.line(each))]
                )
                if (now := loop.time()) >= due:
                    if self._options.allow_bookmarks:
                        await self._output.write([self._encoder.bookmark(changes.revision)])
                    due = min(now + _BOOKMARK_INTERVAL, end) if due < end else now + 60
                    timer.cancel()
                    timer = loop.call_at(due, changes.interrupt)
        finally:
            timer.cancel()


class _Encoder:
    """Store events as lines of a watch."""

    def __init__(self, request: Request, registry: Registry, matches: Predicate | None) -> None:
        self._request = request
        self._registry = registry
        self._matches = matches
        self._plain = request.output == Output()
        self._headers_sent = False

    def added(self, kv: KeyValue) -> bytes | None:
        """The line for an object that was there before the watch."""
        return self._line("ADDED", kv.value) if self._selected(kv) else None

    async def convert_ahead(self, events: Sequence[Event]) -> None:
        """Do what has to be waited for before lines can be made. Raises StatusError."""
        if self._registry.strategy.converts:
            states = [event.kv for event in events]
            if self._matches:
                states += [event.prev for event in events if event.prev]
            await self._registry.convert_all([state.value for state in states])

    def line(self, event: Event) -> bytes | None:
        """The line for a change; None when it does not concern this watch."""
        before = event.prev is not None and self._selected(event.prev)
        after = event.kind == "PUT" and self._selected(event.kv)
        if after:
            return self._line("MODIFIED" if before else "ADDED", event.kv.value)
        if not before or event.prev is None:
            return None
        if event.kind == "DELETE":
            return self._line("DELETED", event.kv.value)
        # It left the selection: clients get it as they knew it, at the revision of the change.
        known = decode(response.converted(self._request, self._registry, event.prev.value))
        return self._shown_line("DELETED", encode(known, revision=event.kv.mod_revision))

    def bookmark(self, revision: int, annotations: dict[str, str] | None = None) -> bytes:
        """The line that says how far this watch has come."""
        kind = self._request.kind
        meta: Object = {"resourceVersion": str(revision)}
        if annotations:
            meta["annotations"] = annotations
        obj = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": meta}
        return _event("BOOKMARK", orjson.dumps(self._shown(obj, empty=True)))

    def _selected(self, kv: KeyValue) -> bool:
        return self._matches is None or self._matches(kv)

    def _line(self, kind: str, value: bytes) -> bytes:
        return self._shown_line(kind, response.converted(self._request, self._registry, value))

    def _shown_line(self, kind: str, value: bytes) -> bytes:
        if self._plain:
            return _event(kind, value)
        return _event(kind, orjson.dumps(self._shown(decode(value))))

    def _shown(self, obj: Object, *, empty: bool = False) -> Object:
        if self._plain:
            return obj
        shown = response.transformed(self._request, obj, clock=self._registry.clock, is_empty=empty)
        if shown["kind"] == "Table":
            # Clients remember the columns of the first event.
            if self._headers_sent:
                shown["columnDefinitions"] = None
            self._headers_sent = True
        return shown


def _event(kind: str, value: bytes) -> bytes:
    return b'{"type":"%b","object":%b}\n' % (kind.encode(), value)


def _too_old(after: int, error: Compacted) -> bytes:
    status = expired(f"too old resource version: {after} ({error.compacted})").status()
    return _event("ERROR", orjson.dumps(status))
