"""PacketTrace: where connections to a Service's addresses go that begin on a node, and how likely.

The rules are the node's own: of kube-proxy on a real cluster, of the proxy on the embedded one.
"""

from __future__ import annotations

from typing import Any

from kubelearn.diagrams.servicepath import draw, entry_row, path_row, summary
from kubelearn.errors import KubelearnError
from kubelearn.objects import ENDPOINT_SLICES, PODS, Object, Resource
from kubelearn.widgets.base import Cluster, LiveWidget, script, style
from kubelearn.widgets.courier import courier


class PacketTrace(LiveWidget):
    """The ways to the pods of a Service, from `node` or from the first one."""

    _esm = script("packettrace")
    _css = style("packettrace")
    look_every = 1.0

    def __init__(
        self, cluster: Cluster, service: str, namespace: str = "default", *, node: str = ""
    ) -> None:
        self.service, self.namespace, self.node = service, namespace, node
        self._pods: dict[str, tuple[str, str]] = {}
        facts = {"service": service, "namespace": namespace}
        super().__init__(cluster, [(PODS, namespace), (ENDPOINT_SLICES, namespace)], facts=facts)
        self.enqueue(self.look)

    def show(self, resource: Resource, name: str, obj: Object | None) -> None:
        """Remember whose address is whose; the rules follow a moment later."""
        if resource is not PODS:
            return
        address = (obj or {}).get("status", {}).get("podIP")
        if obj is None or not address:
            self._pods.pop(name, None)
        else:
            self._pods[name] = (address, obj["metadata"]["name"])

    def look(self) -> None:
        """Read the node's rules."""
        try:
            path = self.cluster.internals.service_path(self.service, self.namespace, node=self.node)
        except KubelearnError as error:
            self.document.replace("path", {"reason": error.message})
            self.document.replace("entries", {})
        else:
            names = dict(self._pods.copy().values())
            rows = [entry_row(each, names) for each in path.entries]
            self.document.replace("entries", {f"{r['protocol']} {r['address']}": r for r in rows})
            self.document.replace("path", path_row(path))
        courier.wake()

    def act(self, name: str, arguments: dict[str, Any]) -> None:
        """Nothing here can be changed; packets are followed in the view."""

    def picture(self) -> str:
        """The ways as they are now."""
        self.wait()
        self.look()
        return draw(self._rows(), title=f"Service {self.service}", notice=self._notice())

    def line(self) -> str:
        """Where the addresses lead."""
        self.wait()
        self.look()
        return f"{self.service}: {self._notice() or summary(self._rows())}"

    def _rows(self) -> list[dict[str, Any]]:
        return list(self.document.section("entries").values())

    def _notice(self) -> str:
        return str(self.document.get("path", "reason") or "") or self.disconnected


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(lambda cluster: PacketTrace(cluster, "web", "demo"), title="PacketTrace")
