"""How long each lesson takes from top to bottom, on a fresh kernel and a cluster of its own.

A lesson should take less than 60 s of machine time.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from kubelearn.clusters import EmbeddedCluster

LESSONS = Path(__file__).resolve().parent.parent / "lessons"


def main() -> None:
    with tempfile.TemporaryDirectory() as state:
        os.environ |= {"KUBELEARN_STATE": state, "KUBELEARN_BACKEND": "embedded"}
        cluster = EmbeddedCluster()
        cluster.up(say=lambda _: None)
        try:
            print(f"{'lesson':<20} {'seconds':>8} {'slowest cell':>13}")
            for path in sorted(LESSONS.glob("*.ipynb")):
                print("{:<20} {:>8.1f} {:>11.1f} s".format(path.stem, *run(path)))
        finally:
            cluster.delete(say=lambda _: None)


def run(path: Path) -> tuple[float, float]:
    """Seconds for the whole notebook, kernel start included, and for its slowest cell."""
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    started: dict[int, float] = {}
    took: list[float] = []
    client = NotebookClient(
        notebook,
        timeout=300,
        resources={"metadata": {"path": path.parent}},
        on_cell_execute=lambda cell, cell_index: started.update({cell_index: time.monotonic()}),
        on_cell_executed=lambda cell, cell_index, execute_reply: took.append(
            time.monotonic() - started[cell_index]
        ),
    )
    begin = time.monotonic()
    client.execute()
    return time.monotonic() - begin, max(took)


if __name__ == "__main__":
    main()
