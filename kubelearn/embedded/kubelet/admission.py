"""Whether a pod may run here at all: `pkg/kubelet/lifecycle/predicate.go`.

The scheduler has looked at this already, but a pod can be bound to a node by anybody, and two
bindings can come at once. Here: resources, the number of pods, the node selector, host ports and
sysctls.
Left out: affinity expressions, taints, making room by evicting others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from kubelearn.embedded.hostports import TAKEN, conflict, host_ports
from kubelearn.embedded.kubelet.podstatus import Eviction, pod_requests
from kubelearn.embedded.kubelet.securitycontext import sysctls
from kubelearn.objects import Object
from kubelearn.quantity import quantity

# Those that change nothing for other pods: pkg/kubelet/sysctl/safe_sysctls.go.
_SAFE_SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
}


def rejection(
    pod: Object, *, others: Iterable[Object], labels: Mapping[str, str], room: Mapping[str, str]
) -> Eviction | None:
    """Why the pod is refused, None if it may run. `others` are the pods that run here already."""
    present = list(others)
    if lack := _lack(pod, present, room):
        return lack
    if (refused := _refused_sysctl(pod)) is not None:
        return Eviction("SysctlForbidden", f"forbidden sysctl: {refused}")
    selector = pod["spec"].get("nodeSelector") or {}
    if any(labels.get(key) != value for key, value in selector.items()):
        return Eviction(
            "NodeAffinity", "Predicate NodeAffinity failed: node(s) didn't match selector"
        )
    taken = [port for other in present for port in host_ports(other)]
    if any(conflict(mine, port) for mine in host_ports(pod) for port in taken):
        return Eviction("NodePorts", f"Predicate NodePorts failed: {TAKEN}")
    return None


def _refused_sysctl(pod: Object) -> str | None:
    for name in sysctls(pod):
        kind = "ipc" if name.startswith("kernel.") else "net"
        if name not in _SAFE_SYSCTLS:
            return f'"{name}" not allowlisted'
        if pod["spec"].get("hostIPC" if kind == "ipc" else "hostNetwork"):
            return f'"{name}" not allowed with host {kind} enabled'
    return None


def _lack(pod: Object, present: Sequence[Object], room: Mapping[str, str]) -> Eviction | None:
    """What there is too little of, beside the pods that are here."""
    if len(present) + 1 > int(room["pods"]):
        return _too_little("pods", Decimal(1), Decimal(len(present)), Decimal(room["pods"]))
    used: dict[str, Decimal] = {}
    for other in present:
        for name, amount in pod_requests(other["spec"]).items():
            used[name] = used.get(name, Decimal(0)) + amount
    for name, amount in pod_requests(pod["spec"]).items():
        if "/" in name and name not in room:
            continue  # an extended resource that nobody told this node of, yet or any more
        total = quantity(room.get(name, "0"))
        if amount and used.get(name, Decimal(0)) + amount > total:
            return _too_little(name, amount, used.get(name, Decimal(0)), total)
    return None


def _too_little(name: str, wanted: Decimal, used: Decimal, total: Decimal) -> Eviction:
    # Processors are counted in thousandths, as the scheduler counts them.
    unit = 1000 if name == "cpu" else 1
    numbers = (
        f"requested: {wanted * unit:.0f}, used: {used * unit:.0f}, capacity: {total * unit:.0f}"
    )
    return Eviction(f"OutOf{name}", f"Node didn't have enough resource: {name}, {numbers}")
