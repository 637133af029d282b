"""Doctor: what this machine can do, looked at again while you mend it.

`kubelearn.clusters.doctor` does the looking; this shows it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from kubelearn.clusters import doctor
from kubelearn.clusters.doctor import Check
from kubelearn.diagrams.checks import LOOKS, draw, summary
from kubelearn.widgets.base import DocumentWidget, script, style
from kubelearn.widgets.courier import courier

Examine = Callable[[], Sequence[Check]]


class Doctor(DocumentWidget):
    """All checks of this machine, with what to type where something is missing."""

    _esm = script("doctor")
    _css = style("doctor")
    # A check that was mended in a terminal is seen soon; all of them take less than a second.
    look_every = 10.0

    def __init__(self, *, examine: Examine = doctor.examine) -> None:
        self._examine = examine
        self._looking = threading.Lock()
        super().__init__(facts={"looks": {key: asdict(look) for key, look in LOOKS.items()}})
        self.enqueue(self._look_once)

    def act(self, name: str, arguments: dict[str, Any]) -> None:
        """Look again."""
        if name == "look":
            self.look()

    def look(self) -> None:
        """Carry out all checks, and show what they found."""
        with self._looking:
            found = [asdict(check) for check in self._examine()]
            self.document.replace("checks", {f"{i:02}": row for i, row in enumerate(found)})
            self.document.put("looked", "at", round(time.time() * 1000))
        courier.wake()

    def _look_once(self) -> None:
        if not self.document.get("looked", "at"):
            self.look()

    # --- without a browser ----------------------------------------------------------------------

    def picture(self) -> str:
        """The checks, without what changes from hour to hour."""
        return draw(self._rows())

    def line(self) -> str:
        """Whether the embedded cluster can run here."""
        return f"doctor: {summary(self._rows())}"

    def _rows(self) -> list[dict[str, Any]]:
        self._look_once()
        return list(self.document.section("checks").values())


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(lambda _cluster: Doctor(), title="Doctor")
