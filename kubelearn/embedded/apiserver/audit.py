"""The audit trail: who did what to which object, in which revision, and when.

Stands for k8s.io/apiserver `pkg/audit`. A sink gets one event for each finished request; without a
sink nothing is done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.requestinfo import RequestInfo


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One finished request."""

    user: User
    user_agent: str
    info: RequestInfo
    code: int
    received: datetime
    completed: datetime
    # The object's name, uid and resourceVersion in the answer; empty for lists and failures.
    name: str = ""
    uid: str = ""
    revision: str = ""


Sink = Callable[[AuditEvent], None]
