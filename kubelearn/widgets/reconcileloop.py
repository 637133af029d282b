"""ReconcileLoop: what control loops want, what there is, what waits in their queues, step by step.

Desired and observed come from the API, so that part works on every cluster. Queues, pauses and
steps are the embedded cluster's; what a loop sent is read from the audit trail, by its account.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from kubelearn.clusters.internals import ControllerState
from kubelearn.diagrams.actors import actor_of
from kubelearn.diagrams.controlloops import KINDS, LOOPS, SCALABLE, Family, Row, summary, watched
from kubelearn.diagrams.deeds import changes, deed, object_of, words
from kubelearn.diagrams.reconcileloop import draw
from kubelearn.errors import KubelearnError, NotAvailable
from kubelearn.objects import Object, Resource, is_active, key, parse_time
from kubelearn.widgets import actions
from kubelearn.widgets.actions import beside_api
from kubelearn.widgets.base import Cluster, LiveWidget, script, style
from kubelearn.widgets.courier import courier

SENT_KEPT = 60
KEYS_SHOWN = 12
# The trail is written a moment after what it tells of, so it is read some times more.
_READS_AFTER_A_CHANGE = 4
_READ_EVERY = 10


class ReconcileLoop(LiveWidget):
    """The loops that keep an object, `kind` and `name`, as its spec says."""

    _esm = script("confirm", "table", "reconcileloop")
    _css = style("table", "reconcileloop")
    look_every = 0.5

    # Here, because ipywidgets also closes an object whose constructor failed half-way.
    _paused: frozenset[str] = frozenset()

    def __init__(
        self, cluster: Cluster, name: str, namespace: str = "default", *, kind: str = "Deployment"
    ) -> None:
        if kind not in KINDS:
            raise ValueError(f"ReconcileLoop shows {', '.join(KINDS)}, not {kind!r}")
        self.name, self.namespace, self.kind = name, namespace, kind
        self.resource, self.loops = KINDS[kind]
        self._objects: dict[tuple[str, str], Object] = {}
        self._changing = threading.Lock()
        self._stale = threading.Event()
        self._opened = datetime.now(UTC)
        self._last = ""
        self._quiet = 0
        self._steps: dict[str, list[tuple[datetime, int]]] = {}
        self._stepped = 0
        facts = {
            "name": name,
            "namespace": namespace,
            "kind": kind,
            "loops": [asdict(LOOPS[each]) for each in self.loops],
            "scalable": kind in SCALABLE,
        }
        collections = [(each, namespace) for each in watched(kind)]
        super().__init__(cluster, collections, facts=facts)
        self.enqueue(self.look)

    def close(self) -> None:
        """Let go on what was paused here: nobody could see any more why nothing happens."""
        for name in sorted(self._paused):
            # A component that was stopped meanwhile has forgotten its pause.
            with contextlib.suppress(KubelearnError):
                self.cluster.internals.resume(name)
        self._paused = frozenset()
        super().close()

    # --- desired and observed -------------------------------------------------------------------

    def forget(self) -> None:
        """Everything is told again."""
        with self._changing:
            self._objects.clear()

    def show(self, resource: Resource, name: str, obj: Object | None) -> None:
        """An object of the namespace is new, changed or gone."""
        with self._changing:
            if obj is None:
                self._objects.pop((resource.kind, name), None)
            else:
                self._objects[resource.kind, name] = {**obj, "kind": resource.kind}
        self._quiet = 0
        # However many objects change, they are counted once.
        if not self._stale.is_set():
            self._stale.set()
            self.enqueue(self._count)

    def _count(self) -> None:
        self._stale.clear()
        family = self._family()
        for name, cards in family.cards().items():
            self.document.put("cards", name, cards)
        for name in self.document.section("cards").keys() - family.cards().keys():
            self.document.drop("cards", name)
        courier.wake()

    def _family(self) -> Family:
        with self._changing:
            root = self._objects.get((self.kind, f"{self.namespace}/{self.name}"))
            return Family(root, list(self._objects.values()))

    # --- queues, and what was sent --------------------------------------------------------------

    def look(self) -> None:
        """Ask for the queues, and read on in the audit trail if there may be news."""
        self._read_queues()
        due = self._quiet < _READS_AFTER_A_CHANGE or self._quiet % _READ_EVERY == 0
        self._quiet += 1
        if due:
            self._read_trail()
        courier.wake()

    def _read_queues(self) -> None:
        try:
            states = {each.name: each for each in self.cluster.internals.controllers()}
        except KubelearnError as error:
            self.document.put("inside", "reason", error.message)
            self.document.replace("queues", {})
            return
        self.document.drop("inside", "reason")
        queues = {name: _queue(states[name]) for name in self.loops if name in states}
        self.document.replace("queues", queues)

    def _read_trail(self) -> None:
        try:
            since = None if self._last else self._opened
            for event in self.cluster.internals.audit(since=since, after=self._last):
                self._last = event["auditID"]
                self._take(event)
        except NotAvailable as error:
            self.document.put("inside", "audit", error.message)
        except KubelearnError:
            # The event that was read last is no longer kept, or the trail is out of reach.
            self._last, self._opened = "", datetime.now(UTC)
        else:
            self.document.drop("inside", "audit")

    def _take(self, event: Object) -> None:
        """Show a request that one of the loops sent."""
        accounts = {LOOPS[name].account: name for name in self.loops}
        loop = accounts.get(actor_of(event).name)
        reference = event.get("objectRef") or {}
        if not loop or not changes(event) or reference.get("namespace") != self.namespace:
            return
        moment = parse_time(event["requestReceivedTimestamp"])
        self.document.put(
            "sent",
            event["auditID"],
            {
                "at": round(moment.timestamp() * 1000),
                "loop": loop,
                "step": self._step_at(loop, moment),
                "deed": deed(event, _kind(event)),
                "words": words(event, object_of(event)),
                "request": f"{event['verb']} {event['requestURI']}",
                "code": int((event.get("responseStatus") or {}).get("code") or 0),
            },
        )
        kept = list(self.document.section("sent"))
        for old in kept[:-SENT_KEPT]:
            self.document.drop("sent", old)

    def _step_at(self, loop: str, moment: datetime) -> int:
        """The step that was being taken then; 0 if the loop ran by itself."""
        begun = [number for start, number in self._steps.get(loop, []) if start <= moment]
        return begun[-1] if begun else 0

    # --- acting ---------------------------------------------------------------------------------

    def act(self, name: str, arguments: dict[str, Any]) -> None:
        """Pause, step or resume a loop; change what is wanted or what there is."""
        self._quiet = 0
        loop = str(arguments.get("loop") or "")
        match name:
            case "pause" | "resume" if loop in self.loops:
                self._switch(loop, on=name == "resume")
            case "step" if loop in self.loops:
                self._step(loop, str(arguments.get("key") or ""))
            case "scale" if self.kind in SCALABLE:
                self._scale(int(arguments["by"]))
            case "kill":
                self._kill()

    def _switch(self, loop: str, *, on: bool) -> None:
        internals = self.cluster.internals
        verb, act = ("resume", internals.resume) if on else ("pause", internals.pause)
        done = self._do(f'cluster.internals.{verb}("{loop}")', lambda: act(loop))
        if done and on:
            self._paused -= {loop}
            self._steps.setdefault(loop, []).append((datetime.now(UTC), 0))
        elif done:
            self._paused |= {loop}

    def _step(self, loop: str, key: str) -> None:
        """One reconcile: of that key, or of the first that waits."""
        told: dict[str, Any] = {"loop": loop, "key": key, "problem": ""}

        def step() -> None:
            done = self.cluster.internals.step(loop, key)
            told.update(key=done.key, problem=done.problem)

        self._stepped += 1
        number = self._stepped
        self._steps.setdefault(loop, []).append((datetime.now(UTC), number))
        arguments = ", ".join(f'"{each}"' for each in (loop, key) if each)
        if self._do(f"cluster.internals.step({arguments})", step):
            told["at"] = round(time.time() * 1000)
            self.document.replace("steps", {str(number): told})
        self.look()

    def _do(self, command: str, act: Callable[[], None]) -> bool:
        """Do something beside the API and look what came of it; whether it worked."""
        entry = beside_api(command, act)
        self.trace(entry)
        self._read_queues()
        return entry["code"] is None

    def _scale(self, by: int) -> None:
        root = self._family().root
        if root:
            wanted = max(int(root["spec"].get("replicas", 1)) + by, 0)
            self.perform(actions.scale(self.namespace, self.name, wanted, resource=self.resource))

    def _kill(self) -> None:
        """Delete the oldest pod: what there is shall differ from what is wanted."""
        pods = [pod for pod in self._family().pods if is_active(pod)]
        if pods:
            oldest = min(
                pods, key=lambda pod: (pod["metadata"].get("creationTimestamp") or "", key(pod))
            )
            self.perform(actions.delete_pod(self.namespace, oldest["metadata"]["name"]))

    # --- without a browser ----------------------------------------------------------------------

    def picture(self) -> str:
        """What is wanted beside what there is."""
        cards = self._cards()
        title = f"{self.kind} {self.name} and the loops that keep it"
        told = self.disconnected or summary(cards, paused=self._resting())
        return draw(title, cards, order=self.loops, words=told, alarm=bool(self.disconnected))

    def line(self) -> str:
        """What differs from what is wanted."""
        cards = self._cards()
        return f"{self.name}: {self.disconnected or summary(cards, paused=self._resting())}"

    def _cards(self) -> dict[str, list[Row]]:
        self.wait()
        self._read_queues()
        return self._family().cards()

    def _resting(self) -> list[str]:
        queues = self.document.section("queues")
        return [name for name, queue in queues.items() if queue["paused"]]


def _kind(event: Object) -> str:
    """The kind of what a request was about, or its plural name where only that is told."""
    return str(object_of(event).get("kind") or event["objectRef"]["resource"])


def _queue(state: ControllerState) -> Row:
    return {
        "paused": state.paused,
        "working": list(state.working),
        "waiting": list(state.waiting[:KEYS_SHOWN]),
        "more": max(len(state.waiting) - KEYS_SHOWN, 0),
        "later": {name: round(seconds) for name, seconds in state.later.items()},
    }


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(lambda cluster: ReconcileLoop(cluster, "web", "demo"), title="ReconcileLoop")
