"""The one tree of errors. Every message says what happened, to what, and what to type next.

KubelearnError
├── StateError          the state folder cannot be used, or is from a newer version
├── ClusterError        a cluster cannot be started, reached or stopped
│   ├── NotAvailable    this back end cannot do that; the reason is part of the message
│   └── Compacted       etcd has forgotten that part of the past
├── ContainerError      an image or a container cannot be built, found or run
├── ManifestError       a manifest is not valid YAML, or not an object
└── ApiError            the API server answered with a failure `Status`
    ├── NotFound        404
    ├── AlreadyExists   409, reason AlreadyExists
    ├── Conflict        409, reason Conflict: read it again and repeat
    ├── Expired         410: the resource version is too old, list again
    └── Unreachable     no answer at all
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class KubelearnError(Exception):
    """Something that the reader can mend; `hint` is the next thing to type or to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(f"{message}\n  → {hint}" if hint else message)
        self.message = message
        self.hint = hint

    def _render_traceback_(self) -> list[str]:
        # IPython asks this of an exception before it prints one. The message is written for the
        # learner and says what to do; twenty lines of our own code above it would hide that.
        return [f"{type(self).__name__}: {self}"]


class StateError(KubelearnError):
    """The state folder cannot be used as it is."""


class ClusterError(KubelearnError):
    """A cluster cannot be started, reached or stopped."""


class NotAvailable(ClusterError):
    """This back end cannot do that."""


class Compacted(ClusterError):
    """Etcd does not keep that revision any more; read the present and go on from there."""


class ContainerError(KubelearnError):
    """An image or a container cannot be built, found or run."""


class ManifestError(KubelearnError):
    """A manifest is not valid YAML, or not an object that a cluster could take.

    `line` is where in the text, counted from 1; 0 if that is not known.
    """

    def __init__(self, message: str, *, hint: str = "", line: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.line = line


class CheckFailed(KubelearnError):
    """A claim about the cluster did not come true in time; the message says what was seen."""


class ApiError(KubelearnError):
    """A failure `Status` of an API server.

    Follows k8s.io/apimachinery `pkg/api/errors`: the reason decides the class, else the code.
    """

    hint = ""

    def __init__(self, status: Mapping[str, Any]) -> None:
        message = str(status.get("message") or status.get("reason") or "unknown error")
        super().__init__(message, hint=self.hint)
        self.status = dict(status)
        self.code = int(status.get("code") or 0)
        self.reason = str(status.get("reason") or "")

    def has_cause(self, reason: str) -> bool:
        """Whether the status names that reason among the causes in its details."""
        causes = (self.status.get("details") or {}).get("causes") or []
        return any(cause.get("reason") == reason for cause in causes)


class NotFound(ApiError):
    """404: no such object."""


class AlreadyExists(ApiError):
    """409: an object of that name exists."""


class Conflict(ApiError):
    """409: the object changed since it was read; read it again and repeat."""


class Expired(ApiError):
    """410: that resource version is no longer kept; list again."""


class Unreachable(ApiError):
    """The API server gave no answer."""

    hint = "kubelearn status   # does the cluster run? kubelearn up starts it, nothing is lost"


_BY_REASON: dict[str, type[ApiError]] = {
    "NotFound": NotFound,
    "AlreadyExists": AlreadyExists,
    "Conflict": Conflict,
    "Expired": Expired,
    "Gone": Expired,
}
_BY_CODE: dict[int, type[ApiError]] = {404: NotFound, 409: Conflict, 410: Expired}


def api_error(status: Mapping[str, Any]) -> ApiError:
    """The error class that fits a failure `Status` object."""
    kind = _BY_REASON.get(str(status.get("reason") or ""))
    return (kind or _BY_CODE.get(int(status.get("code") or 0), ApiError))(status)
