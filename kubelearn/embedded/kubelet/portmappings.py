"""The ports of the node that a pod asks for (`hostPort`), as its runtime is told of them.

Stands for `generatePodSandboxConfig` and `MakePortMappings` of `pkg/kubelet`. Like there, those of
sidecars are left out, though the scheduler counts them.
"""

from __future__ import annotations

from kubelearn.containers.runtime import PortMapping
from kubelearn.objects import Object


def port_mappings(pod: Object) -> list[PortMapping]:
    """What leads to a pod."""
    return [
        PortMapping(
            host_port=port["hostPort"],
            container_port=port["containerPort"],
            protocol=port.get("protocol", "TCP"),
            host_ip=port.get("hostIP", ""),
        )
        for container in pod["spec"]["containers"]
        for port in container.get("ports") or []
        if port.get("hostPort")
    ]
