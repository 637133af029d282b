"""Server-side apply in the simulated cluster: merging, dry runs, and one manager's conflict.

Left out: who owns which field. Only the replicas of what was there already have an owner.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from kubelearn.objects import Object
from kubelearn.widgets.simulation.patching import patched
from kubelearn.widgets.simulation.response import Response, failure

if TYPE_CHECKING:
    from kubelearn.widgets.simulation.api import SimulatedApi

OWNER = "autoscaler"
_FIELD = ".spec.replicas"


def apply(api: SimulatedApi, path: str, body: Any, *, dry_run: bool, force: bool) -> Response:
    """What a PATCH with a field manager does."""
    before = api.at(path)
    replicas = (body.get("spec") or {}).get("replicas")
    if isinstance(replicas, int) and replicas < 0:
        message = f"Invalid value: {replicas}: must be greater than or equal to 0"
        return _failure(422, "Invalid", "FieldValueInvalid", "spec.replicas", message)
    if not force and before and replicas not in (None, (before.get("spec") or {}).get("replicas")):
        said = f'conflict with "{OWNER}"'
        return _failure(409, "Conflict", "FieldManagerConflict", _FIELD, said)
    obj = _merged(before, body)
    return Response(200 if before else 201, obj if dry_run else api.put(obj))


def _merged(before: Object | None, body: Object) -> Object:
    if before:
        return patched(copy.deepcopy(before), body)
    meta = {"namespace": "demo", **body["metadata"], "uid": f"uid-{body['metadata']['name']}"}
    return {**body, "metadata": {**meta, "creationTimestamp": "2026-01-01T13:00:00Z"}}


def _failure(code: int, reason: str, cause: str, field: str, message: str) -> Response:
    causes = [{"reason": cause, "field": field, "message": message}]
    whole = f"{field}: {message}"
    return failure(code, reason, whole, causes=causes)
