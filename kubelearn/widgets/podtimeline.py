"""PodTimeline: the life of one pod as it goes: its states, those of its containers, its events."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from kubelearn.diagrams.events import event_row
from kubelearn.diagrams.phases import PHASES
from kubelearn.diagrams.podtimeline import LONGEST, Row, draw, former, states, summary
from kubelearn.objects import EVENTS, PODS, Object, Resource, controller_of, timestamp
from kubelearn.widgets import actions
from kubelearn.widgets.base import Cluster, LiveWidget, script, style

MAX_SPANS = 200
MAX_EVENTS = 100


class PodTimeline(LiveWidget):
    """The life of the pod `name`."""

    _esm = script("confirm", "table", "podtimeline")
    _css = style("table", "podtimeline")

    def __init__(self, cluster: Cluster, name: str, namespace: str = "default") -> None:
        self.name, self.namespace = name, namespace
        self._made = 0
        self._uid = ""
        self._open: dict[str, tuple[str, Row]] = {}
        facts = {
            "name": name,
            "namespace": namespace,
            "longest": LONGEST,
            "phases": {key: asdict(look) for key, look in PHASES.items()},
        }
        super().__init__(cluster, [(PODS, namespace), (EVENTS, namespace)], facts=facts)

    # --- what the cluster tells -----------------------------------------------------------------

    def show(self, resource: Resource, name: str, obj: Object | None) -> None:
        """The pod, or an event about it, is new."""
        if resource is EVENTS:
            self._on_event(name, obj)
        elif name == f"{self.namespace}/{self.name}":
            self._on_pod(obj)

    def _on_pod(self, pod: Object | None) -> None:
        if pod is None:
            self._end(list(self._open))
            self.document.put("pod", "owner", None)
            return
        known = self._uid == pod["metadata"].get("uid", "")
        self._uid = pod["metadata"].get("uid", "")
        self.document.put("pod", "owner", (controller_of(pod) or {}).get("kind", ""))
        if not known:
            self._end(list(self._open))
            for track, row in former(pod).items():
                self._put(track, row, rank=self._rank(track, pod), until=row["until"])
        now = states(pod)
        for track, row in now.items():
            self._change(track, row, rank=self._rank(track, pod), known=known)
        self._end([track for track in self._open if track not in now])

    def _rank(self, track: str, pod: Object) -> int:
        return list(states(pod)).index(track)

    def _change(self, track: str, row: Row, *, rank: int, known: bool) -> None:
        """Begin a new span where a track's state is another one."""
        _, before = self._open.get(track, ("", {}))
        if (before.get("look"), before.get("word")) == (row["look"], row["word"]):
            return
        self._end([track])
        # What was there before the widget tells itself since when; what comes now is timed here.
        since = row["since"] if not known and row["since"] else _now()
        key = self._put(track, {**row, "since": since}, rank=rank, until=None)
        self._open[track] = key, self.document.get("spans", key)

    def _put(self, track: str, row: Row, *, rank: int, until: int | None) -> str:
        self._made += 1
        span = {"track": track, "rank": rank, "look": row["look"], "word": row["word"]}
        span |= {"from": row["since"], "to": until}
        self.document.put("spans", str(self._made), span)
        self.document.drop("spans", str(self._made - MAX_SPANS))
        return str(self._made)

    def _end(self, tracks: list[str]) -> None:
        for track in tracks:
            key, _ = self._open.pop(track, ("", {}))
            span = self.document.get("spans", key)
            if span:
                self.document.put("spans", key, {**span, "to": max(_now(), span["from"])})

    def _on_event(self, name: str, event: Object | None) -> None:
        """Events are forgotten by the cluster, not here."""
        about = (event or {}).get("involvedObject") or (event or {}).get("regarding") or {}
        if event and about.get("kind") == "Pod" and about.get("name") == self.name:
            self.document.put("events", name, event_row(event))
            kept = list(self.document.section("events"))
            for old in kept[:-MAX_EVENTS]:
                self.document.drop("events", old)

    # --- acting ---------------------------------------------------------------------------------

    def act(self, name: str, arguments: dict[str, Any]) -> None:
        """Delete the pod."""
        if name == "delete":
            self.perform(actions.delete_pod(self.namespace, self.name))

    # --- without a browser ----------------------------------------------------------------------

    def picture(self) -> str:
        """The life so far."""
        self.wait()
        spans = self._spans()
        now = max((row["to"] or _now() for row in spans), default=_now())
        return draw(f"Pod {self.name}", spans, now=now, notice=self.disconnected)

    def line(self) -> str:
        """The pod's present state."""
        self.wait()
        return f"{self.name}: {self.disconnected or summary(self._spans())}"

    def _spans(self) -> list[Row]:
        return list(self.document.section("spans").values())


def _now() -> int:
    return round(time.time() * 1000)


def _demo(cluster: Any) -> PodTimeline:
    """Of a pod that was just made in place of another one."""
    cluster.remove(cluster.all(PODS)[0])
    cluster.internals.stop("kube-scheduler")
    cluster.step()
    cluster.internals.start("kube-scheduler")
    pod = next(each for each in cluster.all(PODS) if "nodeName" not in each["spec"])
    now, name = timestamp(datetime.now(UTC)), pod["metadata"]["name"]
    pod["metadata"]["creationTimestamp"] = now
    cluster.put(pod)
    about = {"kind": "Pod", "name": name, "namespace": "demo"}
    event = {"involvedObject": about, "reason": "FailedScheduling", "type": "Warning"}
    meta = {"name": f"{name}.1", "namespace": "demo", "creationTimestamp": now}
    cluster.put({"kind": "Event", "metadata": meta, **event, "message": "no scheduler runs"})
    return PodTimeline(cluster, name, "demo")


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(_demo, title="PodTimeline")
