"""The log that events go to: a file of lines that never grows too large.

Stands for k8s.io/apiserver `plugin/pkg/audit/log` with its rotating writer. Lines are made and
written together, a moment later, which takes a fraction of the time; a crash of this process loses
that moment. When the disk is full events are lost and requests go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

from kubelearn.embedded.audittrail import LOG, MAX_BACKUPS, MAX_MEGABYTES, files

_log = logging.getLogger(__name__)
_DELAY_SECONDS = 0.1
_TOGETHER = 500
_PIECE_BYTES = 2**20


class AuditLog:
    """Writes to `audit.log` in a folder."""

    def __init__(
        self,
        folder: Path,
        *,
        now: Callable[[], datetime],
        max_bytes: int = MAX_MEGABYTES * 2**20,
        backups: int = MAX_BACKUPS,
    ) -> None:
        self._folder = folder
        self._now = now
        self._max_bytes = max_bytes
        self._backups = backups
        self._waiting: list[Callable[[], bytes]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._failing = False
        self._file: int | None = None
        self._size = 0

    def write(self, line: Callable[[], bytes]) -> None:
        """Have a line made and written soon."""
        self._waiting.append(line)
        if len(self._waiting) >= _TOGETHER:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_DELAY_SECONDS, self.flush)

    def close(self) -> None:
        """Write the rest, and let go of the file."""
        self.flush()
        self._close()

    def flush(self) -> None:
        """Write what was not written yet."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        try:
            for content in _pieces(waiting):
                self._append(content)
                self._failing = False
        except OSError as error:
            self._close()
            if not self._failing:
                _log.warning("the audit trail in %s cannot be written: %s", self._folder, error)
            self._failing = True

    def _append(self, content: bytes) -> None:
        file = self._file
        if file is None or self._is_full(content):
            file = self._open(content)
        while content:
            written = os.write(file, content)
            self._size += written
            content = content[written:]

    def _is_full(self, content: bytes) -> bool:
        return self._size > 0 and self._size + len(content) > self._max_bytes

    def _open(self, content: bytes) -> int:
        """A file with room for that: the one that is there, or a new one in its place."""
        self._close()
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / LOG
        with contextlib.suppress(FileNotFoundError):
            self._size = path.stat().st_size
        if self._is_full(content):
            self._rotate(path)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return self._file

    def _rotate(self, path: Path) -> None:
        moment = self._now().isoformat(timespec="milliseconds")[:23].replace(":", "-")
        path.rename(path.with_name(f"audit-{moment}.log"))
        self._size = 0
        for old in files(self._folder)[: -self._backups or None]:
            old.unlink()

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
        self._file, self._size = None, 0


def _pieces(waiting: Iterable[Callable[[], bytes]]) -> Iterator[bytes]:
    """The lines, as many together as are written at once."""
    lines: list[bytes] = []
    size = 0
    for make in waiting:
        try:
            lines.append(make())
        except Exception:
            _log.exception("an event is missing in the audit trail")
            continue
        size += len(lines[-1])
        if size > _PIECE_BYTES:
            yield b"".join(lines)
            lines, size = [], 0
    if lines:
        yield b"".join(lines)
