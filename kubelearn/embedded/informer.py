"""A local copy of a collection, kept up to date by a watch: client-go's `tools/cache`.

Components read this copy instead of asking the API server, and are called when it changes. Left
out: periodic resync (controllers that need a later look ask their queue for it), watch lists and
the delta queue (handlers run at once, on the one event loop). Objects in the copy belong to all
readers: nobody may change them. Who owns which field of them is left out as well, for nobody asks.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.indexer import Index, Indexer
from kubelearn.errors import Expired, NotFound, Unreachable
from kubelearn.objects import Object, Resource, key

_log = logging.getLogger(__name__)

_PAGE = 500
_FIRST_DELAY, _LONGEST_DELAY = 0.5, 4.0
_SHORT = 1.0


@dataclass(frozen=True)
class _Handler:
    on_add: Callable[[Object], None] | None
    on_update: Callable[[Object, Object], None] | None
    on_delete: Callable[[Object], None] | None


class Informer:
    """The objects of one resource, by key, with handlers and indexes.

    `transform` may replace an object before it is stored, to keep less of it in memory.
    """

    def __init__(
        self,
        client: Client,
        resource: Resource,
        *,
        clock: Clock,
        namespace: str | None = None,
        field_selector: str | None = None,
        label_selector: str | None = None,
        transform: Callable[[Object], Object] | None = None,
    ) -> None:
        self.resource = resource
        self.synced = asyncio.Event()
        self.resource_version = 0
        self._client = client
        self._clock = clock
        self._namespace = namespace
        self._selectors: dict[str, Any] = {
            "fieldSelector": field_selector,
            "labelSelector": label_selector,
        }
        self._transform = transform
        self._indexer = Indexer()
        self._handlers: list[_Handler] = []

    # --- reading ---

    def get(self, object_key: str) -> Object | None:
        """The object of that key, if it is there."""
        return self._indexer.get(object_key)

    def items(self) -> Sequence[Object]:
        """All objects, as a list of its own."""
        return self._indexer.items()

    def by_index(self, name: str, value: str) -> Sequence[Object]:
        """The objects for which the index function gave that value."""
        return self._indexer.by_index(name, value)

    # --- setting up ---

    def add_index(self, name: str, function: Index) -> None:
        """Make objects findable by what `function` gives for them. Once per name is enough."""
        self._indexer.add_index(name, function)

    def add_handler(
        self,
        *,
        on_add: Callable[[Object], None] | None = None,
        on_update: Callable[[Object, Object], None] | None = None,
        on_delete: Callable[[Object], None] | None = None,
    ) -> None:
        """Have functions called with every change, and `on_add` with what is there already."""
        self._handlers.append(_Handler(on_add, on_update, on_delete))
        for obj in self.items():
            self._call(on_add, obj)

    def follow(
        self, changed: Callable[[Object], None], *, gone: Callable[[Object], None] | None = None
    ) -> None:
        """Have `changed` called with every object that is there, is new or was written, and `gone`
        with every one that was deleted.
        """
        self.add_handler(on_add=changed, on_update=lambda _, new: changed(new), on_delete=gone)

    # --- following the API server: forever ⊃ list, then watch ⊃ one request ---

    async def run(self) -> None:
        """Follow the collection until cancelled, whatever happens to the API server."""
        delay = _FIRST_DELAY
        while True:
            self.synced.clear()
            try:
                await self._list_then_watch()
                # A server that has always just forgotten must not be asked in a tight loop.
                await self._clock.sleep(_SHORT)
            except Exception as error:
                if self.synced.is_set():
                    delay = _FIRST_DELAY
                self._report(error, delay)
                await self._clock.sleep(delay)
                delay = min(delay * 2, _LONGEST_DELAY)

    def _report(self, error: Exception, delay: float) -> None:
        # That nobody answers is said by every informer: it is news, but not a surprise. Nor is it
        # that a kind has gone with its definition.
        expected = isinstance(error, Unreachable | NotFound)
        _log.log(
            logging.INFO if expected else logging.WARNING,
            "%s: following ended, again in %.1f s: %s",
            self.resource.plural,
            delay,
            error,
            exc_info=None if expected else error,
        )

    async def _list_then_watch(self) -> None:
        version = await self._list()
        self.synced.set()
        while True:
            started, before = self._clock.monotonic(), version
            try:
                version = await self._watch(version)
            except Expired:
                # Normal after a long break: the changes since then are no longer kept, so only a
                # new list can tell what they added up to.
                return
            if version == before and self._clock.monotonic() - started < _SHORT:
                # A server that hangs up at once must not be asked in a tight loop.
                await self._clock.sleep(_SHORT)

    async def _list(self) -> str:
        found: dict[str, Object] = {}
        token: str | None = None
        while True:
            page = await self._client.list(
                self.resource,
                self._namespace,
                limit=_PAGE,
                **{"continue": token},
                **self._selectors,
            )
            for item in page["items"] or []:
                # Items of a list do not say their kind.
                item["apiVersion"], item["kind"] = self.resource.api_version, self.resource.kind
                item["metadata"].pop("managedFields", None)
                obj = self._transform(item) if self._transform else item
                found[key(obj)] = obj
            token = page["metadata"].get("continue")
            if not token:
                break
        self._replace(found)
        version = str(page["metadata"]["resourceVersion"])
        self.resource_version = int(version)
        return version

    async def _watch(self, version: str) -> str:
        watch = self._client.watch(
            self.resource, self._namespace, resource_version=version, **self._selectors
        )
        async with aclosing(watch) as events:
            async for kind, obj in events:
                version = obj["metadata"]["resourceVersion"]
                if kind != "BOOKMARK" and self._transform:
                    obj = self._transform(obj)
                # The version moves before handlers run: they may ask whether the copy has
                # caught up with a write of theirs.
                self.resource_version = int(version)
                match kind:
                    case "ADDED" | "MODIFIED":
                        self._put(obj)
                    case "DELETED":
                        self._remove(obj)
        return version

    # --- changing the copy ---

    def _replace(self, found: dict[str, Object]) -> None:
        for obj in self.items():
            if key(obj) not in found:
                self._remove(obj)
        for obj in found.values():
            self._put(obj)

    def _put(self, obj: Object) -> None:
        old = self.get(key(obj))
        if old and old["metadata"]["resourceVersion"] == obj["metadata"]["resourceVersion"]:
            return
        if old and old["metadata"]["uid"] != obj["metadata"]["uid"]:
            self._remove(old)  # another object of the same name: its end was not seen
            old = None
        self._indexer.put(obj)
        for handler in self._handlers:
            if old:
                self._call(handler.on_update, old, obj)
            else:
                self._call(handler.on_add, obj)

    def _remove(self, obj: Object) -> None:
        if self._indexer.remove(key(obj)):
            for handler in self._handlers:
                self._call(handler.on_delete, obj)

    def _call(self, function: Callable[..., None] | None, *objects: Object) -> None:
        if function is None:
            return
        try:
            function(*objects)
        except Exception:
            # One reader's mistake must not take the copy away from all the others.
            _log.exception("%s: a handler failed on %s", self.resource.plural, key(objects[-1]))


class Informers:
    """One informer a resource for all who read it: client-go's SharedInformerFactory."""

    def __init__(self, client: Client, *, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._informers: dict[Resource, Informer] = {}
        self._tasks: dict[Resource, asyncio.Task[None]] = {}
        self._running = False

    def get(
        self, resource: Resource, *, transform: Callable[[Object], Object] | None = None
    ) -> Informer:
        """The resource's informer; the first who asks decides what it keeps of an object."""
        if resource not in self._informers:
            self._informers[resource] = Informer(
                self._client, resource, clock=self._clock, transform=transform
            )
            if self._running:
                self._start(resource)
        return self._informers[resource]

    def drop(self, resource: Resource) -> None:
        """Stop following a resource that is no longer served."""
        dropped = self._informers.pop(resource)
        if task := self._tasks.pop(resource, None):
            task.cancel()
        # Nobody shall wait for what will not come any more.
        dropped.synced.set()

    async def run(self) -> None:
        """Run every informer, those asked for later too, until cancelled."""
        self._running = True
        try:
            for resource in self._informers:
                self._start(resource)
            await asyncio.get_running_loop().create_future()
        finally:
            self._running = False
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
            self._tasks.clear()

    def _start(self, resource: Resource) -> None:
        self._tasks[resource] = asyncio.create_task(
            self._informers[resource].run(), name=f"informer {resource.plural}"
        )
