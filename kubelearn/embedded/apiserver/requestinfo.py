"""What a request is about, read from its method, path and query.

Stands for k8s.io/apiserver `pkg/endpoints/request/requestinfo.go`. Authorization, routing and the
audit trail all speak in these words. Left out: the long-gone verb `proxy` in the path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kubelearn.embedded.selectors import NO_FIELDS, FieldSelector, SelectorError, parse_fields

_VERBS = {
    "POST": "create",
    "GET": "get",
    "HEAD": "get",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}
# Under /namespaces/NAME these are the namespace's own; anything else is a resource inside it.
_NAMESPACE_SUBRESOURCES = frozenset({"status", "finalize"})


@dataclass(slots=True)
class RequestInfo:
    """Verb and target of one request; the resource fields are empty for other paths."""

    path: str
    verb: str
    is_resource_request: bool = False
    group: str = ""
    version: str = ""
    namespace: str = ""
    resource: str = ""
    name: str = ""
    subresource: str = ""
    # What follows the subresource: the path that a proxy hands on.
    rest: tuple[str, ...] = ()
    # Asked for as `/api/v1/watch/...`, the form that came before `?watch=true`.
    watch_path: bool = False
    # Of lists and watches: the fields that they choose by.
    selector: FieldSelector = NO_FIELDS

    @property
    def group_version(self) -> str:
        """`v1` or `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version


def request_info(method: str, path: str, query: Mapping[str, str]) -> RequestInfo:
    """Read a request; a path that fits no resource gives a non-resource request."""
    info = RequestInfo(path=path, verb=method.lower())
    path = path.strip("/")
    parts = path.split("/") if path else []
    prefix = {"api": 1, "apis": 2}.get(parts[0]) if parts else None
    if prefix is None or len(parts) < prefix + 2:
        return info
    info.is_resource_request = True
    info.group = parts[1] if prefix == 2 else ""
    info.version = parts[prefix]
    info.verb = _VERBS.get(method, "")
    parts = parts[prefix + 1 :]
    if parts[0] == "watch" and len(parts) > 1:
        info.watch_path, info.verb, parts = True, "watch", parts[1:]
    _read_target(info, parts)
    if not info.name:
        info.verb = _collection_verb(info, query)
        info.selector = _selector(query.get("fieldSelector", ""))
    return info


def _read_target(info: RequestInfo, parts: list[str]) -> None:
    if parts[0] == "namespaces" and len(parts) > 1:
        info.namespace = parts[1]
        if len(parts) > 2 and parts[2] not in _NAMESPACE_SUBRESOURCES:
            parts = parts[2:]
    info.resource = parts[0]
    info.name = parts[1] if len(parts) > 1 else ""
    info.subresource = parts[2] if len(parts) > 2 else ""
    info.rest = tuple(parts[3:])


def _selector(text: str) -> FieldSelector:
    try:
        return parse_fields(text)
    except SelectorError:
        # Whoever serves the request will say what is wrong with it.
        return NO_FIELDS


def _collection_verb(info: RequestInfo, query: Mapping[str, str]) -> str:
    if info.verb == "get":
        return "watch" if is_true(query.get("watch")) else "list"
    return "deletecollection" if info.verb == "delete" else info.verb


def is_true(text: str | None) -> bool:
    """A boolean query parameter as upstream reads it: present means true, but for two words."""
    return text is not None and text.lower() not in ("false", "0")
