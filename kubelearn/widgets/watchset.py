"""One set of watches for each cluster, shared by all widgets of this kernel.

A picture of 1,000 pods costs the API server one watch, however many widgets show it. The first
subscription to a collection starts its reflector, the end of the last one stops it.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from kubelearn.objects import Object, Resource
from kubelearn.widgets.reflector import Reflector

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

Collection = tuple[Resource, str | None]
CONNECTING = "connecting"


class Subscriber(Protocol):
    """Who wants to know. Called from watch threads, one at a time; must return at once."""

    def on_object(self, resource: Resource, name: str, obj: Object | None) -> None:
        """An object has this state now; None: it is gone. The object must not be changed."""
        ...

    def on_connection(self, reason: str | None) -> None:
        """None: everything subscribed to is up to date. Else the reason why it is not."""
        ...


class WatchSet:
    """The live copies of a cluster's collections that somebody looks at."""

    def __init__(self, api: ApiClient) -> None:
        self.api = api
        self._lock = threading.RLock()
        self._entries: dict[Collection, _Entry] = {}

    def subscribe(self, collections: Iterable[Collection], subscriber: Subscriber) -> Subscription:
        """Tell the subscriber all there is, then every change, until the subscription closes."""
        wanted = list(dict.fromkeys(collections))
        subscription = Subscription(self, wanted, subscriber)
        with self._lock:
            for collection in wanted:
                entry = self._entries.get(collection)
                if entry is None:
                    entry = self._entries[collection] = _Entry(self, collection)
                    entry.reflector.start()
                entry.subscriptions.append(subscription)
                for name, obj in entry.reflector.objects.items():
                    subscriber.on_object(collection[0], name, obj)
            subscription.tell_connection()
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Stop telling; the watches that nobody else needs end."""
        with self._lock:
            for collection in subscription.collections:
                entry = self._entries.get(collection)
                if entry is None or subscription not in entry.subscriptions:
                    continue
                entry.subscriptions.remove(subscription)
                if not entry.subscriptions:
                    del self._entries[collection]
                    entry.reflector.stop()

    @property
    def open_watches(self) -> list[str]:
        """The plural names of the watched collections."""
        with self._lock:
            return sorted(resource.plural for resource, _ in self._entries)


class Subscription:
    """One subscriber's part of a watch set."""

    def __init__(
        self, watches: WatchSet, collections: list[Collection], subscriber: Subscriber
    ) -> None:
        self.collections = collections
        self.subscriber = subscriber
        self._watches = watches
        self._told: str | None = CONNECTING
        self._settled = threading.Event()

    def wait(self, seconds: float) -> bool:
        """Wait until everything has been listed once or has failed; whether it was in time."""
        return self._settled.wait(seconds)

    def close(self) -> None:
        """Hear no more."""
        self._watches.unsubscribe(self)

    def tell_connection(self) -> None:
        """Tell the subscriber about the connection, if it is not as told last."""
        entries = [self._watches._entries[collection] for collection in self.collections]
        reasons = [entry.reason for entry in entries if entry.reason]
        # A loss says more than a list that has not come yet.
        reason = next((r for r in reasons if r != CONNECTING), reasons[0] if reasons else None)
        if reason != CONNECTING:
            self._settled.set()
        if reason != self._told:
            self._told = reason
            self.subscriber.on_connection(reason)


class _Entry:
    """One collection's reflector and who listens to it."""

    def __init__(self, watches: WatchSet, collection: Collection) -> None:
        self.reason: str | None = CONNECTING
        self.subscriptions: list[Subscription] = []
        self._lock = watches._lock
        self.reflector = Reflector(watches.api, *collection, sink=self, lock=self._lock)

    def on_object(self, resource: Resource, name: str, obj: Object | None) -> None:
        # The reflector holds the lock already: its copy and what was told never differ.
        for subscription in self.subscriptions:
            subscription.subscriber.on_object(resource, name, obj)

    def on_state(self, reason: str | None) -> None:
        with self._lock:
            self.reason = reason
            for subscription in self.subscriptions:
                subscription.tell_connection()


_sets: weakref.WeakValueDictionary[int, WatchSet] = weakref.WeakValueDictionary()
_sets_lock = threading.Lock()


def watches_of(api: ApiClient) -> WatchSet:
    """The one watch set of this connection; it lasts while somebody uses it."""
    with _sets_lock:
        # The set holds its client, so an id cannot be given to another one while it lasts.
        found = _sets.get(id(api))
        if found is None:
            found = _sets[id(api)] = WatchSet(api)
        return found
