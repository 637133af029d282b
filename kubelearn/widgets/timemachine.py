"""TimeMachine: every change of a cluster's objects since it was opened, to go back to and compare.

It records on when nobody looks, until it is closed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from kubelearn.diagrams.clustermap import draw, node_row, pod_row
from kubelearn.diagrams.difference import difference
from kubelearn.diagrams.phases import PHASES, summary
from kubelearn.objects import (
    CONFIG_MAPS,
    DAEMON_SETS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    JOBS,
    NODES,
    PODS,
    REPLICA_SETS,
    SERVICES,
    STATEFUL_SETS,
    Object,
    Resource,
)
from kubelearn.widgets import actions
from kubelearn.widgets.base import Cluster, LiveWidget, script, style
from kubelearn.widgets.history import History, Key, Moment
from kubelearn.widgets.watchset import Collection

RECORDED = (
    PODS,
    DEPLOYMENTS,
    REPLICA_SETS,
    DAEMON_SETS,
    STATEFUL_SETS,
    JOBS,
    SERVICES,
    ENDPOINT_SLICES,
    CONFIG_MAPS,
)
"""What is recorded beside the nodes."""

# So much of a difference is told.
_OBJECTS = 20
_LINES = 80
_WORDS = 6


class TimeMachine(LiveWidget):
    """The recorder of a cluster.

    `namespace` is one, several, or None for all.
    """

    _esm = script("roving", "clustermapview", "difference", "timemachine")
    _css = style("clustermap", "difference", "timemachine")

    def __init__(
        self,
        cluster: Cluster,
        namespace: str | Iterable[str] | None = None,
        *,
        history: History | None = None,
    ) -> None:
        names = [namespace] if isinstance(namespace, str) else list(namespace or [])
        self._history = history or History()
        self._thinned = 0
        self._opening = True
        self._rows: dict[Key, dict[str, Any]] = {}
        places: list[str | None] = [*names] or [None]
        collections: list[Collection] = [(each, place) for each in RECORDED for place in places]
        facts = {
            "cluster": cluster.name,
            "namespaces": names,
            "actions": False,
            "phases": {key: asdict(look) for key, look in PHASES.items()},
        }
        super().__init__(cluster, [(NODES, None), *collections], facts=facts)

    # --- recording ------------------------------------------------------------------------------

    def show(self, resource: Resource, name: str, obj: Object | None) -> None:
        """An object has changed: remember it."""
        key = (resource.kind, name)
        note = self._note(key, obj)
        moment = self._history.record(time.time(), key, obj, note=note, join=self._opening)
        if self._opening:
            return
        if self._history.thinned > self._thinned:
            self._thinned = self._history.thinned
            moments = self._history.moments
            self.document.replace("moments", {str(each.number): _row(each) for each in moments})
        else:
            self.document.put("moments", str(moment.number), _row(moment))

    def _note(self, key: Key, obj: Object | None) -> dict[str, Any]:
        """What pictures show of a change: the map's row, and a few words."""
        kind = key[0]
        before = self._rows.pop(key, None)
        row: dict[str, Any] = {}
        if obj is not None:
            make = {"Pod": pod_row, "Node": node_row}.get(kind)
            row = self._rows[key] = make(obj) if make else {"name": obj["metadata"]["name"]}
        words = "" if self._opening else _words(key, before, row if obj is not None else None)
        return {"row": row if obj is not None and kind in ("Pod", "Node") else None, "words": words}

    def on_connection(self, reason: str | None) -> None:
        """When everything was listed once, the first moment is complete."""
        if reason is None and self._opening:
            self._opening = False
            for moment in self._history.moments:
                self.document.put("moments", str(moment.number), _row(moment))
        super().on_connection(reason)

    def detach(self) -> None:
        """Go on recording when nobody looks."""

    def close(self) -> None:
        """End the recording, and remove the views."""
        super().detach()
        super().close()

    # --- comparing ------------------------------------------------------------------------------

    def act(self, name: str, arguments: dict[str, Any]) -> None:
        """Tell in what two moments differ."""
        if name == "compare":
            first, last = sorted((int(arguments["from"]), int(arguments["to"])))
            self.document.put("difference", "shown", self.compare(first, last))

    def compare(self, first: int, last: int) -> dict[str, Any]:
        """The objects that differ between two moments, by their numbers, each with its lines."""
        old, new = self._history.state(first), self._history.state(last)
        changed = [key for key in old | new if old.get(key) != new.get(key)]
        objects = [
            {"title": f"{key[0]} {key[1]}", "lines": difference(old.get(key), new.get(key))}
            for key in sorted(changed)[:_OBJECTS]
        ]
        shown = [{**each, "lines": each["lines"][:_LINES]} for each in objects]
        return {"from": first, "to": last, "objects": shown, "left": len(changed) - len(shown)}

    # --- without a browser ----------------------------------------------------------------------

    def picture(self) -> str:
        """The map as it is now."""
        self.wait()
        rows = {kind: self._shown(kind) for kind in ("Node", "Pod")}
        title = f"Cluster {self.cluster.name}, recorded"
        return draw(rows["Node"], rows["Pod"], title=title, notice=self.disconnected)

    def line(self) -> str:
        """What is there now."""
        self.wait()
        if self.disconnected:
            return f"pods: not known ({self.disconnected})"
        return f"recording; {summary(row['phase'] for row in self._shown('Pod'))}"

    def _shown(self, kind: str) -> list[dict[str, Any]]:
        return [row for key, row in list(self._rows.items()) if key[0] == kind]


def _row(moment: Moment) -> dict[str, Any]:
    """What the view gets of a moment."""
    sections: dict[str, Any] = {"nodes": {}, "pods": {}}
    for (kind, key), note in moment.notes.items():
        section = {"Node": "nodes", "Pod": "pods"}.get(kind)
        if section:
            sections[section][key] = note["row"]
    words = [note["words"] for note in moment.notes.values() if note["words"]]
    return {
        "number": moment.number,
        "at": round(moment.at * 1000),
        **sections,
        "words": words[:_WORDS],
        "left": max(len(words) - _WORDS, 0),
    }


def _words(key: Key, before: dict[str, Any] | None, now: dict[str, Any] | None) -> str:
    """What has happened to an object."""
    kind, name = key[0], key[1].rpartition("/")[2]
    if now is None:
        return f"{kind} {name} is gone"
    if before is None:
        return f"{kind} {name} is new"
    if kind == "Pod" and before["word"] != now["word"]:
        return f"{kind} {name}: {before['word']} → {now['word']}"
    if kind == "Pod" and before["phase"] != now["phase"]:
        return f"{kind} {name}: {PHASES[before['phase']].label} → {PHASES[now['phase']].label}"
    return f"{kind} {name} has changed"


def _demo(cluster: Any) -> TimeMachine:
    """With a rollout to go back to."""
    machine = TimeMachine(cluster)
    machine.wait()
    machine.perform(
        actions.set_image("demo", "web", container="hello", image="kubelearn/hello:2.0")
    )
    return machine


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(_demo, title="TimeMachine")
