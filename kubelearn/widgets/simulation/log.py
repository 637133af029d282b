"""The log of a simulated pod."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kubelearn.objects import micro_timestamp
from kubelearn.widgets.simulation.response import Response

if TYPE_CHECKING:
    from kubelearn.widgets.simulation.api import SimulatedApi


def log_line(text: str) -> bytes:
    """A line as it is told with its timestamp."""
    return f"{micro_timestamp(datetime.now(UTC))} {text}\n".encode()


class Log(Response):
    """The answer to a request for a log."""

    def __init__(self, api: SimulatedApi, lines: list[bytes], query: dict[str, list[str]]) -> None:
        super().__init__(200, text="")
        self._api = api
        self._lines = lines
        self._follow = "follow" in query
        since = query.get("sinceTime", [""])[0].rstrip("Z").encode()
        tail = len(lines) - int(query.get("tailLines", [str(len(lines))])[0])
        self._at = max(tail, sum(line < since for line in lines))

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        """The lines, and those that come later until somebody ends it."""
        while self.open:
            with self._api.changed:
                news = self._lines[self._at :]
                self._at += len(news)
                if not news and self._follow:
                    self._api.changed.wait(timeout=1)
            yield from news
            if not self._follow:
                return
