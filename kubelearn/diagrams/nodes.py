"""What runs on a node: its containers as the runtime knows them, its processes as a tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kubelearn.diagrams import svg

if TYPE_CHECKING:
    from kubelearn.clusters.internals import NodeContainer, NodeProcess

Row = dict[str, Any]

STATE_PHASES = {
    "Created": "Creating",
    "Running": "Running",
    "Exited": "Terminating",
    "Unknown": "Failed",
}
"""The look of a container's state, as a key of PHASES."""

_WIDTH = 760
_LINE = 20
_MOST = 30
_SHORT = 13
# The parent of those whose parent is not of the node.
_NOBODY = -1


def container_row(container: NodeContainer) -> Row:
    """What is shown of a container; ids are cut as crictl cuts them."""
    return {
        "id": container.id[:_SHORT],
        "name": container.name,
        "pod": container.pod,
        "namespace": container.namespace,
        "image": container.image,
        "state": container.state,
        "phase": STATE_PHASES[container.state],
        "attempt": container.attempt,
        "pid": container.pid,
        "created": round(container.created.timestamp() * 1000),
    }


def process_rows(
    processes: Iterable[NodeProcess], containers: Iterable[NodeContainer]
) -> list[Row]:
    """The processes as a tree: each below its parent, with its depth and its container's name."""
    names = {each.id: f"{each.pod}/{each.name}" for each in containers}
    by_pid = {each.pid: each for each in processes}
    children: dict[int, list[NodeProcess]] = {}
    for each in by_pid.values():
        parent = each.ppid if each.ppid in by_pid and each.ppid != each.pid else _NOBODY
        children.setdefault(parent, []).append(each)
    return [
        {
            "pid": each.pid,
            "user": each.user,
            "command": each.command,
            "depth": depth,
            "container": names.get(each.container, each.container[:_SHORT]),
        }
        for each, depth in _below(_NOBODY, children)
    ]


def _below(
    pid: int, children: Mapping[int, list[NodeProcess]], depth: int = 0
) -> Iterator[tuple[NodeProcess, int]]:
    for each in sorted(children.get(pid, []), key=lambda process: process.pid):
        yield each, depth
        yield from _below(each.pid, children, depth + 1)


def summary(containers: Iterable[Row], processes: Iterable[Row]) -> str:
    """`3 containers run, 1 has ended; processes: 5`."""
    states = [row["state"] for row in containers]
    running, ended = states.count("Running"), states.count("Exited")
    words = "1 container runs" if running == 1 else f"{running} containers run"
    if ended:
        words += f", {ended} {'has' if ended == 1 else 'have'} ended"
    return f"{words}; processes: {len(list(processes))}"


def draw(
    containers: Iterable[Row], processes: Iterable[Row], *, title: str, notice: str = ""
) -> str:
    """The process tree as SVG, each container's processes with its name."""
    tree = list(processes)
    words = notice or summary(containers, tree)
    parts = svg.heading(title, words, width=_WIDTH, alarm=bool(notice))
    for i, row in enumerate(tree[:_MOST]):
        y, x = 76 + i * _LINE, 76 + row["depth"] * 18
        parts += [
            svg.text(str(row["pid"]), x=60, y=y, fill=svg.MUTED, anchor="end"),
            svg.text(svg.shorten(row["command"], width=480 - row["depth"] * 18), x=x, y=y),
            svg.text(svg.shorten(row["container"], width=180), x=_WIDTH - 200, y=y, fill=svg.MUTED),
        ]
    height = 80 + len(tree[:_MOST]) * _LINE
    return svg.document(*parts, width=_WIDTH, height=height, label=f"{title}; {words}")
