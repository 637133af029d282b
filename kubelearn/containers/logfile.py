"""The file that a container's output goes to, in the form that the CRI gives it.

A line is `2026-01-31T12:00:00.123456789Z stdout F text`; `P` in place of `F` says that the text
has no line end yet (upstream: containerd `internal/cri/io/logger.go`). Rotation keeps one old file;
the real kubelet keeps five and compresses them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

MAX_BYTES = 10 * 2**20
# The longest piece of a line that is kept waiting for its end.
_LONGEST = 16 * 2**10
_NAMES = {1: b" stdout ", 2: b" stderr "}


class LogFile:
    """Takes output as it comes and writes it line by line."""

    def __init__(
        self,
        path: Path,
        *,
        now_ns: Callable[[], int] = time.time_ns,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.path = path
        self._now_ns = now_ns
        self._max_bytes = max_bytes
        self._rest: dict[int, bytes] = {1: b"", 2: b""}
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)
        self._size = path.stat().st_size

    def write(self, stream: int, data: bytes) -> None:
        """Add output of stream 1 or 2. All lines that come together get one time."""
        lines, newline, self._rest[stream] = (self._rest[stream] + data).rpartition(b"\n")
        if newline:
            self._put(stream, b"F", lines)
        if len(self._rest[stream]) > _LONGEST:
            self._flush(stream)

    def close(self) -> None:
        """Write what has no line end, and close."""
        for stream in self._rest:
            self._flush(stream)
        self._file.close()

    def _flush(self, stream: int) -> None:
        if self._rest[stream]:
            self._put(stream, b"P", self._rest[stream])
            self._rest[stream] = b""

    def _put(self, stream: int, tag: bytes, lines: bytes) -> None:
        head = _stamp(self._now_ns()) + _NAMES[stream] + tag + b" "
        text = head + lines.replace(b"\n", b"\n" + head) + b"\n"
        if self._size + len(text) > self._max_bytes and self._size:
            self._rotate()
        self._file.write(text)
        self._size += len(text)

    def _rotate(self) -> None:
        self._file.close()
        self.path.replace(self.path.with_suffix(self.path.suffix + ".1"))
        self._file = self.path.open("ab", buffering=0)
        self._size = 0


def _stamp(moment_ns: int) -> bytes:
    seconds, nanoseconds = divmod(moment_ns, 10**9)
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{nanoseconds:09d}Z".encode()
