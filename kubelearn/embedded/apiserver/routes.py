"""What answers for each resource and each subresource.

Stands for the tables of storage in k8s.io/kubernetes `pkg/registry/*/rest/storage_*.go`. Most
kinds need no line here: what all resources can do they have by being in the table of kinds.
"""

from __future__ import annotations

from collections.abc import Mapping

from kubelearn.embedded.apiserver.access import Access
from kubelearn.embedded.apiserver.componentstatuses import ComponentStatuses
from kubelearn.embedded.apiserver.decoding import Decoder
from kubelearn.embedded.apiserver.kubelets import Kubelets
from kubelearn.embedded.apiserver.registries import Registries
from kubelearn.embedded.apiserver.resources import Resources
from kubelearn.embedded.apiserver.reviews import handler
from kubelearn.embedded.apiserver.routing import Router
from kubelearn.embedded.apiserver.serviceaccounts.jwt import SigningKey
from kubelearn.embedded.apiserver.streams import Streams
from kubelearn.embedded.apiserver.subresources import Handler, Subresources
from kubelearn.embedded.apiserver.subresources.binding import Bindings
from kubelearn.embedded.apiserver.subresources.eviction import Evictions
from kubelearn.embedded.apiserver.subresources.logs import Logs
from kubelearn.embedded.apiserver.subresources.parts import Parts
from kubelearn.embedded.apiserver.subresources.proxy import Proxies
from kubelearn.embedded.apiserver.subresources.scale import Scales
from kubelearn.embedded.apiserver.subresources.token import TokenRequests
from kubelearn.embedded.apiserver.subresources.tunnels import Tunnels


def make_router(
    registries: Registries,
    *,
    access: Access,
    components: ComponentStatuses,
    kubelets: Kubelets,
    signing_key: SigningKey,
    streams: Streams,
) -> Router:
    """The router of a server."""
    resources = Resources(decoder=Decoder(registries.kinds), streams=streams)
    token_requests = TokenRequests(resources, registries, signing_key)
    subresources = {
        **_parts(resources, registries),
        **_through_kubelets(registries, access=access, kubelets=kubelets, streams=streams),
        "serviceaccounts/token": token_requests.serve,
    }
    unstored = {plural: handler(resources, each) for plural, each in access.reviews.items()}
    unstored["componentstatuses"] = components.serve
    return Router(registries, resources, Subresources(subresources), unstored=unstored)


def _parts(resources: Resources, registries: Registries) -> Mapping[str, Handler]:
    """Parts of objects that are read and written by themselves."""
    parts = Parts(resources)
    return {
        "status": parts.status,
        "scale": Scales(resources).serve,
        "certificatesigningrequests/approval": parts.approval,
        "namespaces/finalize": parts.finalize,
        "pods/binding": Bindings(resources).serve,
        "pods/ephemeralcontainers": parts.ephemeral_containers,
        "pods/eviction": Evictions(resources, registries).serve,
        "pods/resize": parts.resize,
    }


def _through_kubelets(
    registries: Registries, *, access: Access, kubelets: Kubelets, streams: Streams
) -> Mapping[str, Handler]:
    """What the server hands on, most of it to a kubelet."""
    tunnels = Tunnels(kubelets, streams, access.authorizer)
    proxies = Proxies(registries, kubelets, streams)
    return {
        "nodes/proxy": proxies.node,
        "pods/attach": tunnels.attach,
        "pods/exec": tunnels.exec,
        "pods/log": Logs(kubelets, streams).serve,
        "pods/portforward": tunnels.port_forward,
        "pods/proxy": proxies.pod,
        "services/proxy": proxies.service,
    }
