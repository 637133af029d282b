"""Reviews: questions to the server that are asked as if they were objects.

They are posted, answered in their status, and never stored.
"""

from __future__ import annotations

from collections.abc import Callable

from kubelearn.embedded.apiserver import response
from kubelearn.embedded.apiserver.options import write_options
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.resources import Answer, Resources, write_of
from kubelearn.embedded.apiserver.subresources import Handler
from kubelearn.objects import Object

Review = Callable[[Request, Object], Object]
"""Answers a review: its spec and status, and what metadata it has."""


def handler(resources: Resources, review: Review) -> Handler:
    """What serves POST of a review."""

    async def serve(request: Request, registry: Registry) -> Answer:
        kind = request.kind
        options = write_options(request.query, kind="CreateOptions")
        sent = await resources.read(request, kind, options)
        await registry.admission.create_part(registry, write_of(request, options), kind, sent)
        answer = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": {}}
        content = answer | review(request, sent)
        if request.output.target:
            content = response.transformed(request, content, clock=registry.clock)
        return response.document(request, content, status=201)

    return serve
