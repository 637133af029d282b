"""EtcdBrowser: the keys of etcd, their values at any revision that is kept, and their changes.

Like every client of etcd it lists once, then watches from the revision of the list on. It does so
on a thread of its own: opening a watch takes long where etcd is in a container of a container.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from kubelearn.clusters.internals import REGISTRY, EtcdStatus, KeyEvent, KeyValue
from kubelearn.diagrams.difference import Line, difference
from kubelearn.diagrams.etcdkeys import draw, key_row, readable, summary, value_lines
from kubelearn.errors import Compacted
from kubelearn.widgets.base import Cluster, script, style
from kubelearn.widgets.courier import courier
from kubelearn.widgets.internalswidget import InternalsWidget

EVENTS_SHOWN = 40
# How long a watch stays open before a new one takes its place, and until etcd is asked again that
# did not answer; seconds.
_WATCH_SECONDS = 10.0
_RETRY_SECONDS = 1.0


class EtcdBrowser(InternalsWidget):
    """The keys that begin with `prefix`."""

    _esm = script("confirm", "roving", "table", "difference", "etcdbrowser")
    _css = style("table", "difference", "etcdbrowser")
    look_every = 0.0

    def __init__(self, cluster: Cluster, prefix: str = REGISTRY) -> None:
        self.prefix = prefix
        self._listed = 0  # the revision that the keys are of, at least
        self._watched = 0  # and up to which changes were told
        self._told = 0
        self._changing = threading.Lock()
        super().__init__(cluster, facts={"prefix": prefix})

    # --- list, then watch -----------------------------------------------------------------------

    def attach(self) -> None:
        """Follow the changes, if it is not done already."""
        before = self._unseen
        super().attach()
        if self._unseen is not None and self._unseen is not before:
            name = "kubelearn EtcdBrowser follows"
            following = [self._unseen]
            threading.Thread(
                target=self._keep_following, args=following, name=name, daemon=True
            ).start()

    def _keep_following(self, unseen: threading.Event) -> None:
        while not unseen.is_set():
            if not self.attempt(self.follow):
                unseen.wait(_RETRY_SECONDS)

    def read(self) -> None:
        """List, if something has changed that was not told yet, or this is another etcd."""
        status = self.cluster.internals.etcd()
        if status.revision != self._listed:
            self._list(status)

    def follow(self, seconds: float = _WATCH_SECONDS) -> None:
        """Tell the changes since the last one that was told, and those to come for a while."""
        self.read()
        # Later than now only if the cluster was made anew.
        if not self._watched or self._watched > self._listed:
            self._watched = self._listed
        internals = self.cluster.internals
        try:
            for event in internals.watch_keys(
                self.prefix, start=self._watched + 1, seconds=seconds
            ):
                self._take(event)
                courier.wake()
        except Compacted:
            # What happened meanwhile is forgotten already: begin anew.
            self._list(internals.etcd())
            self._watched = self._listed

    def _list(self, status: EtcdStatus) -> None:
        rows = [key_row(each) for each in self.cluster.internals.keys(self.prefix)]
        with self._changing:
            self.document.replace("keys", {row["key"]: row for row in rows})
            self._listed = max([status.revision, *(row["mod"] for row in rows)])
            self._put_status(self._listed, status.compacted)

    def _take(self, event: KeyEvent) -> None:
        found = event.kv
        with self._changing:
            self._watched = max(self._watched, found.mod_revision)
            # A list may have been quicker.
            if found.mod_revision > self._listed:
                self._listed = found.mod_revision
                self._put_status(found.mod_revision)
                if event.type == "DELETE":
                    self.document.drop("keys", found.key)
                else:
                    self.document.put("keys", found.key, key_row(found))
            self._told += 1
            told = {"type": event.type, "key": found.key, "revision": found.mod_revision}
            told |= {"version": found.version, "at": round(time.time() * 1000)}
            self.document.put("events", str(self._told), told)
            self.document.drop("events", str(self._told - EVENTS_SHOWN))
        shown = self.document.get("selected", "shown")
        if shown and shown["key"] == found.key and not shown["past"]:
            self._select(found.key, 0)

    def _put_status(self, revision: int, compacted: int | None = None) -> None:
        self.document.put("etcd", "revision", revision)
        if compacted is not None:
            self.document.put("etcd", "compacted", compacted)

    # --- one key --------------------------------------------------------------------------------

    def act(self, name: str, arguments: dict[str, Any]) -> None:
        """Show a key's value, now or in the past; forget the past."""
        if name == "select":
            self._select(str(arguments["key"]), int(arguments.get("revision") or 0))
        elif name == "compact":
            revision = self.cluster.internals.etcd().revision
            self.do(
                f"cluster.internals.compact({revision})",
                lambda: self.cluster.internals.compact(revision),
            )
            self._put_status(revision, self.cluster.internals.etcd().compacted)

    def _select(self, key: str, revision: int) -> None:
        shown: dict[str, Any] = {"key": key, "past": revision, "note": "", "row": None}
        try:
            found = self._state(key, revision)
            if found is None:
                shown["note"] = "There is no such key."
            else:
                shown |= self._value(found)
        except Compacted:
            shown["note"] = f"Revision {revision} is forgotten: it was compacted."
        self.document.put("selected", "shown", shown)

    def _state(self, key: str, revision: int) -> KeyValue | None:
        """The key's state; of all keys that begin with it, it is the first itself."""
        found = self.cluster.internals.keys(key, revision=revision, limit=1)
        return found[0] if found and found[0].key == key else None

    def _value(self, found: KeyValue) -> dict[str, Any]:
        """A state's value, and what is new in it since the state before."""
        before, note = None, ""
        if found.version > 1:
            try:
                before = self._state(found.key, found.mod_revision - 1)
            except Compacted:
                note = "The state before it is forgotten: it was compacted."
        changed: list[Line] = []
        if before and before.object and found.object:
            changed = difference(readable(before.object), readable(found.object))
        return {
            "row": key_row(found),
            "lines": value_lines(found),
            "before": before.mod_revision if before else 0,
            "difference": changed,
            "note": note,
        }

    # --- without a browser ----------------------------------------------------------------------

    def picture(self) -> str:
        """The keys that changed last."""
        self.look_for_display()
        title = f"etcd of cluster {self.cluster.name}"
        return draw(self._revision(), self._rows(), title=title, notice=self.unknown)

    def line(self) -> str:
        """The revision, and how many keys there are."""
        self.look_for_display()
        return f"etcd: {self.unknown or summary(self._revision(), self._rows())}"

    def _revision(self) -> int:
        return int(self.document.get("etcd", "revision") or 0)

    def _rows(self) -> list[dict[str, Any]]:
        return list(self.document.section("keys").values())


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(EtcdBrowser, title="EtcdBrowser")
