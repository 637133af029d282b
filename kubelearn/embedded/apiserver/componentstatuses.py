"""ComponentStatuses: are the others of the control plane well? Asked for when asked, never stored.

Stands for k8s.io/kubernetes `pkg/registry/core/componentstatus`. Upstream asks the health ports of
two components at the loopback address; here they have no ports, and whoever runs the server knows.
Left out: selectors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kubelearn.embedded.apiserver import response
from kubelearn.embedded.apiserver.encoding import encode
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.resources import Answer
from kubelearn.embedded.apiserver.status import not_found
from kubelearn.objects import Object

Check = Callable[[], bool]

_PORTS = {"scheduler": 10259, "controller-manager": 10257}


class ComponentStatuses:
    """Answers for componentstatuses; `checks` are the components, by name."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks

    async def serve(self, request: Request, registry: Registry) -> Answer:
        """Answer for one component, or for all."""
        name = request.info.name
        if not name:
            found = [encode(self._status(each)) for each in self._checks]
            return response.many(request, registry, found, {})
        if name not in self._checks:
            raise not_found("componentstatus", "", name)
        return response.one(request, registry, encode(self._status(name)))

    def _status(self, name: str) -> Object:
        healthy = self._checks[name]()
        condition = {
            "type": "Healthy",
            "status": "True" if healthy else "False",
            "message": "ok" if healthy else _silence(name),
        }
        if not healthy and name not in _PORTS:
            condition["error"] = "context deadline exceeded"
        meta = {"kind": "ComponentStatus", "apiVersion": "v1", "metadata": {"name": name}}
        return {**meta, "conditions": [condition]}


def _silence(name: str) -> str:
    """What whoever asks a component that does not run is told."""
    if name not in _PORTS:
        return ""
    address = f"127.0.0.1:{_PORTS[name]}"
    return f'Get "https://{address}/healthz": dial tcp {address}: connect: connection refused'
