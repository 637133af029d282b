"""ClusterMap: the nodes of a cluster and their pods, live; click to act on them.

A click on a pod deletes it, a node has a menu to cordon or stop it. `draw` in
`kubelearn.diagrams.clustermap` is the same picture without a browser.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from kubelearn.diagrams.clustermap import draw, node_row, pod_row
from kubelearn.diagrams.phases import PHASES, summary
from kubelearn.objects import NODES, PODS, Object, Resource
from kubelearn.widgets import actions
from kubelearn.widgets.base import Cluster, LiveWidget, script, style
from kubelearn.widgets.watchset import Collection


class ClusterMap(LiveWidget):
    """The live map of a cluster.

    `namespace` is one, several, or None for all. With `actions=False` it only shows.
    """

    _esm = script("roving", "clustermapview", "clustermap")
    _css = style("clustermap")
    watched = ("nodes", "pods")

    def __init__(
        self,
        cluster: Cluster,
        namespace: str | Iterable[str] | None = None,
        *,
        actions: bool = True,
    ) -> None:
        names = [namespace] if isinstance(namespace, str) else list(namespace or [])
        self._stopped: set[str] = set()
        pods: list[Collection] = [(PODS, name) for name in names] or [(PODS, None)]
        facts = {
            "cluster": cluster.name,
            "namespaces": names,
            "actions": actions,
            "phases": {key: asdict(look) for key, look in PHASES.items()},
        }
        super().__init__(cluster, [(NODES, None), *pods], facts=facts)

    def show(self, resource: Resource, name: str, obj: Object | None) -> None:
        """A node or a pod has changed."""
        section = "nodes" if resource is NODES else "pods"
        if obj is None:
            self.document.drop(section, name)
        elif resource is NODES:
            self.document.put("nodes", name, {**node_row(obj), "stopped": name in self._stopped})
        else:
            self.document.put("pods", name, pod_row(obj))

    def act(self, name: str, arguments: dict[str, Any]) -> None:
        """Delete a pod; cordon, uncordon, stop or start a node."""
        target = str(arguments.get("name", ""))
        match name:
            case "delete":
                self.perform(actions.delete_pod(str(arguments["namespace"]), target))
            case "cordon" | "uncordon":
                self.perform(actions.cordon(target, on=name == "cordon"))
            case "stop" | "start":
                self._switch(target, on=name == "start")

    def _switch(self, node: str, *, on: bool) -> None:
        """Stop or start the machine itself: nothing that the API could do."""
        internals = self.cluster.internals
        switch = internals.start_node if on else internals.stop_node
        verb = "start" if on else "stop"
        entry = actions.beside_api(f'cluster.internals.{verb}_node("{node}")', lambda: switch(node))
        self.trace(entry)
        if entry["code"] == 0:
            return
        (self._stopped.discard if on else self._stopped.add)(node)
        row = self.document.get("nodes", node)
        if row:
            self.document.put("nodes", node, {**row, "stopped": not on})

    def picture(self) -> str:
        """The map as it is now."""
        self.wait()
        nodes, pods = self.document.section("nodes"), self.document.section("pods")
        title = f"Cluster {self.cluster.name}"
        return draw(nodes.values(), pods.values(), title=title, notice=self.disconnected)

    def line(self) -> str:
        """How many pods are in which state."""
        self.wait()
        if self.disconnected:
            return f"pods: not known ({self.disconnected})"
        return summary(row["phase"] for row in self.document.section("pods").values())


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(ClusterMap, title="ClusterMap")
