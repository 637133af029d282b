"""The audit trail of a kind cluster: the file that its API server writes, a line an event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from kubelearn.clusters.kind.config import AUDIT_LOG
from kubelearn.clusters.kind.machines import execute
from kubelearn.errors import ClusterError, NotAvailable
from kubelearn.objects import Object

if TYPE_CHECKING:
    from docker.models.containers import Container

# The older files carry the time of their end in their name, so that they sort before the current.
_SCRIPT = f"cat $(ls {AUDIT_LOG.removesuffix('.log')}-*.log 2>/dev/null) {AUDIT_LOG}"


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
    found = [json.loads(line) for line in done.output.splitlines() if line.endswith("}")]
    if after:
        found = _behind(found, after)
    return (event for event in found if since is None or _received(event) >= since)


def _behind(found: list[Object], after: str) -> list[Object]:
    for number, event in enumerate(found):
        if event["auditID"] == after:
            return found[number + 1 :]
    raise ClusterError(f"the audit trail keeps no event {after} any more", hint="read it anew")


def _received(event: Object) -> datetime:
    return datetime.fromisoformat(event["requestReceivedTimestamp"])
