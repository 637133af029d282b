"""SchedulerMatrix: which node a pod goes to, and why; you choose first.

What the scheduler thought is asked of the cluster's internals. Where they do not tell, what the
API tells is shown instead: the node that was chosen, and the words of FailedScheduling.
"""

from __future__ import annotations

import threading
from dataclasses import asdict
from datetime import datetime
from typing import Any

from kubelearn.diagrams.nodeload import Requests, Row, node_row, requests_of, takes_room
from kubelearn.diagrams.schedulermatrix import MOST, PLUGINS, counted, draw, matrix, verdict
from kubelearn.errors import KubelearnError
from kubelearn.objects import EVENTS, NODES, PODS, Object, Resource, condition, parse_time
from kubelearn.widgets import actions, placing
from kubelearn.widgets.actions import Action
from kubelearn.widgets.base import Cluster, LiveWidget, script, style
from kubelearn.widgets.courier import courier
from kubelearn.widgets.placing import Sample

TAINT = "dedicated=lesson:NoSchedule"
LABEL = "disk=ssd"


class SchedulerMatrix(LiveWidget):
    """Nodes beside the scheduler's plugins, for the pod `name`; it is made if it is not there."""

    _esm = script("roving", "confirm", "schedulermatrix")
    _css = style("table", "schedulermatrix")
    watched = ("nodes",)

    def __init__(
        self, cluster: Cluster, namespace: str = "default", *, pod: str = "sample"
    ) -> None:
        self.namespace = namespace
        self._base, self._made = pod, 1
        self._sample = Sample(pod, namespace, cpu="100m", memory="32Mi")
        self._nodes: dict[str, Object] = {}
        self._homes: dict[str, str] = {}
        self._loads: dict[str, dict[str, Requests]] = {}
        self._pod: Object | None = None
        self._decided = threading.Event()
        facts = {
            "cluster": cluster.name,
            "namespace": namespace,
            "plugins": PLUGINS,
            "most": MOST,
            "taint": TAINT,
            "label": LABEL,
        }
        collections = [(NODES, None), (PODS, None), (EVENTS, namespace)]
        super().__init__(cluster, collections, facts=facts)
        self._put_pod()

    # --- what the cluster tells -----------------------------------------------------------------

    def forget(self) -> None:
        """Everything is told again."""
        super().forget()
        self._nodes.clear()
        self._homes.clear()
        self._loads.clear()

    def show(self, resource: Resource, name: str, obj: Object | None) -> None:
        """A node, a pod somewhere, or an event is new."""
        if resource == NODES:
            self._on_node(name, obj)
        elif resource == PODS:
            self._on_pod(name, obj)
        elif obj and _is_about(obj, self._sample.name) and obj.get("reason") == "FailedScheduling":
            self.document.put("pod", "event", str(obj.get("message") or obj.get("note") or ""))

    def _on_node(self, name: str, node: Object | None) -> None:
        if node is None:
            self._nodes.pop(name, None)
            self.document.drop("nodes", name)
            return
        self._nodes[name] = node
        self._put_node(name)

    def _on_pod(self, key: str, pod: Object | None) -> None:
        before, after = self._homes.pop(key, ""), ""
        self._loads.get(before, {}).pop(key, None)
        if pod is not None and takes_room(pod):
            after = self._homes[key] = pod["spec"]["nodeName"]
            self._loads.setdefault(after, {})[key] = requests_of(pod)
        for node in {before, after} - {""}:
            self._put_node(node)
        if key == f"{self.namespace}/{self._sample.name}":
            self._pod = pod
            self._put_pod()
            if self._is_revealed:
                self.enqueue(self._read_decision)

    def _put_node(self, name: str) -> None:
        node = self._nodes.get(name)
        if node:
            loads = self._loads.get(name, {})
            self.document.put("nodes", name, node_row(node, loads.values()))

    def _put_pod(self) -> None:
        pod = self._pod or {"spec": {}, "metadata": {}}
        waiting = condition(pod, "PodScheduled") or {}
        told = {
            "name": self._sample.name,
            "exists": self._pod is not None,
            "node": pod["spec"].get("nodeName") or "",
            "reason": str(waiting.get("message") or ""),
            "sample": asdict(self._sample),
        }
        self.document.put("pod", "shown", told)
        self._put_verdict()

    # --- choosing -------------------------------------------------------------------------------

    @property
    def _is_revealed(self) -> bool:
        return bool(self.document.get("choice", "revealed"))

    @property
    def _choice(self) -> str | None:
        found = self.document.get("choice", "node")
        return None if found is None else str(found)

    def choose(self, node: str) -> None:
        """Commit yourself to a node's name, or to nothing: no node will take it."""
        if not self._is_revealed:
            self.document.put("choice", "node", node)
            self._put_verdict()
            courier.wake()

    def compare(self, *, seconds: float = 10.0) -> None:
        """Make the pod if it is not there, and show what the scheduler thought of it.

        Waits for its decision so long. Raises ValueError before you have chosen.
        """
        if self._choice is None:
            raise ValueError("choose a node first: matrix.choose(NAME), or '' for nowhere")
        self._reveal()
        self._decided.wait(seconds)

    def _reveal(self) -> None:
        if self._pod is None and not self._perform(self._sample.create):
            return
        self.document.put("choice", "revealed", True)
        self._read_decision()

    def _another(self) -> None:
        """Go on with a new pod; the old one stays where it is."""
        self._made += 1
        self._sample = Sample(**{**asdict(self._sample), "name": f"{self._base}-{self._made}"})
        self._pod = None
        self._decided.clear()
        for section in ("choice", "decision"):
            self.document.replace(section, {})
        self.document.drop("pod", "event")
        self._put_pod()

    # --- what the scheduler thought -------------------------------------------------------------

    def _read_decision(self) -> None:
        """Ask the internals; until the scheduler has decided there is nothing to tell."""
        try:
            found = self.cluster.internals.decision(self._sample.name, self.namespace)
        except KubelearnError as error:
            self.document.put("decision", "reason", error.message)
        else:
            if self._is_older(found.time):
                return
            self.document.drop("decision", "reason")
            self.document.put("decision", "shown", matrix(found))
        self.document.put("decision", "counted", counted(self._waits()))
        if self._node() or self._waits():
            self._decided.set()
        self._put_verdict()
        courier.wake()

    def _is_older(self, moment: datetime) -> bool:
        """Whether it was about another pod, which had this name before."""
        created = (self._pod or {"metadata": {}})["metadata"].get("creationTimestamp")
        return bool(created) and moment < parse_time(str(created))

    def _node(self) -> str:
        return str((self.document.get("pod", "shown") or {}).get("node") or "")

    def _waits(self) -> str:
        """Why the pod has no node, in its own status."""
        return str((self.document.get("pod", "shown") or {}).get("reason") or "")

    def _shown(self) -> Row | None:
        return self.document.get("decision", "shown") if self._is_revealed else None

    def _put_verdict(self) -> None:
        words = f"You chose {self._choice or 'nowhere'}: now let the scheduler decide."
        if self._choice is None or self._is_revealed:
            words = verdict(
                self._shown(), choice=self._choice, node=self._node(), waits=self._waits()
            )
        self.document.put("choice", "verdict", words)

    # --- clicks ---------------------------------------------------------------------------------

    def act(self, name: str, arguments: dict[str, Any]) -> None:
        """Choose, compare, or change something that the scheduler looks at."""
        node = str(arguments.get("node") or "")
        match name:
            case "choose":
                self.choose(node)
            case "compare":
                if self._choice is not None:
                    self._reveal()
            case "another":
                self._another()
            case "delete":
                self._perform(lambda: actions.delete_pod(self.namespace, self._sample.name))
            case "sample":
                self._type(arguments)
            case "cordon":
                self._perform(lambda: actions.cordon(node, on=bool(arguments["on"])))
            case "taint" | "label":
                self._mark(name, node, arguments)
        courier.wake()

    def _mark(self, name: str, node: str, arguments: dict[str, Any]) -> None:
        text, on = str(arguments["text"]), bool(arguments["on"])
        if name == "taint":
            self._perform(lambda: placing.taint(self._nodes[node], text, on=on))
        else:
            self._perform(lambda: placing.label(node, text, on=on))

    def _type(self, fields: dict[str, Any]) -> None:
        """What the pod shall ask for; of one that exists it cannot be changed any more."""
        if self._pod is None:
            known = {name: str(value).strip() for name, value in fields.items() if name in _FIELDS}
            self._sample = Sample(self._sample.name, self.namespace, **known)
            self._put_pod()

    def _perform(self, make: Any) -> bool:
        """Send what `make` gives; whether that worked."""
        try:
            action: Action = make()
        except KubelearnError as error:
            self.trace({"command": "", "request": "", "code": 0, "message": str(error)})
            return False
        return 200 <= int(self.perform(action)["code"]) < 300

    # --- without a browser ----------------------------------------------------------------------

    def picture(self) -> str:
        """The nodes, and what the scheduler thought if the learner has chosen."""
        self.wait()
        rows = [row for _, row in sorted(self.document.section("nodes").items())]
        title = f"Where does pod {self._sample.name} go?"
        return draw(title, rows, self._shown(), words=self.disconnected or self._verdict())

    def line(self) -> str:
        """What the choice was worth."""
        self.wait()
        return f"{self._sample.name}: {self.disconnected or self._verdict()}"

    def _verdict(self) -> str:
        return str(self.document.get("choice", "verdict") or "")


_FIELDS = ("cpu", "memory", "selector", "toleration")


def _is_about(event: Object, pod: str) -> bool:
    about = event.get("involvedObject") or event.get("regarding") or {}
    return about.get("kind") == "Pod" and about.get("name") == pod


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(lambda cluster: SchedulerMatrix(cluster, "demo"), title="SchedulerMatrix")
