"""ApplyXray: one change on its way through the cluster, from the request to the running process.

Who did what to which object, in which revision, and the milliseconds between: all of it from the
API server's audit trail. Only the moment when a container was made is asked of its node.
"""

from __future__ import annotations

import threading
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from kubelearn.clusters.transport import send
from kubelearn.diagrams.actors import PARTS
from kubelearn.diagrams.applyxray import draw, summary
from kubelearn.diagrams.hops import Hop, Trail
from kubelearn.diagrams.journeys import Row, hop_row, journey_row
from kubelearn.errors import KubelearnError, NotAvailable
from kubelearn.objects import (
    DAEMON_SETS,
    DEPLOYMENTS,
    JOBS,
    PODS,
    REPLICA_SETS,
    STATEFUL_SETS,
    Object,
    Resource,
    parse_time,
)
from kubelearn.widgets import actions
from kubelearn.widgets.base import Cluster, LiveWidget, script, style
from kubelearn.widgets.courier import courier

KINDS = {
    each.kind: each for each in (DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS, DAEMON_SETS, JOBS, PODS)
}
MAX_JOURNEYS = 8
MAX_HOPS = 400
"""So many hops are kept of one journey: a pod that keeps crashing never ends its own."""

# The trail is written a moment after the change that it tells of, so it is read some times more;
# what was refused changes nothing, so it is read now and then anyway.
_READS_AFTER_A_CHANGE = 3
_READ_EVERY = 8


class ApplyXray(LiveWidget):
    """The way of each change of an object, `kind` and `name`, and of all that comes of it."""

    _esm = script("roving", "applyxray")
    _css = style("applyxray")
    look_every = 0.4

    def __init__(
        self, cluster: Cluster, name: str, namespace: str = "default", *, kind: str = "Deployment"
    ) -> None:
        if kind not in KINDS:
            raise ValueError(f"ApplyXray follows {', '.join(KINDS)}, not {kind!r}")
        self.name, self.namespace, self.kind = name, namespace, kind
        self._opened = datetime.now(UTC)
        self._quiet = 0
        self._reading = threading.Lock()
        self._forget_all()
        facts = {
            "name": name,
            "namespace": namespace,
            "kind": kind,
            "parts": {key: asdict(look) for key, look in PARTS.items()},
        }
        resources = dict.fromkeys([KINDS[kind], REPLICA_SETS, PODS])
        super().__init__(cluster, [(each, namespace) for each in resources], facts=facts)
        self.enqueue(self.look)

    def _forget_all(self) -> None:
        self._trail = Trail(KINDS[self.kind], self.namespace, self.name)
        self._hops: dict[str, dict[str, Hop]] = {}
        self._last = ""
        self._asked: set[str] = set()

    def _start_over(self) -> None:
        self._forget_all()
        for section in ("hops", "journeys"):
            self.document.replace(section, {})

    # --- the audit trail ----------------------------------------------------------------------

    def show(self, resource: Resource, name: str, obj: Object | None) -> None:
        """Something has changed in the namespace: the trail may have news."""
        self._quiet = 0

    def look(self) -> None:
        """Read on in the audit trail, if there may be news."""
        due = self._quiet < _READS_AFTER_A_CHANGE or self._quiet % _READ_EVERY == 0
        self._quiet += 1
        if due:
            self._read()

    def _read(self) -> None:
        with self._reading:
            try:
                changed = self._take_events()
                changed |= self._take_containers()
            except NotAvailable as error:
                self.document.put("audit", "reason", error.message)
                courier.wake()
                return
            except KubelearnError:
                # The event that was read last is no longer kept, or the trail is out of reach.
                self._start_over()
                return
            self.document.drop("audit", "reason")
            for journey in changed:
                self._put(journey)
            courier.wake()

    def _take_events(self) -> set[str]:
        """The journeys of which there is news."""
        changed = set()
        since = None if self._last else self._beginning()
        for event in self.cluster.internals.audit(since=since, after=self._last):
            self._last = event["auditID"]
            hop = self._trail.take(event)
            if hop and self._keep(hop):
                changed.add(hop.journey)
        return changed

    def _beginning(self) -> datetime:
        """When the object was made, if it is there already."""
        path = KINDS[self.kind].path(self.namespace, self.name)
        answer = send(self.cluster.api_client, "GET", path)
        if answer.code != 200:
            return self._opened
        return parse_time(answer.body["metadata"]["creationTimestamp"])

    def _take_containers(self) -> set[str]:
        """Ask nodes when they made the containers of pods that began to run."""
        new = {
            (hop.node, hop.pod)
            for hops in self._hops.values()
            for hop in hops.values()
            if hop.pod not in self._asked and hop.node and hop.words.startswith("Running")
        }
        changed = set()
        for node in sorted({node for node, _ in new}):
            for container in self.cluster.internals.containers(node):
                pod = f"{container.namespace}/{container.pod}"
                if (node, pod) not in new or container.attempt:
                    continue
                hop = self._trail.started(
                    pod,
                    container=container.name,
                    process=container.pid,
                    node=node,
                    moment=container.created.timestamp(),
                )
                if hop and self._keep(hop):
                    changed.add(hop.journey)
        self._asked |= {pod for _, pod in new}
        return changed

    def _keep(self, hop: Hop) -> bool:
        hops = self._hops.setdefault(hop.journey, {})
        if len(hops) >= MAX_HOPS:
            return False
        hops[hop.id] = hop
        while len(self._hops) > MAX_JOURNEYS:
            oldest = next(iter(self._hops))
            del self._hops[oldest]
            self._drop(oldest)
        return True

    # --- what is shown --------------------------------------------------------------------------

    def _put(self, journey: str) -> None:
        hops = list(self._hops.get(journey, {}).values())
        if hops:
            for hop in hops:
                self.document.put("hops", hop.id, hop_row(hop))
            self.document.put("journeys", journey, journey_row(hops))

    def _drop(self, journey: str) -> None:
        self.document.drop("journeys", journey)
        for key, row in self.document.section("hops").items():
            if row["journey"] == journey:
                self.document.drop("hops", key)

    def act(self, name: str, arguments: dict[str, Any]) -> None:
        """Restart the rollout, so that there is something to follow."""
        if name == "restart" and self.kind == "Deployment":
            now = datetime.now(UTC)
            self.perform(actions.restart(self.namespace, self.name, moment=now))

    def _latest(self) -> Row | None:
        journeys = self.document.section("journeys").values()
        return max(journeys, key=lambda row: float(row["at"]), default=None)

    def _notice(self) -> str:
        return str(self.document.get("audit", "reason") or "") or self.disconnected

    def picture(self) -> str:
        """The way of the latest change."""
        self.wait()
        self._read()
        journey, rows = self._latest(), self.document.section("hops")
        steps = [rows[key] for key in journey["way"]] if journey else []
        return draw(f"{self.kind} {self.name}", journey, steps, notice=self._notice())

    def line(self) -> str:
        """How far the latest change has come."""
        self.wait()
        self._read()
        return f"{self.name}: {self._notice() or summary(self._latest())}"


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(lambda cluster: ApplyXray(cluster, "web", "demo"), title="ApplyXray")
