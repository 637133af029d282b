"""ServiceMap: why requests to a Service reach some pods and not others, and who answers.

Shows each pod's labels against the selector, its ports against the target port, and what the
EndpointSlices say. Requests really go to the Service, through the API server's proxy; selector and
target ports can be changed in the picture, and put back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from kubelearn.diagrams.endpointreasons import STATES
from kubelearn.diagrams.servicemap import MOST_PODS, draw, pod_rows, service_row, slice_row, summary
from kubelearn.objects import (
    ENDPOINT_SLICES,
    PODS,
    SERVICE_NAME,
    SERVICES,
    Object,
    Resource,
    labels_of,
)
from kubelearn.widgets import actions
from kubelearn.widgets.base import Cluster, LiveWidget, script, style
from kubelearn.widgets.courier import courier
from kubelearn.widgets.traffic import Traffic

# Of a round of requests not more than so many, and not longer than so many seconds.
_MOST_REQUESTS = 100
_ROUND_SECONDS = 10.0

NOBODY = "nobody"
"""The key under which requests are counted that no pod answered."""
UNKNOWN = "unknown"
"""The key of answers that do not say which pod they come from."""


class ServiceMap(LiveWidget):
    """The Service `service`, the pods of its namespace, and who answers.

    `port` says which port is asked, by its name or number; without it, it is the first one.
    """

    _esm = script("roving", "servicemap")
    _css = style("servicemap")
    watched = ("service", "pods", "slices")

    def __init__(
        self, cluster: Cluster, service: str, namespace: str = "default", *, port: str = ""
    ) -> None:
        self.service, self.namespace, self.port = service, namespace, port
        self._found: Object | None = None
        self._first: Object | None = None
        self._pods: dict[str, Object] = {}
        self._slices: dict[str, Object] = {}
        self._counting = threading.Lock()
        self._traffic = Traffic(
            cluster.api_client, namespace=namespace, service=service, report=self._count
        )
        facts = {
            "service": service,
            "namespace": namespace,
            "states": {key: asdict(look) for key, look in STATES.items()},
        }
        kinds = [(kind, namespace) for kind in (SERVICES, PODS, ENDPOINT_SLICES)]
        super().__init__(cluster, kinds, facts=facts)

    # --- what the cluster tells -------------------------------------------------------------

    def show(self, resource: Resource, name: str, obj: Object | None) -> None:
        """The Service, a pod or an EndpointSlice has changed."""
        if resource is SERVICES:
            if name != f"{self.namespace}/{self.service}":
                return
            self._found = obj
            self._first = self._first or obj
            self._aim()
        else:
            known = self._pods if resource is PODS else self._slices
            if obj is None:
                known.pop(name, None)
            elif resource is PODS or self._is_mine(obj):
                known[name] = obj
        self.renew_soon()

    def forget(self) -> None:
        """Before a watch starts anew."""
        super().forget()
        self._found = None
        self._pods.clear()
        self._slices.clear()

    def detach(self) -> None:
        """Watch no more, and ask no more."""
        super().detach()
        if hasattr(self, "_traffic"):
            self._ask_on(on=False)

    def _aim(self) -> None:
        """Ask by the port's name: the API server's proxy takes no named port by itself."""
        ports = self._found["spec"].get("ports") or [] if self._found else []
        port = self.port or str(next((each.get("name") or "" for each in ports), ""))
        self._traffic.aim(f"{self.service}:{port}" if port else self.service)
        self.document.put("asking", "path", self._traffic.path)

    def _is_mine(self, piece: Object) -> bool:
        labels = labels_of(piece)
        return bool(labels.get(SERVICE_NAME) == self.service)

    def renew(self) -> None:
        """Show the Service, the pods that fit best, and the EndpointSlices."""
        if self._found is None:
            for section in self.watched:
                self.document.replace(section, {})
            return
        rows = self._rows()
        shown = rows[:MOST_PODS]
        row = {**(self._row() or {}), "more": len(rows) - len(shown)}
        self.document.put("service", "row", {**row, "changed": bool(self._healing())})
        self.document.replace(
            "pods", {row["name"]: {**row, "place": i} for i, row in enumerate(shown)}
        )
        slices = {name: slice_row(each) for name, each in sorted(self._slices.copy().items())}
        self.document.replace("slices", slices)

    def _row(self) -> dict[str, Any] | None:
        slices = self._slices.copy().values()
        return service_row(self._found, slices) if self._found else None

    def _rows(self) -> list[dict[str, Any]]:
        if self._found is None:
            return []
        return pod_rows(self._found, self._pods.copy().values(), self._slices.copy().values())

    # --- who answers ------------------------------------------------------------------------

    def ask(self, times: int = 1) -> dict[str, int]:
        """Send so many requests one after the other; how often each pod has answered so far."""
        for _ in range(times):
            self._count(self._traffic.ask())
        return self.answers

    def _ask_round(self, times: int, *, ended: float) -> None:
        """The same for a click: one request at a time, so that other clicks come in between."""
        entry = self._traffic.ask()
        self._count(entry)
        # Where nobody answers, asking on would only take long.
        if times > 1 and entry["code"] and time.monotonic() < ended:
            self.enqueue(lambda: self._ask_round(times - 1, ended=ended))

    @property
    def answers(self) -> dict[str, int]:
        """How often each pod has answered; `nobody` counts failures, `unknown` the nameless."""
        return {name: int(count) for name, count in self.document.section("answers").items()}

    def _count(self, entry: Object) -> None:
        """One answer more."""
        with self._counting:
            who = self._who(entry)
            self.document.put("answers", who, self.answers.get(who, 0) + 1)
            self.document.put("asking", "last", {**entry, "who": who})
        courier.wake()

    def _who(self, entry: Object) -> str:
        if not 200 <= entry["code"] < 400:
            return NOBODY
        names = [pod["metadata"]["name"] for pod in self._pods.copy().values()]
        # Of names that begin alike the longer one says more.
        return max((name for name in names if name in entry["text"]), key=len, default=UNKNOWN)

    def _ask_on(self, *, on: bool) -> None:
        self._traffic.start() if on else self._traffic.stop()
        self.document.put("asking", "on", self._traffic.on)
        courier.wake()

    # --- what the learner does --------------------------------------------------------------

    def act(self, name: str, arguments: dict[str, Any]) -> None:
        """Ask, forget the answers, change selector or target port, put them back."""
        match name:
            case "ask":
                times = min(int(arguments["times"]), _MOST_REQUESTS)
                self._ask_round(times, ended=time.monotonic() + _ROUND_SECONDS)
            case "keep":
                self._ask_on(on=bool(arguments["on"]))
            case "clear":
                self.document.replace("answers", {})
                self.document.drop("asking", "last")
            case "selector":
                self._patch({"selector": {str(arguments["key"]): arguments["value"]}})
            case "target":
                self._patch({"ports": [_port(arguments["port"], str(arguments["target"]))]})
            case "heal":
                self._patch(self._healing())

    def _patch(self, spec: Mapping[str, Any]) -> None:
        if spec:
            self.perform(actions.patch_spec(SERVICES, self.namespace, self.service, spec))

    def _healing(self) -> dict[str, Any]:
        """What makes the Service again what it was when it was first seen."""
        if not self._found or not self._first:
            return {}
        now, then = self._found["spec"], self._first["spec"]
        patch: dict[str, Any] = {}
        new, old = now.get("selector") or {}, then.get("selector") or {}
        if new != old:
            patch["selector"] = {**dict.fromkeys(new.keys() - old.keys()), **old}
        targets = {port["port"]: port.get("targetPort") for port in then.get("ports") or []}
        moved = [
            {"port": port["port"], "targetPort": targets[port["port"]]}
            for port in now.get("ports") or []
            if targets.get(port["port"], port.get("targetPort")) != port.get("targetPort")
        ]
        return {**patch, **({"ports": moved} if moved else {})}

    # --- without a browser ------------------------------------------------------------------

    def picture(self) -> str:
        """The map as it is now; without answers, which chance gives."""
        self.wait()
        return draw(
            self._row(), self._rows(), title=f"Service {self.service}", notice=self.disconnected
        )

    def line(self) -> str:
        """How many pods are endpoints, and how many are not."""
        self.wait()
        if self.disconnected:
            return f"{self.service}: not known ({self.disconnected})"
        return f"{self.service}: {summary(self._row(), self._rows())}"


def _port(port: Any, target: str) -> Object:
    return {"port": int(port), "targetPort": int(target) if target.isdigit() else target}


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(lambda cluster: ServiceMap(cluster, "web", "demo"), title="ServiceMap")
