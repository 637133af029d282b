"""Keeps a copy of one collection of the API up to date: list, then watch, for ever.

Named after client-go's Reflector (`tools/cache/reflector.go`). It runs in a thread, because a
notebook's kernel must answer while a cell is busy. Left out: paging, resync periods, watch lists.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from kubelearn.clusters.transport import Lines, lines, send
from kubelearn.errors import ApiError, Expired, Unreachable, api_error
from kubelearn.objects import Object, Resource, key

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

# A watch that has nothing to say ends after this many seconds and is opened again; a connection
# that is silent for longer is dead.
WATCH_SECONDS = 240
_DELAYS = (0.2, 0.5, 1, 2, 3)


class Sink(Protocol):
    """Who is told; both are called from the reflector's thread."""

    def on_object(self, resource: Resource, name: str, obj: Object | None) -> None:
        """An object has this state now; None: it is gone."""
        ...

    def on_state(self, reason: str | None) -> None:
        """The copy is up to date (None), or the connection is lost for that reason."""
        ...


class Reflector:
    """A live copy of one collection; `lock` guards `objects` and is held when the sink is told."""

    def __init__(
        self,
        api: ApiClient,
        resource: Resource,
        namespace: str | None,
        *,
        sink: Sink,
        lock: AbstractContextManager[Any],
        wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
    ) -> None:
        self.resource = resource
        self.objects: dict[str, Object] = {}
        self._api = api
        self._path = resource.path(namespace)
        self._sink = sink
        self._lock = lock
        self._wait = wait
        self._stopped = threading.Event()
        self._stream: Lines | None = None

    def start(self) -> None:
        """Run in a thread of its own until stopped."""
        name = f"kubelearn watch {self.resource.plural}"
        threading.Thread(target=self.run, name=name, daemon=True).start()

    def stop(self) -> None:
        """End the watch; the thread ends soon."""
        self._stopped.set()
        if self._stream:
            self._stream.close()

    def run(self) -> None:
        """List and watch until stopped; wait longer after each failure in a row."""
        failures = 0
        while not self._stopped.is_set():
            before = self._watched
            try:
                self._list_and_watch()
            except Expired:
                # Normal after a long pause: what we know is too old to be told only the changes.
                self._wait(self._stopped, _DELAYS[0])
            except (ApiError, orjson.JSONDecodeError) as error:
                failures = 1 if self._watched != before else failures + 1
                if not self._stopped.is_set():
                    # The next step is the picture's own: it looks again by itself.
                    reason = error.message if isinstance(error, ApiError) else str(error)
                    self._sink.on_state(reason)
                self._wait(self._stopped, _DELAYS[min(failures, len(_DELAYS)) - 1])

    # How often a list succeeded; `run` tells by it a new failure from one that goes on.
    _watched = 0

    def _list_and_watch(self) -> None:
        """One list, then watch requests from its version on, until one fails or expires."""
        answer = send(self._api, "GET", self._path).checked()
        if not isinstance(answer, dict) or "metadata" not in answer:
            raise Unreachable({"message": f"{self._path}: the answer is not a Kubernetes list"})
        self._replace(answer.get("items") or [])
        self._watched += 1
        self._sink.on_state(None)
        version = str(answer["metadata"]["resourceVersion"])
        while not self._stopped.is_set():
            version = self._watch(version)

    def _watch(self, version: str) -> str:
        """One watch request; the version to go on from when it ends in good order."""
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": WATCH_SECONDS,
        }
        opened, first = time.monotonic(), version
        self._stream = lines(self._api, self._path, query=query, idle=WATCH_SECONDS + 30)
        if self._stopped.is_set():
            self._stream.close()
        for line in self._stream:
            event: dict[str, Any] = orjson.loads(line)
            if event["type"] == "ERROR":
                raise api_error(event["object"])
            obj = event["object"]
            version = str(obj["metadata"]["resourceVersion"])
            if event["type"] != "BOOKMARK":
                self._apply(key(obj), None if event["type"] == "DELETED" else obj)
        if version == first and time.monotonic() - opened < 1:
            # Asking again at once would only hammer a server that cannot keep a watch open.
            raise Unreachable({"message": f"{self._path}: the watch ended at once"})
        return version

    def _replace(self, items: list[Object]) -> None:
        """Take over a list: tell what went, came or changed since the copy was last good."""
        listed = {key(item): item for item in items}
        for name in self.objects.keys() - listed.keys():
            self._apply(name, None)
        for name, obj in listed.items():
            if _version(self.objects.get(name)) != _version(obj):
                self._apply(name, obj)

    def _apply(self, name: str, obj: Object | None) -> None:
        with self._lock:
            if obj is None:
                self.objects.pop(name, None)
            else:
                # Half of an object's bytes, and no picture shows them.
                obj["metadata"].pop("managedFields", None)
                self.objects[name] = obj
            self._sink.on_object(self.resource, name, obj)


def _version(obj: Object | None) -> tuple[Any, Any]:
    meta = obj["metadata"] if obj else {}
    return meta.get("uid"), meta.get("resourceVersion")
