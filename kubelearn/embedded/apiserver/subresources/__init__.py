"""Subresources: a part of an object, or something that can be done with it.

Each module stands for the `storage.go` of its resource in k8s.io/kubernetes `pkg/registry`. A kind
has a subresource when the table of kinds says so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.status import method_not_allowed, no_such_resource

Handler = Callable[[Request, Registry], Awaitable[web.StreamResponse]]


class Subresources:
    """Finds the handler of a subresource: the kind's own, or the one for all kinds."""

    def __init__(self, handlers: dict[str, Handler]) -> None:
        self._handlers = handlers

    async def serve(self, request: Request, registry: Registry) -> web.StreamResponse:
        """Answer a request for a subresource; raises 404 and 405."""
        info, kind = request.info, registry.kind
        known = kind.subresource(info.subresource)
        own = f"{kind.plural}/{info.subresource}" if kind.built_in else ""
        handler = self._handlers.get(own) or self._handlers.get(info.subresource)
        if known is None or handler is None:
            raise registry.not_found(info.name) if kind.custom else no_such_resource()
        # Proxies hand on methods without a verb too, though discovery does not tell of them.
        verbs = (*known.verbs, "") if info.subresource == "proxy" else known.verbs
        if info.verb not in verbs:
            raise method_not_allowed()
        return await handler(request, registry)
