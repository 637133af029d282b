"""ProgressBar: long work in a notebook, with its step, its time and what comes next.

It moves while its own cell is busy, so it is told by traits and not by a document: a view that
opens late has the latest state at once. After the end nothing is sent any more.
"""

from __future__ import annotations

import sys
from typing import Any

import traitlets

from kubelearn.diagrams.workbar import draw
from kubelearn.progress import Display, Lines, Progress, Step
from kubelearn.widgets.base import Widget, script, style

# In the metadata of a notebook's output: whoever stores a notebook may leave bars out.
MARK = {"kubelearn": "progress"}


class ProgressBar(Widget):
    """Shows a `Progress` as it goes."""

    _esm = script("progressbar")
    _css = style("progressbar")

    title = traitlets.Unicode().tag(sync=True)
    told = traitlets.Dict().tag(sync=True)

    def show(self, work: Progress) -> None:
        """Tell the view how far the work is."""
        self.told = telling_of(work)

    def picture(self) -> str:
        """The title only: how far it is differs every time."""
        return draw(self.title)

    def line(self) -> str:
        """The title."""
        return self.title


def telling_of(work: Progress) -> dict[str, Any]:
    """What a view needs to know of the work."""
    steps = [{"name": step.name, "result": step.result} for step in work.finished]
    return {
        "state": work.state,
        "words": work.words,
        "next": work.next,
        "total": work.total,
        "elapsed": round(work.elapsed),
        "steps": steps,
    }


class NotebookDisplay:
    """A bar in the output of the cell that runs, as soon as there is something to show."""

    def __init__(self) -> None:
        self._bar: ProgressBar | None = None

    def show(self, work: Progress) -> None:
        """Move the bar."""
        if self._bar is None:
            from IPython.display import display

            self._bar = ProgressBar(title=work.title, told=telling_of(work))
            display(self._bar, metadata=MARK)  # type: ignore[no-untyped-call]
        self._bar.show(work)

    def say(self, text: str) -> None:
        """Say something that stays in the cell's output."""
        print(text)

    def step(self, work: Progress, step: Step) -> None:
        """Nothing more: the bar lists the steps."""


def in_notebook(_work: Progress) -> Display | None:
    """What shows work in a notebook, if this is a notebook's kernel."""
    ipython = sys.modules.get("IPython")
    if getattr(ipython and ipython.get_ipython(), "kernel", None) is None:
        return None
    return NotebookDisplay()


def _demo(_cluster: Any) -> ProgressBar:
    """Of a cluster that starts."""
    bar = ProgressBar(title="start cluster kubelearn")
    work = Progress(bar.title, quiet=True, display=Lines())
    work.plan("state", "certificates", "runtime", "store", "API server", "nodes")
    for name in ("state", "certificates", "runtime"):
        work.finish(name, "as it should be")
    bar.show(work)
    return bar


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(_demo, title="ProgressBar")
