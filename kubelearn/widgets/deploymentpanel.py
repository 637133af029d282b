"""DeploymentPanel: a Deployment's control room.

Scale it, ship another version, kill a pod, undo; say how far a rollout may go beyond and below, and
whether it asks pods if they are ready; see its ReplicaSets over time and who answers the requests
to its Service.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from kubelearn.diagrams.clustermap import image_tag, pod_row
from kubelearn.diagrams.phases import PHASES
from kubelearn.diagrams.replicasets import (
    VERSION_COLOURS,
    deployment_row,
    draw,
    replica_set_row,
    summary,
)
from kubelearn.objects import (
    DEPLOYMENTS,
    PODS,
    REPLICA_SETS,
    Object,
    Resource,
    controller_of,
    labels_of,
)
from kubelearn.widgets import actions
from kubelearn.widgets.base import Cluster, LiveWidget, script, style
from kubelearn.widgets.courier import courier
from kubelearn.widgets.traffic import Traffic

# How far back the picture goes, and how many requests the log shows.
HISTORY_SECONDS = 180
REQUESTS_SHOWN = 60


class DeploymentPanel(LiveWidget):
    """The control room of the Deployment `name`.

    `images` are the versions to choose from; `service` (default: the Deployment's name) is who the
    request log asks, `name:port` where the Service has several ports.
    """

    _esm = script("deploymentpanel")
    _css = style("deploymentpanel")
    watched = ("deployment", "sets", "pods")

    def __init__(
        self,
        cluster: Cluster,
        name: str,
        namespace: str = "default",
        *,
        images: Iterable[str] = (),
        service: str | None = None,
        max_replicas: int = 10,
        chance: random.Random | None = None,
    ) -> None:
        self.name = name
        self.namespace = namespace
        self._chance = chance or random.Random()
        self._deployment: Object | None = None
        self._sets: dict[str, Object] = {}
        self._probe: Object | None = None
        self._asked = 0
        self._answered = {"ok": 0, "failed": 0}
        self._traffic = Traffic(
            cluster.api_client, namespace=namespace, service=service or name, report=self._report
        )
        collections = [(kind, namespace) for kind in (DEPLOYMENTS, REPLICA_SETS, PODS)]
        facts = {
            "name": name,
            "namespace": namespace,
            "images": [{"image": image, "tag": image_tag(image)} for image in images],
            "service": self._traffic.path,
            "maximum": max_replicas,
            "seconds": HISTORY_SECONDS,
            "colours": VERSION_COLOURS,
            "phases": {key: asdict(look) for key, look in PHASES.items()},
        }
        super().__init__(cluster, collections, facts=facts)
        self._show_traffic()

    # --- requests ---------------------------------------------------------------------------

    def start_requests(self) -> None:
        """Begin to ask the Service, five times a second."""
        self._traffic.start()
        self._show_traffic()

    def stop_requests(self) -> None:
        """Ask no more."""
        self._traffic.stop()
        self._show_traffic()

    def _report(self, entry: Object) -> None:
        """Show one request and who answered it."""
        self._asked += 1
        failed = not 200 <= entry["code"] < 400
        self._answered["failed" if failed else "ok"] += 1
        rows = self.document.section("pods").values()
        pod = next((row for row in rows if row["name"] in entry["text"]), None)
        who = {"pod": pod["name"], "owner": pod["owner"]} if pod and not failed else {}
        shown = {**entry, **who, "failed": failed, "at": _now()}
        self.document.put("requests", str(self._asked), shown)
        self.document.drop("requests", str(self._asked - REQUESTS_SHOWN))
        self._show_traffic()

    def _show_traffic(self) -> None:
        self.document.put("traffic", "on", self._traffic.on)
        for key, count in self._answered.items():
            self.document.put("traffic", key, count)
        courier.wake()

    # --- what the cluster tells -------------------------------------------------------------

    def show(self, resource: Resource, name: str, obj: Object | None) -> None:
        """The Deployment, one of its ReplicaSets or one of its pods has changed."""
        if resource is DEPLOYMENTS:
            if name == f"{self.namespace}/{self.name}":
                self._on_deployment(obj)
        elif resource is REPLICA_SETS:
            self._on_replica_set(name, obj)
        elif obj is None:
            self.document.drop("pods", name)
        elif self._is_mine(obj):
            self.document.put("pods", name, pod_row(obj))

    def detach(self) -> None:
        """Watch no more, and ask no more."""
        super().detach()
        if hasattr(self, "_traffic"):
            self._traffic.stop()

    def forget(self) -> None:
        """Before a watch starts anew."""
        super().forget()
        self._sets.clear()

    def _on_deployment(self, obj: Object | None) -> None:
        self._deployment = obj
        if obj is None:
            self.document.drop("deployment", self.name)
        else:
            self.document.put("deployment", self.name, deployment_row(obj))

    def _on_replica_set(self, name: str, obj: Object | None) -> None:
        if obj is None:
            self._sets.pop(name, None)
            self.document.drop("sets", name)
        elif (controller_of(obj) or {}).get("name") == self.name:
            self._sets[name] = obj
            self.document.put("sets", name, replica_set_row(obj))
        else:
            return
        self._remember()

    def _is_mine(self, pod: Object) -> bool:
        template = labels_of(pod).get("pod-template-hash")
        return (controller_of(pod) or {}).get("name") == f"{self.name}-{template}"

    def _remember(self) -> None:
        """One more step of the picture over time; one for each tenth of a second at most."""
        now = _now()
        rows = self.document.section("sets").values()
        sizes = {row["name"]: [row["desired"], row["ready"]] for row in rows}
        self.document.put("history", str(now // 100), {"at": now, "sets": sizes})
        steps = list(self.document.section("history").items())
        # The step before the picture's edge stays: it says how things stood at the edge.
        for (old, _), (_, step) in itertools.pairwise(steps):
            if step["at"] < now - HISTORY_SECONDS * 1000:
                self.document.drop("history", old)

    # --- what the learner does --------------------------------------------------------------

    def act(self, name: str, arguments: dict[str, Any]) -> None:
        """Scale, ship, kill, undo; change how rollouts go; start or stop the requests."""
        match name:
            case "scale":
                self.perform(actions.scale(self.namespace, self.name, int(arguments["replicas"])))
            case "image":
                self._ship(str(arguments["image"]))
            case "kill":
                self._kill()
            case "undo":
                self._undo()
            case "limits":
                self._limit(str(arguments["surge"]), str(arguments["unavailable"]))
            case "readiness":
                self._ask_if_ready(on=bool(arguments["on"]))
            case "requests":
                self.start_requests() if arguments["on"] else self.stop_requests()

    def _ship(self, image: str) -> None:
        row = self.document.get("deployment", self.name)
        if row:
            container = row["container"]
            self.perform(
                actions.set_image(self.namespace, self.name, container=container, image=image)
            )

    def _limit(self, surge: str, unavailable: str) -> None:
        """How many pods a rollout may add, and do without: numbers, or shares such as 25%."""
        limits = {"maxSurge": _amount(surge), "maxUnavailable": _amount(unavailable)}
        self._patch({"strategy": {"rollingUpdate": limits}})

    def _ask_if_ready(self, *, on: bool) -> None:
        """Give the container a readiness probe, the one that it had if it had one; or take it."""
        row = self.document.get("deployment", self.name)
        if not (self._deployment and row):
            return
        container = self._deployment["spec"]["template"]["spec"]["containers"][0]
        self._probe = container.get("readinessProbe") or self._probe
        probe = None
        if on:
            simple = {"httpGet": {"path": "/", "port": row["port"]}, "periodSeconds": 1}
            probe = self._probe or simple
        changed = {"name": row["container"], "readinessProbe": probe}
        self._patch({"template": {"spec": {"containers": [changed]}}})

    def _patch(self, spec: Object) -> None:
        self.perform(actions.patch_spec(DEPLOYMENTS, self.namespace, self.name, spec))

    def _kill(self) -> None:
        rows = self.document.section("pods").values()
        running = sorted(r["name"] for r in rows if r["phase"] in ("Running", "NotReady"))
        if running:
            self.perform(actions.delete_pod(self.namespace, self._chance.choice(running)))

    def _undo(self) -> None:
        if self._deployment:
            action = actions.undo(self._deployment, list(self._sets.values()))
            if action:
                self.perform(action)

    # --- without a browser ------------------------------------------------------------------

    def picture(self) -> str:
        """The Deployment's ReplicaSets and pods as they are now."""
        self.wait()
        sections = (self.document.section(name).values() for name in ("sets", "pods"))
        row = self.document.get("deployment", self.name)
        return draw(self.name, row, *sections, notice=self.disconnected)

    def line(self) -> str:
        """How many pods are ready."""
        self.wait()
        if self.disconnected:
            return f"{self.name}: not known ({self.disconnected})"
        return f"{self.name}: {summary(self.document.get('deployment', self.name))}"


def _amount(text: str) -> int | str:
    """As the API takes it; what is neither a number nor a share, it refuses itself."""
    text = text.strip()
    return int(text) if text.isdecimal() else text


def _now() -> int:
    return round(time.time() * 1000)


def _demo(cluster: Any) -> DeploymentPanel:
    images = [f"kubelearn/hello:{tag}" for tag in ("1.0", "2.0", "broken")]
    panel = DeploymentPanel(cluster, "web", "demo", images=images)
    panel.start_requests()
    return panel


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(_demo, title="DeploymentPanel")
