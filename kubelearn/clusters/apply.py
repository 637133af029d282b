"""Applying an object of a manifest: it is created, or the one that is there is changed.

The one way for lessons and magics. Like kubectl it says whether that changed anything; unlike
kubectl it keeps no copy of the manifest, so a field that is left out later is not removed. (The
ManifestEditor applies on the server, which knows who owns which field.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kubelearn.clusters import kinds
from kubelearn.clusters.transport import MERGE_PATCH, STRATEGIC_PATCH, Answer, send
from kubelearn.objects import Object, Resource

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

# What changes without anybody's wish.
_OWN = ("resourceVersion", "managedFields")


@dataclass(frozen=True)
class Applied:
    """What came of it; `answer` may be a refusal."""

    resource: Resource
    answer: Answer
    done: str
    """`created`, `configured` or `unchanged`, if it is no refusal."""

    def __str__(self) -> str:
        return f"{reference(self.resource, self.answer.body)} {self.done}"


def reference(resource: Resource, obj: Object) -> str:
    """An object as kubectl calls it: `deployment.apps/web`."""
    group = f".{resource.group}" if resource.group else ""
    return f"{resource.kind.lower()}{group}/{obj['metadata']['name']}"


def apply(api: ApiClient, obj: Object, *, namespace: str, dry_run: bool = False) -> Applied:
    """Create the object in the namespace, or change it; unknown fields are refused.

    With `dry_run` the server does all but storing it. Raises NotFound for an unknown kind.
    """
    resource = kinds.of_kind(api, obj["apiVersion"], obj["kind"])
    query = {"fieldValidation": "Strict", "dryRun": "All" if dry_run else None}
    name = (obj.get("metadata") or {}).get("name")
    before = _existing(api, resource.path(namespace, name)) if name else None
    if before is None:
        answer = send(api, "POST", resource.path(namespace), body=obj, query=query)
        return Applied(resource, answer, "created")
    path = resource.path(namespace, name)
    answer = _patch(api, path, obj, query)
    return Applied(resource, answer, "unchanged" if _same(before, answer.body) else "configured")


def _existing(api: ApiClient, path: str) -> Object | None:
    answer = send(api, "GET", path)
    return answer.body if answer.code == 200 else None


def _patch(api: ApiClient, path: str, obj: Object, query: dict[str, Any]) -> Answer:
    answer = send(api, "PATCH", path, body=obj, query=query, content_type=STRATEGIC_PATCH)
    if answer.code == 415:
        # Kinds of custom resources have no strategy for merging lists.
        answer = send(api, "PATCH", path, body=obj, query=query, content_type=MERGE_PATCH)
    return answer


def _same(before: Object, after: Any) -> bool:
    return isinstance(after, dict) and _wished(before) == _wished(after)


def _wished(obj: Object) -> Object:
    meta = {k: v for k, v in (obj.get("metadata") or {}).items() if k not in _OWN}
    return {**obj, "metadata": meta, "status": None}
