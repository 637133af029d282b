"""The log that events go to: a file of lines that never grows too large.

Stands for k8s.io/apiserver `plugin/pkg/audit/log` with its rotating writer. Lines are written
together, a moment later: events cost no more than that, and a crash of this process loses a moment.
When the disk is full events are lost and requests go on.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from kubelearn.embedded.audittrail import LOG, MAX_BACKUPS, MAX_MEGABYTES, files

_log = logging.getLogger(__name__)
_DELAY_SECONDS = 0.05
_BUFFER_BYTES = 2**20


class AuditLog:
    """Writes to `audit.log` in a folder from `start` to `stop`."""

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
        self._lines: list[bytes] = []
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._failing = False

    def write(self, line: bytes) -> None:
        """Have a line written soon."""
        self._lines.append(line)
        self._bytes += len(line)
        if self._bytes > _BUFFER_BYTES:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_DELAY_SECONDS, self.flush)

    def flush(self) -> None:
        """Write what was not written yet."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        content, self._lines, self._bytes = b"".join(self._lines), [], 0
        if not content:
            return
        try:
            self._append(content)
            self._failing = False
        except OSError as error:
            if not self._failing:
                _log.warning("the audit trail in %s cannot be written: %s", self._folder, error)
            self._failing = True

    def _append(self, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / LOG
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        with open(os.open(path, flags, 0o600), "ab", buffering=0) as file:
            size = file.tell()
            if not size or size + len(content) <= self._max_bytes:
                file.write(content)
                return
        self._rotate(path)
        with open(os.open(path, flags, 0o600), "ab", buffering=0) as file:
            file.write(content)

    def _rotate(self, path: Path) -> None:
        moment = self._now().isoformat(timespec="milliseconds")[:23].replace(":", "-")
        path.rename(path.with_name(f"audit-{moment}.log"))
        for old in files(self._folder)[: -self._backups or None]:
            old.unlink()
