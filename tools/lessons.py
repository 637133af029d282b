"""Run the lessons on a fresh kernel and an embedded cluster of their own, and store the outputs.

`make lessons` calls this. What is kept: text and the SVG snapshot of widgets. What goes: live
widget views, widget state, timings; they would show "model not found" to whoever opens the
notebook next. Where a run differs from the stored one only in what differs every time (hashes,
addresses, live pictures), the stored output stays, so that a second run changes no file.
"""

from __future__ import annotations

import argparse
import configparser
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from kubelearn.widgets.progressbar import MARK

ROOT = Path(__file__).resolve().parent.parent
LESSONS = ROOT / "lessons"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
Cell = dict[str, Any]


def main() -> None:
    """Run the named notebooks, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all lessons")
    parser.add_argument("--fresh", action="store_true", help="renew the live outputs as well")
    options = parser.parse_args()
    paths = options.notebooks or sorted(LESSONS.glob("*.ipynb"))
    with tempfile.TemporaryDirectory() as state:
        os.environ |= {"KUBELEARN_STATE": state, "KUBELEARN_BACKEND": "embedded"}
        kubelearn = [sys.executable, "-m", "kubelearn"]
        subprocess.run([*kubelearn, "up"], check=True, stdout=subprocess.DEVNULL)
        try:
            for path in paths:
                store(path, fresh=options.fresh)
        finally:
            subprocess.run([*kubelearn, "down", "--delete"], check=False, stdout=subprocess.DEVNULL)


def store(path: Path, *, fresh: bool) -> None:
    """Execute one notebook and write it back with its outputs."""
    print(path.name, flush=True)
    before = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    after = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(
        after,
        timeout=300,
        store_widget_state=False,
        coalesce_streams=True,  # pieces of one text are as many as the machine is slow
        resources={"metadata": {"path": path.parent}},
    ).execute()
    for old, new in zip(before.cells, after.cells, strict=True):
        if new.cell_type == "code":
            new.outputs = [tidy(each) for each in new.outputs if not passes(each, new)]
            new.metadata.pop("execution", None)
            if not fresh and same(old, new):
                new.outputs = old.outputs
    after.metadata.pop("widgets", None)
    after.metadata["language_info"] = {"name": "python"}
    nbformat.write(after, path)  # type: ignore[no-untyped-call]


def passes(output: Cell, cell: Cell) -> bool:
    """Whether it is a bar for long work, which says nothing to later readers.

    A cell whose output is compared shows one every time, so there it stays.
    """
    return is_live(cell) and output.get("metadata", {}).get("kubelearn") == MARK["kubelearn"]


def tidy(output: Cell) -> Cell:
    """An output without the live view of a widget."""
    if "data" in output:
        output["data"].pop(WIDGET_VIEW, None)
    return output


def same(old: Cell, new: Cell) -> bool:
    """Whether two runs of a cell say the same, but for what differs every time."""
    if not old["outputs"] or shape(old) != shape(new):
        return False
    return is_live(new) or sanitized(old) == sanitized(new)


def is_live(cell: Cell) -> bool:
    """Whether what a cell shows differs every time."""
    return "nbval-ignore-output" in cell["metadata"].get("tags", [])


def shape(cell: Cell) -> list[Any]:
    """What kinds of output a cell has."""
    return [(o["output_type"], sorted(o.get("data", {})), o.get("name")) for o in cell["outputs"]]


def sanitized(cell: Cell) -> str:
    """A cell's outputs with unstable text replaced, as nbval does it."""
    rules = configparser.RawConfigParser()
    rules.read(ROOT / "tests" / "lessons" / "sanitize.ini")
    text = str([(o.get("text"), o.get("data")) for o in cell["outputs"]])
    for name in rules.sections():
        text = re.sub(rules[name]["regex"], rules[name]["replace"], text)
    return text


if __name__ == "__main__":
    main()
