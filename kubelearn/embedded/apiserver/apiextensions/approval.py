"""Groups of the Kubernetes project are for what the project has approved.

Stands for k8s.io/apiextensions-apiserver `pkg/apihelpers` and `pkg/controller/apiapproval`.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from kubelearn.embedded.apiserver.status import quote
from kubelearn.objects import Object, annotations_of, condition, set_condition

ANNOTATION = "api-approved.kubernetes.io"
CONFORMANT = "KubernetesAPIApprovalPolicyConformant"

_PROTECTED = ("k8s.io", "kubernetes.io")
_NEEDED = f'protected groups must have approval annotation "{ANNOTATION}"'
_EITHER = 'with either a URL or a reason starting with "unapproved"'
_MORE = "see https://github.com/kubernetes/enhancements/pull/1111"


class Approval(NamedTuple):
    """What a definition says of its approval."""

    status: str
    reason: str
    message: str


def approval(definition: Object) -> Approval | None:
    """Whether a definition is approved; None where it need not be."""
    group = definition["spec"]["group"]
    if group not in _PROTECTED and not group.endswith(tuple(f".{each}" for each in _PROTECTED)):
        return None
    value = annotated(definition)
    if not value:
        return Approval("False", "MissingAnnotation", f"{_NEEDED}, {_MORE}")
    if value.startswith("unapproved"):
        return Approval("False", "UnapprovedAnnotation", f"not approved: {quote(value)}")
    if _is_url(value):
        return Approval("True", "ApprovedAnnotation", f"approved in {value}")
    return Approval("False", "InvalidAnnotation", f"{_NEEDED} {_EITHER}, {_MORE}")


def annotated(definition: Object) -> str:
    """Where a definition says that it was approved."""
    return str(annotations_of(definition).get(ANNOTATION, ""))


def needs_approval_condition(definition: Object) -> bool:
    """Whether the status does not yet say what the annotation does."""
    found = condition(definition, CONFORMANT) or {}
    now = approval(definition)
    return now is not None and now != (
        found.get("status"),
        found.get("reason"),
        found.get("message"),
    )


def set_approval_condition(definition: Object, *, now: str) -> None:
    """Say in the status of a definition whether it is approved, in place."""
    found = approval(definition)
    if found is None:
        return
    new = {
        "type": CONFORMANT,
        "status": found.status,
        "lastTransitionTime": now,
        "reason": found.reason,
        "message": found.message,
    }
    conditions = definition["status"].get("conditions") or []
    definition["status"]["conditions"] = set_condition(conditions, new)


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        _ = parts.port  # fails unless it is a number
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc) and " " not in parts.netloc
