"""Which handler answers a request for a resource.

Stands for k8s.io/apiserver `pkg/endpoints/installer.go`, which registers a route for every verb of
every resource. Here one look-up does it, with the same answers for paths that lead nowhere: plain
text where the group is none of the built-in ones, else a `Status`.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from kubelearn.embedded.apiserver import response
from kubelearn.embedded.apiserver.conversion import storage_kind
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.registries import Registries
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.requestinfo import RequestInfo
from kubelearn.embedded.apiserver.resources import Resources
from kubelearn.embedded.apiserver.status import method_not_allowed, no_such_resource
from kubelearn.embedded.apiserver.subresources import Handler, Subresources

_ON_COLLECTION = frozenset({"list", "watch", "create", "deletecollection"})
_DEPRECATED = {
    ("", "componentstatuses"): "v1 ComponentStatus is deprecated in v1.19+",
    ("", "endpoints"): (
        "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
    ),
}
NOT_FOUND = "404 page not found\n"


class Router:
    """Resource requests to their handlers."""

    def __init__(
        self,
        registries: Registries,
        resources: Resources,
        subresources: Subresources,
        *,
        unstored: Mapping[str, Handler],
    ) -> None:
        self._registries = registries
        self._kinds = registries.kinds
        self._resources = resources
        self._subresources = subresources
        self._unstored = unstored
        self._built_in: frozenset[str] = frozenset()
        self._generation = -1

    async def serve(self, request: Request) -> web.StreamResponse:
        """Answer a resource request; raises 404 and 405 as `Status`."""
        info = request.info
        kind = self._kinds.find(info.group, info.version, info.resource)
        if kind is None or not _fits(info, kind):
            if info.group not in self._built_in_groups():
                return response.text(NOT_FOUND, status=404)
            raise no_such_resource()
        request.kind = kind
        if warning := _deprecation(kind):
            request.warnings.append(warning)
        registry = self._registries.of(storage_kind(self._kinds, kind))
        if info.subresource:
            return await self._subresources.serve(request, registry)
        if request.method == "HEAD" or not _allows(info, kind):
            raise method_not_allowed()
        if kind.built_in and kind.plural in self._unstored:
            return await self._unstored[kind.plural](request, registry)
        return await self._resources.serve(request, registry)

    def _built_in_groups(self) -> frozenset[str]:
        if self._generation != self._kinds.generation:
            self._generation = self._kinds.generation
            self._built_in = frozenset(kind.group for kind in self._kinds if not kind.custom)
        return self._built_in


def _deprecation(kind: Kind) -> str:
    if kind.custom:
        return kind.custom.warning
    return _DEPRECATED.get((kind.group, kind.plural), "")


def _fits(info: RequestInfo, kind: Kind) -> bool:
    """Whether such a path exists: objects of namespaced kinds are found in namespaces only."""
    if kind.namespaced and kind.custom:
        return bool(info.namespace) or info.verb in ("list", "watch")
    if kind.namespaced:
        return bool(info.namespace or not info.name)
    return not info.namespace or kind.plural == "namespaces"


def _allows(info: RequestInfo, kind: Kind) -> bool:
    if not kind.has_verb(info.verb):
        return False
    if kind.namespaced and not info.namespace:
        return info.verb in ("list", "watch")
    on_collection = not info.name or (info.verb == "watch" and info.watch_path)
    return (info.verb in _ON_COLLECTION) == on_collection or (
        info.verb == "watch" and info.watch_path
    )
