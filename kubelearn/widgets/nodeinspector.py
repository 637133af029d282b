"""NodeInspector: what a node's runtime and its kernel know: containers, and processes as a tree.

The API tells what should run on a node; this is what does, with the kubelet stopped too.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from kubelearn.diagrams.nodes import container_row, draw, process_rows, summary
from kubelearn.diagrams.phases import PHASES
from kubelearn.errors import ClusterError, NotAvailable
from kubelearn.widgets.base import Cluster, script, style
from kubelearn.widgets.internalswidget import InternalsWidget


class NodeInspector(InternalsWidget):
    """The inside of one node."""

    _esm = script("confirm", "table", "nodeinspector")
    _css = style("table", "nodeinspector")

    def __init__(self, cluster: Cluster, node: str) -> None:
        self.node = node
        looks = {key: asdict(look) for key, look in PHASES.items()}
        super().__init__(cluster, facts={"node": node, "phases": looks})

    def read(self) -> None:
        """Ask the node's runtime and its kernel."""
        internals = self.cluster.internals
        kubelet = [e for e in internals.components() if e.name == f"kubelet@{self.node}"]
        self.document.put("node", "kubelet", kubelet[0].state if kubelet else "")
        try:
            containers = internals.containers(self.node)
            processes = internals.processes(self.node)
        except NotAvailable:
            raise
        except ClusterError as error:
            # The machine is off, which is nothing that would end by itself.
            containers, processes, off = [], [], error.message
        else:
            off = ""
        self.document.put("node", "off", off)
        rows = [container_row(each) for each in containers]
        self.document.replace("containers", {row["id"]: row for row in rows})
        tree = process_rows(processes, containers)
        self.document.put("processes", "tree", tree)

    def act(self, name: str, arguments: dict[str, Any]) -> None:
        """Stop or start the kubelet, or the machine."""
        internals, node = self.cluster.internals, self.node
        kubelet = f"kubelet@{node}"
        match name:
            case "stop-kubelet":
                self.do(f'cluster.internals.stop("{kubelet}")', lambda: internals.stop(kubelet))
            case "start-kubelet":
                self.do(f'cluster.internals.start("{kubelet}")', lambda: internals.start(kubelet))
            case "stop-node":
                self.do(f'cluster.internals.stop_node("{node}")', lambda: internals.stop_node(node))
            case "start-node":
                self.do(
                    f'cluster.internals.start_node("{node}")', lambda: internals.start_node(node)
                )

    def picture(self) -> str:
        """The node's processes as they are now."""
        self.look_for_display()
        return draw(*self._rows(), title=f"Node {self.node}", notice=self._notice())

    def line(self) -> str:
        """How much runs there."""
        self.look_for_display()
        return f"{self.node}: {self._notice() or summary(*self._rows())}"

    def _rows(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        containers = list(self.document.section("containers").values())
        return containers, self.document.get("processes", "tree") or []

    def _notice(self) -> str:
        return self.unknown or str(self.document.get("node", "off") or "")


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(lambda cluster: NodeInspector(cluster, "simulated-worker"), title="NodeInspector")
