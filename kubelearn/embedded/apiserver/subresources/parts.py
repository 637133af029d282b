"""Subresources that are a part of the object: status, approval, a namespace's finalizers.

An update through them changes that part and leaves the rest alone; the whole object is sent and
answered all the same.
"""

from __future__ import annotations

from functools import partial
from typing import cast

from aiohttp import web

from kubelearn.embedded.apiserver import validation
from kubelearn.embedded.apiserver.registry import Prepare, Registry, Validate
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.resources import Resources
from kubelearn.embedded.apiserver.strategy.certificates import CertificateSigningRequestStrategy
from kubelearn.embedded.apiserver.strategy.namespace import NamespaceStrategy
from kubelearn.embedded.apiserver.strategy.pod import PodStrategy

_VALIDATE: dict[str, Validate] = {
    "approval": validation.certificates.validate_approval,
    **{
        name: partial(validation.validate_part_update, subresource=name)
        for name in ("ephemeralcontainers", "finalize", "resize", "status")
    },
}


class Parts:
    """Handlers for the parts of objects."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def status(self, request: Request, registry: Registry) -> web.StreamResponse:
        """What controllers and kubelets report."""
        prepare = registry.strategy.prepare_for_status_update
        return await self._serve(request, registry, prepare)

    async def finalize(self, request: Request, registry: Registry) -> web.StreamResponse:
        """The finalizers of a namespace; without the last one it vanishes."""
        strategy = cast(NamespaceStrategy, registry.strategy)
        return await self._serve(request, registry, strategy.prepare_for_finalize)

    async def approval(self, request: Request, registry: Registry) -> web.StreamResponse:
        """Whether a certificate may be signed."""
        strategy = cast(CertificateSigningRequestStrategy, registry.strategy)
        return await self._serve(request, registry, strategy.prepare_for_approval)

    async def ephemeral_containers(
        self, request: Request, registry: Registry
    ) -> web.StreamResponse:
        """Containers that `kubectl debug` adds to a running pod."""
        strategy = cast(PodStrategy, registry.strategy)
        return await self._serve(request, registry, strategy.prepare_for_ephemeral_containers)

    async def resize(self, request: Request, registry: Registry) -> web.StreamResponse:
        """The resources of a running pod's containers."""
        strategy = cast(PodStrategy, registry.strategy)
        return await self._serve(request, registry, strategy.prepare_for_resize)

    async def _serve(
        self, request: Request, registry: Registry, prepare: Prepare
    ) -> web.StreamResponse:
        validate = _VALIDATE.get(request.info.subresource)
        match request.info.verb:
            case "update":
                return await self._resources.update(
                    request, registry, prepare=prepare, validate=validate
                )
            case "patch":
                return await self._resources.patch(
                    request, registry, prepare=prepare, validate=validate
                )
        return await self._resources.get(request, registry)
