"""Where a Service's pods answer, for this server's own calls to webhooks and extension servers.

Stands for k8s.io/kube-aggregator `pkg/apiserver/resolvers.go`, which asks the endpoints rather than
the Service's address, so that it needs no kube-proxy.
"""

from __future__ import annotations

import random as randomness

from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.endpointslices import ready_endpoints
from kubelearn.embedded.store import Store
from kubelearn.objects import SERVICE_NAME, Object, labels_of


class Unavailable(Exception):
    """Why a server cannot be asked: the reason and the message of a condition."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def resolve(
    store: Store, namespace: str, name: str, *, port: int, random: randomness.Random
) -> tuple[str, int]:
    """The address and port of one of a Service's ready endpoints. Raises Unavailable."""
    where = f'service/{name} in "{namespace}"'
    found = store.get(f"/registry/services/specs/{namespace}/{name}")
    if found is None:
        raise Unavailable("ServiceNotFound", f"{where} is not present")
    ports = decode(found.value)["spec"].get("ports") or []
    port_name = next((each.get("name", "") for each in ports if each["port"] == port), None)
    if port_name is None:
        raise Unavailable("ServicePortError", f"{where} is not listening on port {port}")
    slices = slices_of(store, namespace, name)
    if not slices:
        raise Unavailable("EndpointsNotFound", f"cannot find endpointslices for {where}")
    ready = [place for each in slices for place in ready_endpoints(each, port_name)]
    if not ready:
        problem = f'endpointslices for {where} have no addresses with port name "{port_name}"'
        raise Unavailable("MissingEndpoints", problem)
    return random.choice(ready)


def slices_of(store: Store, namespace: str, name: str) -> list[Object]:
    """The EndpointSlices of a Service."""
    every = (decode(kv.value) for kv in store.range(f"/registry/endpointslices/{namespace}/"))
    return [e for e in every if labels_of(e).get(SERVICE_NAME) == name]
