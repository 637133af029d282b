"""What can be known of one request from outside, and where each piece of it was seen.

Nothing here is guessed: what no source tells stays None, and a reason says why.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kubelearn.objects import Object

DECISION = "authorization.k8s.io/decision"
REASON = "authorization.k8s.io/reason"

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_NOT_ALLOWED = re.compile(r'User "([^"]*)" cannot ')


_RESOURCE = re.compile(r"/api/[^/]+/.|/apis/[^/]+/[^/]+/.")


def verb_of(method: str, path: str) -> str:
    """Which kind of request that is: `create`, `update`, `patch`, `delete`, `get` or `path`."""
    return _VERBS.get(method, "get") if _RESOURCE.match(path) else "path"


@dataclass(frozen=True)
class Stored:
    """The change of a key of etcd that a request made."""

    type: str
    """PUT or DELETE."""
    key: str
    revision: int
    version: int
    """1 for a new key, 0 for one that is gone."""


@dataclass(frozen=True)
class Evidence:
    """What was sent, what came back, and what other sources tell of it."""

    method: str
    path: str
    code: int
    answer: Any
    """The body of the answer: a decoded object, or text."""
    sent: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False
    event: Object | None = None
    """Of the audit trail."""
    no_event: str = ""
    """Why there is none."""
    who: Object | None = None
    """The `userInfo` of a SelfSubjectReview."""
    access: Object | None = None
    """The status of a SelfSubjectAccessReview."""
    rules: tuple[str, ...] = ()
    """The rules of the role that allowed it, as far as they are about this request."""
    before: Object | None = None
    """The object as it was read just before it was changed."""
    stored: Stored | None = None
    not_stored: str = ""
    """Why nothing is known of etcd's key."""
    told: str = ""
    """What a watch told of the change."""
    not_told: str = ""
    """Why no watch tells of it."""

    @property
    def verb(self) -> str:
        """The API's verb for a write, `get` for all reads, `path` for what is no resource."""
        return verb_of(self.method, self.path)

    @property
    def status(self) -> Object:
        """The answer, if it is a `Status`."""
        is_status = isinstance(self.answer, dict) and self.answer.get("kind") == "Status"
        return self.answer if is_status else {}

    @property
    def object(self) -> Object | None:
        """The answer, if it is an object of the cluster."""
        if self.code >= 400 or not isinstance(self.answer, dict) or self.status:
            return None
        return self.answer

    @property
    def details(self) -> Object:
        """What a `Status` is about."""
        return self.status.get("details") or {}

    @property
    def message(self) -> str:
        """Why it was refused."""
        return str(self.status.get("message") or (self.answer if self.code >= 400 else "")).strip()

    @property
    def annotations(self) -> Mapping[str, str]:
        """What the server's parts noted in the audit event."""
        return (self.event or {}).get("annotations") or {}

    @property
    def allowed(self) -> bool | None:
        """Whether the authorizer let it through; None if no source tells."""
        if DECISION in self.annotations:
            return self.annotations[DECISION] == "allow"
        if self.code == 403 and _NOT_ALLOWED.search(self.message):
            return False
        return None if self.access is None else bool(self.access.get("allowed"))

    @property
    def unchanged(self) -> bool:
        """Whether a patch left the object as it was: then nothing is written."""
        return bool(self.before and self.object) and _version(self.before) == _version(self.object)

    @property
    def uid(self) -> str:
        """The uid of the object that it was about, where the answer tells it."""
        meta = (self.object or {}).get("metadata") or {}
        return str(meta.get("uid") or self.details.get("uid") or "")


def _version(obj: Object | None) -> str:
    return str(((obj or {}).get("metadata") or {}).get("resourceVersion") or "")
