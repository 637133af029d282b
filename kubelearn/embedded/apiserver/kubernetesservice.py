"""The API server as a Service: `kubernetes`, where it listens, and the range of all Services.

Stands for `pkg/controlplane/controller/{kubernetesservice,defaultservicecidr}` and
`pkg/controlplane/reconcilers` of k8s.io/kubernetes. What somebody deletes or changes of it is put
right in a while.
"""

from __future__ import annotations

import ipaddress
import logging

from kubelearn.embedded.apiserver.ensuring import ensure
from kubelearn.embedded.apiserver.registries import Registries
from kubelearn.embedded.apiserver.status import StatusError
from kubelearn.embedded.store import StoreFailed
from kubelearn.objects import SERVICE_NAME, Object, timestamp

_log = logging.getLogger(__name__)

_SECONDS = 10.0
_META = {"name": "kubernetes", "namespace": "default"}
_GROUP = "networking.k8s.io"


class KubernetesService:
    """Keeps these objects; `address` and `port` are where the server listens."""

    def __init__(self, registries: Registries, *, address: str, port: int) -> None:
        self._registries = registries
        self._address, self._port = address, port

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self._registries.clock.sleep(_SECONDS)
            try:
                await self.ensure()
            except (StatusError, StoreFailed) as error:
                _log.warning("the Service kubernetes could not be put right: %s", error)

    async def ensure(self) -> None:
        """Make or mend what is not as it should be."""
        registries = self._registries
        await ensure(registries.resource("servicecidrs", _GROUP), self._range())
        await ensure(registries.resource("services"), self._service())
        await ensure(registries.resource("endpoints"), self._endpoints(), keep="subsets")
        slices = registries.resource("endpointslices", "discovery.k8s.io")
        await ensure(slices, self._slice(), keep="endpoints ports")

    def _range(self) -> Object:
        ready = {
            "type": "Ready",
            "status": "True",
            "reason": "",
            "message": "Kubernetes default Service CIDR is ready",
            "lastTransitionTime": timestamp(self._registries.clock.now()),
        }
        return {
            "metadata": {"name": "kubernetes"},
            "spec": {"cidrs": [str(self._registries.service_cidr)]},
            "status": {"conditions": [ready]},
        }

    def _service(self) -> Object:
        labels = {"component": "apiserver", "provider": "kubernetes"}
        return {
            "metadata": {**_META, "labels": labels},
            "spec": {
                "type": "ClusterIP",
                "clusterIP": service_ip(self._registries),
                "ports": [{"name": "https", "port": 443, "targetPort": 6443}],
            },
        }

    def _endpoints(self) -> Object:
        ports = [{"name": "https", "port": self._port, "protocol": "TCP"}]
        return {
            "metadata": {**_META, "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
            "subsets": [{"addresses": [{"ip": self._address}], "ports": ports}],
        }

    def _slice(self) -> Object:
        return {
            "metadata": {**_META, "labels": {SERVICE_NAME: "kubernetes"}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": [self._address], "conditions": {"ready": True}}],
            "ports": [{"name": "https", "port": self._port, "protocol": "TCP"}],
        }


def service_ip(registries: Registries) -> str:
    """The address of the Service: the first of the range."""
    return str(ipaddress.IPv4Address(int(registries.service_cidr.network_address) + 1))
