"""EventStream: what a cluster's components tell of what they did, as they tell it."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from kubelearn.diagrams.events import TYPES, draw, summary
from kubelearn.errors import KubelearnError
from kubelearn.objects import EVENTS, PODS, Object, Resource, micro_timestamp
from kubelearn.widgets.base import Cluster, LiveWidget, script, style
from kubelearn.widgets.eventlines import EventLines


class EventStream(LiveWidget):
    """The Events of a cluster, or of one namespace, or about one object such as `pod/web-0`.

    Newest first: what is new is where one looks, and nothing has to be scrolled. (`kubectl events`
    ends with the newest, because that is where the prompt of a terminal is.)
    Raises KubelearnError when `about` is not written as KIND/NAME.
    """

    _esm = script("roving", "sparing", "eventlist", "eventstream")
    _css = style("table", "eventlist")

    def __init__(self, cluster: Cluster, namespace: str | None = None, *, about: str = "") -> None:
        kind, _, name = about.partition("/")
        if about and not (kind and name):
            raise KubelearnError(f"{about!r} is not KIND/NAME", hint='about="pod/web-0"')
        self.namespace = namespace
        self._about = (kind.lower(), name)
        self._stream: EventLines | None = None
        facts = {
            "cluster": cluster.name,
            "namespace": namespace or "",
            "about": about,
            "types": {key: asdict(look) for key, look in TYPES.items()},
            "command": _command(namespace, about),
        }
        super().__init__(cluster, [(EVENTS, namespace)], facts=facts)

    def show(self, resource: Resource, name: str, obj: Object | None) -> None:
        """An event is new or happened again."""
        if self._stream is None:
            self._stream = EventLines(self.document)
        if obj is None or self._wanted(obj):
            self._stream.take(name, obj)

    def _wanted(self, event: Object) -> bool:
        kind, name = self._about
        about = event.get("involvedObject") or event.get("regarding") or {}
        return not name or (str(about.get("kind")).lower(), about.get("name")) == (kind, name)

    def act(self, name: str, arguments: dict[str, Any]) -> None:
        """Looking changes nothing: filters and pauses are the view's own."""

    # --- without a browser ----------------------------------------------------------------------

    def picture(self) -> str:
        """The latest events."""
        self.wait()
        rows = self.document.section("events").values()
        return draw(self._title(), rows, notice=self.disconnected)

    def line(self) -> str:
        """How many there are of each type."""
        self.wait()
        return self.disconnected or summary(self.document.section("events").values())

    def _title(self) -> str:
        words = "Events" if self.namespace is None else f"Events in namespace {self.namespace}"
        about = self.document.get("facts", "about")
        return f"{words} about {about}" if about else words


def _command(namespace: str | None, about: str) -> str:
    where = ["-n", namespace] if namespace else ["-A"]
    return shlex.join(
        ["kubectl", "events", *where, *(["--for", about] if about else []), "--watch"]
    )


def _demo(cluster: Any) -> EventStream:
    """Of pods that were just made, one of which finds no node."""
    pods = cluster.all(PODS)
    told = [
        ("Normal", "Scheduled", "Successfully assigned demo/web to simulated-worker", 1),
        ("Normal", "Started", "Container started", 1),
        ("Warning", "BackOff", "Back-off restarting failed container hello in pod web", 7),
    ]
    for i, (kind, reason, message, count) in enumerate(told):
        meta = pods[i]["metadata"]
        moment = datetime.now(UTC) - timedelta(seconds=90 - 30 * i)
        event = {
            "kind": "Event",
            "metadata": {"name": f"{meta['name']}.{i}", "namespace": "demo"},
            "involvedObject": {"kind": "Pod", "name": meta["name"], "namespace": "demo"},
            "type": kind,
            "reason": reason,
            "message": message,
            "source": {"component": "kubelet" if i else "default-scheduler"},
            "firstTimestamp": micro_timestamp(moment - timedelta(seconds=40 * i)),
            "lastTimestamp": micro_timestamp(moment),
            "count": count,
        }
        cluster.put(event)
    return EventStream(cluster, "demo")


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(_demo, title="EventStream")
