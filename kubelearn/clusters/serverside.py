"""Applying on the server (server-side apply), and what would come of it before it is done.

The server knows which manager owns which field: whoever sets a field that another manager owns to
another value gets a conflict, and may take the field over. A dry run goes through everything but
the storage: admission, defaults, validation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from kubelearn.clusters import kinds
from kubelearn.clusters.apply import reference
from kubelearn.clusters.problems import Problem, problems
from kubelearn.clusters.transport import APPLY_PATCH, send
from kubelearn.errors import NotFound
from kubelearn.manifests import Manifest
from kubelearn.objects import Object, Resource

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

# Who `kubectl apply --server-side` says that it is.
MANAGER = "kubectl"

State = Literal["new", "changed", "same", "conflict", "refused", "later"]


@dataclass(frozen=True)
class Preview:
    """What would come of one object of a manifest."""

    manifest: Manifest
    namespace: str
    state: State
    resource: Resource | None = None
    problems: list[Problem] = field(default_factory=list)
    before: Object | None = None
    after: Object | None = None
    code: int = 0

    @property
    def name(self) -> str:
        """As kubectl calls it, or what can be said of an object that is not complete."""
        meta = self.manifest.object.get("metadata") or {}
        kind, name = self.manifest.object["kind"], str(meta.get("name") or "")
        if self.resource and name:
            return reference(self.resource, self.manifest.object)
        return f"{kind} {name}".strip()


def apply_path(resource: Resource, name: str, *, namespace: str, query: Mapping[str, str]) -> str:
    """Where an object is applied, with kubectl's own parameters."""
    chosen = {"fieldManager": MANAGER, "fieldValidation": "Strict", **query}
    words = "&".join(f"{key}={value}" for key, value in chosen.items())
    return f"{resource.path(namespace, name)}?{words}"


def namespace_of(manifest: Manifest, namespace: str) -> str:
    """The namespace that the manifest names, else that one."""
    return str((manifest.object.get("metadata") or {}).get("namespace") or namespace)


def preview(
    api: ApiClient, manifests: list[Manifest], *, namespace: str, force: bool = False
) -> list[Preview]:
    """Try every object without storing anything. Raises Unreachable when nobody answers."""
    made: set[str] = set()
    found = []
    for manifest in manifests:
        found.append(_preview(api, manifest, namespace_of(manifest, namespace), made, force=force))
        if manifest.object["kind"] == "Namespace":
            made.add(str((manifest.object.get("metadata") or {}).get("name")))
    return found


def _preview(
    api: ApiClient, manifest: Manifest, namespace: str, made: set[str], *, force: bool
) -> Preview:
    obj = manifest.object
    try:
        resource = kinds.of_kind(api, obj["apiVersion"], obj["kind"])
    except NotFound as error:
        problem = Problem(manifest.line_of("kind"), error.message, "kind")
        return Preview(manifest, namespace, "refused", problems=[problem], code=404)
    name = (obj.get("metadata") or {}).get("name")
    if not isinstance(name, str) or not name:
        problem = Problem(manifest.line_of("metadata"), "Required value", "metadata.name")
        return Preview(manifest, namespace, "refused", resource, problems=[problem])
    return _tried(api, manifest, (resource, namespace, name), made, force=force)


def _tried(
    api: ApiClient,
    manifest: Manifest,
    place: tuple[Resource, str, str],
    made: set[str],
    *,
    force: bool,
) -> Preview:
    resource, namespace, name = place
    live = send(api, "GET", resource.path(namespace, name))
    before = live.body if live.code == 200 else None
    query = {"dryRun": "All", **({"force": "true"} if force else {})}
    path = apply_path(resource, name, namespace=namespace, query=query)
    answer = send(api, "PATCH", path, body=manifest.object, content_type=APPLY_PATCH)
    code = answer.code
    if code < 400:
        state: State = "new" if before is None else _change(before, answer.body)
        return Preview(manifest, namespace, state, resource, [], before, answer.body, code=code)
    if code == 404 and namespace in made:
        words = f"the namespace {namespace} above has to be made before this can be tried"
        late = Problem(manifest.line, words)
        return Preview(manifest, namespace, "later", resource, [late], code=code)
    status = answer.body if isinstance(answer.body, dict) else {"message": str(answer.body)}
    state = "conflict" if is_conflict(status) else "refused"
    said = problems(manifest, status)
    return Preview(manifest, namespace, state, resource, said, before, code=code)


def is_conflict(status: Mapping[str, Any]) -> bool:
    """Whether it is about fields that other managers own."""
    causes = (status.get("details") or {}).get("causes") or ()
    return any(cause.get("reason") == "FieldManagerConflict" for cause in causes)


def _change(before: Object, after: Object) -> State:
    return "same" if essence(before) == essence(after) else "changed"


# What the server writes by itself.
_OWN = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")


def essence(obj: Object | None) -> Object | None:
    """An object without its status and what else is the server's own."""
    if obj is None:
        return None
    meta = {k: v for k, v in (obj.get("metadata") or {}).items() if k not in _OWN}
    return {**{k: v for k, v in obj.items() if k != "status"}, "metadata": meta}
