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
        self._open: dict[object, tuple[Close, object]] = {}
        self._closing = False

    @contextmanager
    def opened(self, close: Close, *, of: object = None) -> Iterator[None]:
        """Keep a stream, of a certain kind, among the open ones; `close` makes its source end."""
        token = object()
        self._open[token] = (close, of)
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
        for close, _ in list(self._open.values()):
            close()

    def end(self, kind: object) -> None:
        """End the streams of a kind that is served no longer, or in another way."""
        for close, of in list(self._open.values()):
            if of is kind:
                close()
