"""Requests that are not for a resource: what the server is, how it is, and what it has.

Stands for k8s.io/apiserver `pkg/server/routes` and `pkg/server/mux`.
"""

from __future__ import annotations

from aiohttp import web

from kubelearn.embedded.apiserver import response
from kubelearn.embedded.apiserver.catalog import NOT_FOUND, Catalog
from kubelearn.embedded.apiserver.health import VERSION, Health
from kubelearn.embedded.apiserver.kinds import Kinds
from kubelearn.embedded.apiserver.metrics import Metrics
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.serviceaccounts import openid
from kubelearn.embedded.apiserver.serviceaccounts.jwt import SigningKey
from kubelearn.embedded.apiserver.status import method_not_allowed


class Paths:
    """The handlers of all paths but those of resources; `address` is where pods find the server."""

    def __init__(
        self,
        kinds: Kinds,
        *,
        catalog: Catalog,
        health: Health,
        metrics: Metrics,
        signing_key: SigningKey,
        address: str,
    ) -> None:
        self._kinds = kinds
        self._catalog = catalog
        self._health = health
        self._metrics = metrics
        self._signing_key = signing_key
        self._address = address

    def serve(self, request: Request) -> web.StreamResponse:
        """Answer a request that is not for a resource."""
        path = request.info.path.strip("/")
        first = path.partition("/")[0]
        match first:
            case "healthz" | "livez" | "readyz":
                return self._health.serve(request)
            case "metrics":
                return self._metrics.serve()
            case "version" if path == first:
                if request.http.method != "GET":
                    raise method_not_allowed()
                return response.indented(VERSION)
            case "api" | "apis" | "openapi":
                return self._catalog.serve(request)
            case "":
                return response.indented({"paths": self._all()})
        if found := openid.serve(request, self._signing_key, address=self._address):
            return found
        return response.text(NOT_FOUND, status=404)

    def _all(self) -> list[str]:
        found = [
            "/api",
            "/api/v1",
            "/apis",
            "/healthz",
            "/livez",
            "/metrics",
            "/openapi/v2",
            "/openapi/v3",
            "/readyz",
        ]
        for group, versions in self._kinds.groups().items():
            if group:
                found += [f"/apis/{group}", *(f"/apis/{group}/{each}" for each in versions)]
        return sorted([*found, "/version"])
