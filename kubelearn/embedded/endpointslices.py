"""What an EndpointSlice says: whose endpoints it holds, and which of them are ready."""

from __future__ import annotations

from collections.abc import Iterator

from kubelearn.objects import SERVICE_NAME, Object, labels_of


def service_keys(endpoint_slice: Object) -> list[str]:
    """The key of the Service that it belongs to, if it names one: for an index of slices."""
    name = labels_of(endpoint_slice).get(SERVICE_NAME)
    return [f"{endpoint_slice['metadata']['namespace']}/{name}"] if name else []


def ready_endpoints(endpoint_slice: Object, port_name: str) -> Iterator[tuple[str, int]]:
    """Address and port of each endpoint that is ready; one of unknown readiness counts as ready."""
    ports = [p for p in endpoint_slice.get("ports") or [] if (p.get("name") or "") == port_name]
    for endpoint in endpoint_slice.get("endpoints") or []:
        if (endpoint.get("conditions") or {}).get("ready", True):
            for port in ports:
                yield endpoint["addresses"][0], port["port"]
