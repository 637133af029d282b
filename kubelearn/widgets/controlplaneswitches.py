"""ControlPlaneSwitches: a switch for each component of a cluster: what is missing without it?

Nothing is lost by switching off: what a component knows is in etcd, and it goes on from there.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from kubelearn.diagrams.components import STATES, component_row, draw, summary
from kubelearn.widgets.base import Cluster, script, style
from kubelearn.widgets.internalswidget import InternalsWidget


class ControlPlaneSwitches(InternalsWidget):
    """The switches of a cluster's components."""

    _esm = script("controlplaneswitches")
    _css = style("table", "controlplaneswitches")

    def __init__(self, cluster: Cluster) -> None:
        looks = {key: asdict(look) for key, look in STATES.items()}
        super().__init__(cluster, facts={"states": looks})

    def read(self) -> None:
        """Ask which components run."""
        rows = [component_row(each) for each in self.cluster.internals.components()]
        self.document.replace("components", {row["name"]: row for row in rows})

    def act(self, name: str, arguments: dict[str, Any]) -> None:
        """Stop or start a component."""
        target = str(arguments["name"])
        internals = self.cluster.internals
        if name in ("stop", "start"):
            switch = internals.start if name == "start" else internals.stop
            self.do(f'cluster.internals.{name}("{target}")', lambda: switch(target))

    def picture(self) -> str:
        """The components as they are now."""
        self.look_for_display()
        rows = self.document.section("components").values()
        title = f"Components of cluster {self.cluster.name}"
        return draw(rows, title=title, notice=self.unknown)

    def line(self) -> str:
        """How many run, and which do not."""
        self.look_for_display()
        return self.unknown or summary(self.document.section("components").values())


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(ControlPlaneSwitches, title="ControlPlaneSwitches")
