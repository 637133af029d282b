"""Which streams a client of exec or attach asks for (cri-streaming `remotecommand.NewOptions`)."""

from __future__ import annotations

from typing import NamedTuple

from aiohttp import web

STDOUT, STDERR, ERROR = 1, 2, 3


class StreamOptions(NamedTuple):
    """The streams of a process that a client wants, and whether they are a terminal."""

    stdin: bool
    stdout: bool
    stderr: bool
    tty: bool

    @property
    def outputs(self) -> list[int]:
        """The channels on which output may come."""
        return [STDOUT] * self.stdout + [STDERR] * self.stderr


def stream_options(request: web.Request) -> StreamOptions:
    """What the kubelet's parameters ask for. Raises 400 if that is nothing."""
    names = ("input", "output", "error", "tty")
    stdin, stdout, stderr, tty = (request.query.get(name) in ("1", "true") for name in names)
    # All that a terminal shows comes as one stream.
    options = StreamOptions(stdin, stdout, stderr and not tty, tty)
    if not any(options[:3]):
        raise web.HTTPBadRequest(text="you must specify at least 1 of stdin, stdout, stderr")
    return options
