"""LayerStack: an image as a stack of layers, and a guess which of them a change will renew."""

from __future__ import annotations

from typing import Any

import traitlets

from kubelearn.containers.build.report import BuildReport, Step
from kubelearn.diagrams.layerstack import LOOKS, draw, step_rows, summary
from kubelearn.widgets.base import Widget, script, style


class LayerStack(Widget):
    """What a build made, instruction by instruction.

    With `ask`, the learner marks what the next build will have to do again; `compare` shows how
    right that was. It never waits: without a front end it is a picture.
    """

    _esm = script("layerstack")
    _css = style("layerstack")

    name = traitlets.Unicode().tag(sync=True)
    rows = traitlets.List(traitlets.Dict()).tag(sync=True)
    looks = traitlets.Dict().tag(sync=True)
    ask = traitlets.Bool().tag(sync=True)
    marked = traitlets.List(traitlets.Int()).tag(sync=True)
    outcome = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(self, report: BuildReport, *, ask: bool = False) -> None:
        super().__init__(name=report.name, rows=step_rows(report), looks=LOOKS, ask=ask)

    def compare(self, report: BuildReport) -> None:
        """Show beside each instruction what the next build of the same Dockerfile did."""
        self.outcome = step_rows(report)

    def picture(self) -> str:
        """The stack; not the marks, so that every run stores the same."""
        return draw(self.name, self.rows)

    def line(self) -> str:
        """How many instructions came from the cache."""
        return f"{self.name}: {summary(self.rows)}"


def _demo(_cluster: Any) -> LayerStack:
    texts = ["FROM python:3.12-slim", "WORKDIR /app", "COPY app.py .", 'CMD ["python", "app.py"]']
    steps = [
        Step(
            number, len(texts), "", text, number, state="cached" if number < 3 else "done",
            layer="sha256:1" if number in (2, 3) else "", size=1500 * number, why="app.py changed",
        )
        for number, text in enumerate(texts, 1)
    ]  # fmt: skip
    size = 80_000_000
    return LayerStack(BuildReport("portal:1.0", "sha256:1", "demo", steps, size, 0.4), ask=True)


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(_demo, title="LayerStack")
