"""The tasks of a pipeline as a graph: what waits for what, how each is, what the cache had.

The states are those that Kubeflow Pipelines tells of tasks (upstream
`backend/api/v2beta1/run.proto`, `RuntimeState`); only the picture is here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubelearn.diagrams import graph as graphs
from kubelearn.diagrams.graph import Edge, Graph, Node, Stroke, identifier
from kubelearn.diagrams.layered import Layout
from kubelearn.diagrams.looks import Look
from kubelearn.errors import KubelearnError

STATES: dict[str, Look] = {
    "Pending": Look(
        "Pending", "waits for its turn", "#E69F00", "#8F6200", "M3.5 8h.01M8 8h.01M12.5 8h.01"
    ),
    "Running": Look("Running", "its pod runs", "#F0E442", "#8A8200", "M5.5 3.5v9l7-4.5z"),
    "Succeeded": Look(
        "Succeeded", "done without an error", "#009E73", "#006B4E", "M3.5 8.5l3 3 6-7"
    ),
    "Cached": Look(
        "Cached",
        "not run again: the cache had its outputs",
        "#56B4E9",
        "#1F78AD",
        "M4 6.5h8M4 10h8",
    ),
    "Failed": Look("Failed", "ended with an error", "#D55E00", "#9A4400", "M4 4l8 8M12 4l-8 8"),
    "Skipped": Look(
        "Skipped",
        "its condition did not hold, or one before it failed",
        "#BBBBBB",
        "#5E5E5E",
        "M4.5 4v8M7.5 4l4 4-4 4",
    ),
    "Canceling": Look("Canceling", "told to stop", "#CC79A7", "#8E4470", "M4.5 4.5h7v7h-7z"),
    "Canceled": Look("Canceled", "stopped by somebody", "#999999", "#5E5E5E", "M3.5 8h9"),
    "Paused": Look(
        "Paused", "goes on when somebody says so", "#DDDDDD", "#5E5E5E", "M5 4.5v7M11 4.5v7"
    ),
}

STROKES = {
    "feeds": Stroke("data", "takes data from", "an output is the input of the next", "#59636e"),
    "precedes": Stroke(
        "after", "comes after", "it only waits: no data goes along", "#0072B2", "6 4"
    ),
}


@dataclass(frozen=True)
class Task:
    """A task. `depends_on` are tasks whose outputs it takes, `after` those it only waits for.

    `status` is a key of STATES. With `cached` it was not run again: Kubeflow calls that skipped.
    """

    name: str
    depends_on: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    status: str = "Pending"
    cached: bool = False
    word: str = ""
    """What stands beside the status: a time, a loop's number."""
    more: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def state(self) -> str:
        """The key of STATES to show."""
        done = self.status in ("Succeeded", "Skipped")
        return "Cached" if self.cached and done else self.status


def graph(tasks: Iterable[Task]) -> Graph:
    """The graph of tasks, in the order given.

    Raises KubelearnError for two tasks of one name, for one that waits for nobody's task or, round
    several corners, for itself, and for a status that is none.
    """
    listed = {task.name: task for task in _checked(tasks)}
    nodes = [
        Node(
            identifier("task", task.name),
            "task",
            task.name,
            task.state,
            task.word or STATES[task.state].label,
            more=dict(task.more),
        )
        for task in listed.values()
    ]
    edges = [
        Edge(identifier("task", other), identifier("task", task.name), kind, _off(listed[other]))
        for task in listed.values()
        for kind, others in (("feeds", task.depends_on), ("precedes", task.after))
        for other in others
    ]
    return Graph(tuple(nodes), tuple(dict.fromkeys(edges)))


def draw(
    tasks: Iterable[Task],
    *,
    title: str = "Pipeline",
    notice: str = "",
    layout: Layout | None = None,
) -> str:
    """The graph as SVG: from left to right, in the order in which tasks can run."""
    whole = graph(tasks)
    return graphs.draw(
        whole,
        title=title,
        words=notice or summary(whole),
        strokes=STROKES,
        looks=STATES,
        alarm=bool(notice),
        layout=layout,
    )


def summary(whole: Graph) -> str:
    """`5 tasks: 2 Cached, 2 Succeeded, 1 Running`."""
    counts = Counter(node.status for node in whole.nodes)
    words = [f"{counts[key]} {STATES[key].label}" for key in STATES if counts[key]]
    count = len(whole.nodes)
    return f"{count} task{'' if count == 1 else 's'}: {', '.join(words)}" if words else "no tasks"


def _off(before: Task) -> str:
    """Nothing comes from a task that did not succeed."""
    return "" if before.state in ("Succeeded", "Cached") else "off"


def _checked(tasks: Iterable[Task]) -> list[Task]:
    listed = list(tasks)
    names = Counter(task.name for task in listed)
    for task in listed:
        if names[task.name] > 1:
            raise KubelearnError(f"two tasks are named {task.name!r}")
        if task.status not in STATES:
            raise KubelearnError(
                f"task {task.name!r} has the status {task.status!r}",
                hint=f"one of {', '.join(STATES)}",
            )
        for other in (*task.depends_on, *task.after):
            if other not in names:
                raise KubelearnError(f"task {task.name!r} waits for {other!r}, which is no task")
    _refuse_cycles(listed)
    return listed


def _refuse_cycles(tasks: list[Task]) -> None:
    """Take away what waits for nobody, again and again; what is left waits for itself."""
    waiting = {task.name: {*task.depends_on, *task.after} for task in tasks}
    while free := [name for name, others in waiting.items() if not others & waiting.keys()]:
        for name in free:
            del waiting[name]
    if waiting:
        raise KubelearnError(f"these tasks wait for each other: {', '.join(sorted(waiting))}")


if __name__ == "__main__":
    print(
        draw(
            [
                Task("load", status="Succeeded", cached=True),
                Task("clean", ("load",), status="Succeeded"),
                Task("train-1", ("clean",), status="Succeeded"),
                Task("train-2", ("clean",), status="Running"),
                Task("choose", ("train-1", "train-2")),
                Task("notify", after=("choose",)),
            ]
        )
    )
