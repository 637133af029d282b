"""What the API server tells who writes a Service (upstream: pkg/api/service `warnings.go`).

Left out: addresses that are written in an unusual way.
"""

from __future__ import annotations

from collections.abc import Iterator

from kubelearn.objects import Object, annotations_of

_TOPOLOGY_HINTS = "service.kubernetes.io/topology-aware-hints"


def service_warnings(service: Object) -> Iterator[str]:
    """What is deprecated, and what has no effect."""
    spec = service["spec"]
    headless = spec.get("type") == "ClusterIP" and spec.get("clusterIP") == "None"
    external = spec.get("type") == "ExternalName"
    if _TOPOLOGY_HINTS in annotations_of(service):
        yield (
            f"annotation {_TOPOLOGY_HINTS} is deprecated, please use "
            "service.kubernetes.io/topology-mode instead"
        )
    if headless:
        for name in ("loadBalancerIP", "externalIPs"):
            if spec.get(name):
                yield f"spec.{name} is ignored for headless services"
        if spec.get("sessionAffinity") != "None":
            yield "spec.SessionAffinity is ignored for headless services"
    if spec.get("externalIPs") and not headless:
        yield (
            'spec.externalIPs is ignored when spec.type is "ExternalName"'
            if external
            else "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
        )
    if spec.get("externalName") and not external:
        yield 'spec.externalName is ignored when spec.type is not "ExternalName"'
    if spec.get("trafficDistribution") == "PreferClose":
        yield 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'
