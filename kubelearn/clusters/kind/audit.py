"""The audit trail of a kind cluster: the file that its API server writes, a line an event."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from kubelearn.clusters.kind.config import AUDIT_FOLDER
from kubelearn.clusters.kind.machines import execute
from kubelearn.embedded import audittrail
from kubelearn.errors import NotAvailable
from kubelearn.objects import Object

if TYPE_CHECKING:
    from docker.models.containers import Container

# Full files carry the time of their end in their names, and so sort before the one in use.
_SCRIPT = f"cd {AUDIT_FOLDER} && cat $(ls audit-*.log 2>/dev/null) {audittrail.LOG}"


def events(machine: Container, *, since: datetime | None, after: str) -> Iterator[Object]:
    """The events of the trail, oldest first.

    Raises NotAvailable for a cluster without one, ClusterError when `after` is not kept any more.
    """
    done = execute(machine, ["sh", "-c", _SCRIPT])
    if done.code:
        raise NotAvailable(
            "this cluster keeps no audit trail: it was not created by kubelearn",
            hint="kubelearn reset --backend kind   # deletes it and creates it with one",
        )
    lines = (line.encode() for line in done.output.splitlines(keepends=True))
    return audittrail.events(lines, since=since, after=after)
