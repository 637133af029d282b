"""Ports of nodes that pods ask for, and when two of them are in each other's way.

Stands for `HostPortInfo` of k8s.io/kube-scheduler `framework/types.go`. Scheduler and kubelet
both look at it.
"""

from __future__ import annotations

from kubelearn.objects import Object

HostPort = tuple[str, str, int]
"""The node's address, the protocol and the port."""

TAKEN = "node(s) didn't have free ports for the requested pod ports"
_ANY = "0.0.0.0"


def host_ports(pod: Object) -> set[HostPort]:
    """The ports of its node that a pod asks for: those of its containers and sidecars."""
    spec = pod.get("spec") or {}
    sidecars = (
        each for each in spec.get("initContainers") or [] if each.get("restartPolicy") == "Always"
    )
    return {
        (port.get("hostIP") or _ANY, port.get("protocol", "TCP"), port["hostPort"])
        for container in [*(spec.get("containers") or []), *sidecars]
        for port in container.get("ports") or []
        if port.get("hostPort")
    }


def conflict(one: HostPort, other: HostPort) -> bool:
    """Whether only one of them can be had."""
    if one[1:] != other[1:]:
        return False
    return one[0] == other[0] or _ANY in (one[0], other[0])
