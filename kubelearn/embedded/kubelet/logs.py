"""Reading containers' log files: `pkg/kubelet/kuberuntime/logs` (upstream: cri-client/pkg/logs)."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from kubelearn.objects import parse_time

_CHUNK = 65536


@dataclass(frozen=True)
class LogOptions:
    """What of a log is wanted: the kubelet's part of `PodLogOptions`."""

    follow: bool = False
    timestamps: bool = False
    tail: int | None = None
    since: datetime | None = None
    limit_bytes: int | None = None
    streams: tuple[bytes, ...] = (b"stdout", b"stderr")


async def read_log(
    path: Path, options: LogOptions, *, grown: Callable[[], Awaitable[bool]]
) -> AsyncIterator[bytes]:
    """The log's text in pieces.

    With `follow`, `grown` is awaited at the end of the file; it tells whether more may come.
    """
    left = options.limit_bytes
    async with aclosing(_follow(path, options, grown)) as pieces:
        async for piece in pieces:
            yield piece if left is None else piece[:left]
            if left is not None:
                left -= len(piece)
                if left <= 0:
                    return


async def _follow(
    path: Path, options: LogOptions, grown: Callable[[], Awaitable[bool]]
) -> AsyncGenerator[bytes, None]:
    file = path.open("rb")
    try:
        _seek_tail(file, options.tail)
        more = options.follow
        while True:
            for piece in _pieces(file, options):
                yield piece
            if not more:
                return
            # What came before the container's end is read in one more round.
            more = await grown()
            if not os.path.samestat(path.stat(), os.fstat(file.fileno())):  # it was rotated
                for piece in _pieces(file, options):
                    yield piece
                file.close()
                file = path.open("rb")
    finally:
        file.close()


def last_lines(path: Path, *, lines: int, size: int) -> str:
    """The end of a log: at most so many lines and bytes (`FallbackToLogsOnError`)."""
    try:
        with path.open("rb") as file:
            _seek_tail(file, lines)
            text = b"".join(_pieces(file, LogOptions()))
    except OSError:
        return ""
    return text[-size:].decode(errors="replace")


def _pieces(file: BinaryIO, options: LogOptions) -> Iterator[bytes]:
    """What the file holds from here on, as text without the log's own columns."""
    while chunk := file.readlines(_CHUNK):
        if not chunk[-1].endswith(b"\n"):
            # A line that is being written: left for the next time.
            file.seek(-len(chunk.pop()), os.SEEK_CUR)
            if not chunk:
                return
        if text := b"".join(_texts(chunk, options)):
            yield text


def _texts(lines: Iterable[bytes], options: LogOptions) -> Iterator[bytes]:
    for line in lines:
        stamp, stream, rest = line.split(b" ", 2)
        tag, text = rest[:1], rest[2:]
        if stream not in options.streams:
            continue
        if options.since and parse_time(_cut(stamp)) < options.since:
            continue
        if options.timestamps:
            text = stamp + b" " + text
        # A part of a line goes on in the next one.
        yield text if tag == b"F" else text.removesuffix(b"\n")


def _cut(stamp: bytes) -> str:
    # Python knows microseconds only.
    return stamp[:26].decode() + "Z"


def _seek_tail(file: BinaryIO, lines: int | None) -> None:
    """Go to where the last lines begin."""
    if lines is None:
        return
    position = file.seek(0, os.SEEK_END)
    wanted = lines + 1  # the end of the line before them
    while position > 0:
        size = min(_CHUNK, position)
        position = file.seek(position - size)
        chunk = file.read(size)
        found = chunk.count(b"\n")
        if found >= wanted:
            end = len(chunk)
            for _ in range(wanted):
                end = chunk.rfind(b"\n", 0, end)
            file.seek(position + end + 1)
            return
        wanted -= found
    file.seek(0)
