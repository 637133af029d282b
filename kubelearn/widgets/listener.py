"""Listens, through the cluster's one watch set, for the change that a request makes."""

from __future__ import annotations

import threading

from kubelearn.objects import Object, Resource, key
from kubelearn.widgets.watchset import Collection, Subscription, WatchSet


class Listener:
    """What was told of one collection since it was opened, by uid."""

    def __init__(self, watches: WatchSet, collection: Collection) -> None:
        self._told = threading.Condition()
        self._present: dict[str, Object] = {}
        self._gone: dict[str, Object] = {}
        self._subscription: Subscription = watches.subscribe([collection], self)

    def ready(self, seconds: float) -> bool:
        """Wait until all that was there before has been told; whether it was in time."""
        return self._subscription.wait(seconds)

    def close(self) -> None:
        """Hear no more."""
        self._subscription.close()

    def hear(self, uid: str, *, version: str, seconds: float) -> str:
        """Wait for this state of an object, or (no version) for its end; what was told of it."""
        with self._told:
            self._told.wait_for(lambda: self._news(uid, version), timeout=seconds)
            return self._news(uid, version)

    def _news(self, uid: str, version: str) -> str:
        if not version and uid in self._gone:
            return "that it is gone"
        meta = self._present.get(uid, {}).get("metadata", {})
        if not version and meta.get("deletionTimestamp"):
            return f"that it is being deleted, as of revision {meta['resourceVersion']}"
        # A later state may have taken the place of this one by now: then it was told as well.
        if version and int(meta.get("resourceVersion") or 0) >= int(version):
            return f"its state as of revision {version}"
        return ""

    # --- a subscriber -----------------------------------------------------------------------

    def on_object(self, resource: Resource, name: str, obj: Object | None) -> None:
        """Remember the newest state of each object."""
        with self._told:
            known = next((u for u, o in self._present.items() if key(o) == name), None)
            if obj is None and known:
                self._gone[known] = self._present.pop(known)
            elif obj is not None:
                self._present[obj["metadata"]["uid"]] = obj
            self._told.notify_all()

    def on_connection(self, reason: str | None) -> None:
        """It is asked for in `ready` only."""
