"""The audit trail of a cluster: the policy that says what is kept, and how the log is read.

The log has one event a line, as `--audit-log-path` writes it. Files that were full lie beside it
under the names that kube-apiserver gives them, which sort by time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from kubelearn.errors import ClusterError
from kubelearn.objects import Object

POLICY = Path(__file__).with_name("audit-policy.yaml")
LOG = "audit.log"
MAX_MEGABYTES = 16
"""The size of one file: `--audit-log-maxsize`."""
MAX_BACKUPS = 2
"""How many full files are kept: `--audit-log-maxbackup`."""


def files(folder: Path) -> list[Path]:
    """The log's files, oldest first."""
    full = sorted(folder.glob("audit-*.log"))
    return [*full, *folder.glob(LOG)]


def events(
    lines: Iterable[bytes], *, since: datetime | None = None, after: str = ""
) -> Iterator[Object]:
    """The events of the log's lines, from a moment on, and behind the one with that auditID.

    Raises ClusterError when there is none with that auditID.
    """
    lines = iter(lines)
    if after:
        _skip(lines, after)
    earliest = "" if since is None else micro_time(since)
    for line in lines:
        event = _decoded(line)
        if event and event["requestReceivedTimestamp"] >= earliest:
            yield event


def _decoded(line: bytes) -> Object | None:
    """The event; None if the line is not whole (yet): a full disk, or it is being written."""
    try:
        event: Object = json.loads(line)
    except ValueError:
        return None
    return event


def _skip(lines: Iterator[bytes], after: str) -> None:
    mark = f'"auditID":"{after}"'.encode()
    if not any(mark in line for line in lines):
        raise ClusterError(
            f"the audit trail has no event {after} (any more)", hint="read it from the beginning"
        )


def micro_time(moment: datetime) -> str:
    """A moment as Kubernetes' `MicroTime` writes it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
