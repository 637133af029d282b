"""ObjectGraph: the objects of a namespace and how they hang together, live.

A click on an object tells about it, names the kubectl lines that tell more, and offers to delete
it. Secrets are not read: pods' own words say which of them they use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from kubelearn.diagrams.graph import drawn, lay_out
from kubelearn.diagrams.layered import Layout
from kubelearn.diagrams.objectgraph import SHOWN, STROKES, draw, graph, summary
from kubelearn.diagrams.objectstates import LOOKS
from kubelearn.objects import (
    CONFIG_MAPS,
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    JOBS,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    REPLICA_SETS,
    SECRETS,
    SERVICES,
    STATEFUL_SETS,
    Object,
    Resource,
)
from kubelearn.widgets import actions
from kubelearn.widgets.base import Cluster, LiveWidget, script, style
from kubelearn.widgets.watchset import Collection

if TYPE_CHECKING:
    from graphviz import Digraph

WATCHED = (
    DEPLOYMENTS,
    REPLICA_SETS,
    STATEFUL_SETS,
    DAEMON_SETS,
    CRON_JOBS,
    JOBS,
    PODS,
    SERVICES,
    ENDPOINT_SLICES,
    CONFIG_MAPS,
    PERSISTENT_VOLUME_CLAIMS,
)
"""What is followed in the namespace."""

_RESOURCES: Mapping[str, Resource] = {each.kind: each for each in (*WATCHED, SECRETS)}


class ObjectGraph(LiveWidget):
    """The live graph of a namespace's objects; with `nodes` also the nodes that pods run on.

    With `actions=False` it only shows.
    """

    _esm = script("roving", "objectgraph")
    _css = style("objectgraph")
    watched = ("boxes", "lines")

    def __init__(
        self,
        cluster: Cluster,
        namespace: str = "default",
        *,
        nodes: bool = False,
        actions: bool = True,
    ) -> None:
        self.namespace = namespace
        self.nodes = nodes
        self._objects: dict[tuple[str, str], Object] = {}
        self._layout: Layout | None = None
        self._shape: tuple[Any, ...] = ()
        collections: list[Collection] = [(each, namespace) for each in WATCHED]
        collections += [(NODES, None)] if nodes else []
        facts = {
            "cluster": cluster.name,
            "namespace": namespace,
            "actions": actions,
            "looks": {key: asdict(look) for key, look in LOOKS.items()},
            "strokes": {key: asdict(stroke) for key, stroke in STROKES.items()},
            "kinds": SHOWN,
        }
        super().__init__(cluster, collections, facts=facts)

    # --- what the cluster tells -------------------------------------------------------------

    def show(self, resource: Resource, name: str, obj: Object | None) -> None:
        """An object has changed; the picture is made anew soon, once for many changes."""
        if obj is None:
            self._objects.pop((resource.kind, name), None)
        else:
            # In a list, objects do not say of which kind they are.
            self._objects[resource.kind, name] = {**obj, "kind": resource.kind}
        self.renew_soon()

    def forget(self) -> None:
        """Before a watch starts anew."""
        super().forget()
        self._objects.clear()
        self._shape = ()

    def renew(self) -> None:
        """Show the objects as they are; where only states changed, everything stays in place."""
        whole = graph(self._objects.copy().values(), nodes=self.nodes)
        if self._layout is None or whole.shape != self._shape:
            self._layout, self._shape = lay_out(whole, before=self._layout), whole.shape
        boxes, lines = drawn(whole, self._layout, STROKES)
        self.document.put("size", "width", self._layout.width)
        self.document.put("size", "height", self._layout.height)
        self.document.replace("boxes", {box["id"]: box for box in boxes})
        self.document.replace("lines", {line["id"]: line for line in lines})

    # --- what the learner does --------------------------------------------------------------

    def act(self, name: str, arguments: dict[str, Any]) -> None:
        """Delete an object."""
        resource = _RESOURCES.get(str(arguments.get("kind")))
        if name == "delete" and resource is not None:
            self.perform(actions.delete(resource, self.namespace, str(arguments["name"])))

    # --- without a browser ------------------------------------------------------------------

    def picture(self) -> str:
        """The graph as it is now."""
        self.wait()
        return draw(
            self._objects.copy().values(),
            title=f"Namespace {self.namespace}",
            notice=self.disconnected,
            nodes=self.nodes,
        )

    def digraph(self) -> Digraph:
        """The graph as it is now in Graphviz's language, to be changed or given to `dot`."""
        from kubelearn.diagrams.dot import to_dot

        self.wait()
        whole = graph(self._objects.copy().values(), nodes=self.nodes)
        return to_dot(whole, strokes=STROKES, looks=LOOKS, name=self.namespace)

    def line(self) -> str:
        """How many objects of which kind there are."""
        self.wait()
        if self.disconnected:
            return f"objects: not known ({self.disconnected})"
        return f"{self.namespace}: {summary(graph(self._objects.copy().values()))}"


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(lambda cluster: ObjectGraph(cluster, "demo"), title="ObjectGraph")
