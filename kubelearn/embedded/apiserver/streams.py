"""The open streams of a server, so that its end can be theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Close = Callable[[], object]


class Streams:
    """Logs, terminals, tunnels and watches that are open now."""

    def __init__(self) -> None:
        self.since = 0
        """No watch begins before this revision: upstream's watch cache begins with the server."""
        self._open: dict[object, Close] = {}
        self._closing = False

    @contextmanager
    def opened(self, close: Close) -> Iterator[None]:
        """Keep a stream among the open ones; `close` makes its source end."""
        token = object()
        self._open[token] = close
        if self._closing:
            close()
        try:
            yield
        finally:
            del self._open[token]

    def __len__(self) -> int:
        return len(self._open)

    def open(self, *, since: int) -> None:
        """Let streams be opened, after a stop too."""
        self.since = since
        self._closing = False

    def close(self) -> None:
        """End all streams, those included that are opened later."""
        self._closing = True
        for close in list(self._open.values()):
            close()
