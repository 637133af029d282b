"""Who sent a request, told from an audit event's user and program.

The users are those of kubeadm (upstream `cmd/kubeadm/app/phases/certs`), and the controllers' own
service accounts; a controller without one names itself in its User-Agent (client-go's
`rest.AddUserAgent`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubelearn.diagrams.looks import Look

PARTS: dict[str, Look] = {
    "client": Look(
        "You",
        "a client outside: kubectl, Python, a widget",
        "#E69F00",
        "#8F6200",
        "M8 8.2a2.6 2.6 0 1 0 0-5.2a2.6 2.6 0 0 0 0 5.2M3.4 13.4c.4-6 8.8-6 9.2 0",
    ),
    "controllers": Look(
        "Controllers",
        "the loops of the kube-controller-manager",
        "#56B4E9",
        "#1F78AD",
        "M12.6 6.2a5 5 0 1 0 .3 3.2M13.2 2.6v3.8H9.4",
    ),
    "scheduler": Look(
        "Scheduler",
        "chooses a node for each pod",
        "#CC79A7",
        "#8E4470",
        "M2.8 8h4.2M7 8l5.6-4.4M7 8l5.6 4.4",
    ),
    "kubelet": Look(
        "Kubelet",
        "the agent on a node: starts containers, tells how they are",
        "#009E73",
        "#006B4E",
        "M3.4 3.6h9.2v8.8H3.4zM6 9.6v-3.2M10 9.6v-3.2",
    ),
    "runtime": Look(
        "Container",
        "a process on a node",
        "#F0E442",
        "#8A8200",
        "M5.5 3.5v9l7-4.5z",
    ),
    "others": Look(
        "Others",
        "other programs of the cluster",
        "#999999",
        "#5E5E5E",
        "M3.5 8h.01M8 8h.01M12.5 8h.01",
    ),
}

_MANAGER = "system:kube-controller-manager"
_ACCOUNT = "system:serviceaccount:"
_SYSTEM_ACCOUNT = f"{_ACCOUNT}kube-system:"
_NODE = "system:node:"
_HOLLOW = "system:hollow-kubelet"


@dataclass(frozen=True)
class Actor:
    """Who sent a request."""

    part: str
    """A key of PARTS."""
    name: str
    node: str = ""
    """The node that a kubelet speaks for, where its user says so."""


def actor_of(event: Mapping[str, Any]) -> Actor:
    """Who sent the request of an audit event."""
    user = str((event.get("impersonatedUser") or event.get("user") or {}).get("username") or "")
    program, _, rest = str(event.get("userAgent") or "").partition("/")
    if user == _MANAGER or (user.startswith(_SYSTEM_ACCOUNT) and "controller" in user + program):
        return Actor("controllers", _controller(user, rest))
    if user == "system:kube-scheduler":
        return Actor("scheduler", "kube-scheduler")
    if user.startswith(_NODE):
        node = user.removeprefix(_NODE)
        return Actor("kubelet", f"kubelet of {node}", node)
    if user == _HOLLOW:
        return Actor("kubelet", "kubelet")
    if user.startswith(_SYSTEM_ACCOUNT):
        return Actor("others", user.removeprefix(_SYSTEM_ACCOUNT))
    if user.startswith("system:") and not user.startswith(_ACCOUNT):
        return Actor("others", user.removeprefix("system:"))
    return Actor("client", _client(program, user))


def _controller(user: str, agent: str) -> str:
    if user != _MANAGER:
        return user.rpartition(":")[2]
    # `v1.36.3 (linux/amd64) kubernetes/0e2c4a1/deployment-controller`, where it says so.
    last = agent.rpartition("/")[2].rpartition(":")[2]
    return last if "/" in agent and "-" in last else user.removeprefix("system:")


def _client(program: str, user: str) -> str:
    names = {"OpenAPI-Generator": "Python", "kubelearn": "kubelearn", "kubectl": "kubectl"}
    name = names.get(program, program)
    return f"{name} as {user}" if name and user else name or user or "somebody"
