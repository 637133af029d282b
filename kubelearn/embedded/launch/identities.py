"""Who is who in the cluster: the identities that need a certificate, with kubeadm's names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kubelearn.embedded.addresses import Block

HOST = "127.0.0.1"
APISERVER = "apiserver"
APISERVER_KUBELET_CLIENT = "apiserver-kubelet-client"
ADMIN = "admin"
CONTROLLER_MANAGER = "controller-manager"
SCHEDULER = "scheduler"
PROXY = "proxy"
LOCAL_PATH = "local-path-provisioner"
HOLLOW = "hollow"
FRONT_PROXY_CLIENT = "front-proxy-client"
METRICS_SERVER = "metrics-server"
METRICS_SERVER_CLIENT = "metrics-server-client"
DNS = "coredns"


@dataclass(frozen=True)
class Identity:
    """What a certificate says: a client's user and groups, and a server's names and addresses."""

    file: str
    user: str
    groups: Sequence[str] = ()
    hosts: Sequence[str] = ()


def kubelet_client(node: str) -> str:
    """The files of the certificate that a kubelet shows to the API server."""
    return f"kubelet-client-{node}"


def service_account(account: str) -> tuple[str, list[str]]:
    """The user and the groups that an account of kube-system is."""
    groups = ["system:serviceaccounts", "system:serviceaccounts:kube-system"]
    return f"system:serviceaccount:kube-system:{account}", groups


def kubelet_server(node: str) -> str:
    """The files of the certificate that a kubelet serves with."""
    return f"kubelet-{node}"


def of_cluster(nodes: Sequence[str], block: Block, *, hollow: bool = False) -> list[Identity]:
    """Everybody in a cluster of these nodes; the first node is number 1.

    Nodes that are `hollow` share one identity, as one program plays them all.
    """
    found = [_api_server(block), *_clients(), *_addons(block)]
    if hollow:
        return [*found, *_hollow_kubelet(block)]
    for number, node in enumerate(nodes, start=1):
        found += _kubelet(node, block.node_ip(number))
    return found


def _api_server(block: Block) -> Identity:
    names = ["kubernetes"]
    for part in ("default", "svc", "cluster", "local"):
        names.append(f"{names[-1]}.{part}")
    hosts = [HOST, block.kubernetes_service_ip, "localhost", *names]
    return Identity(APISERVER, "kube-apiserver", hosts=hosts)


def _clients() -> list[Identity]:
    """Those who only ask."""
    return [
        Identity(APISERVER_KUBELET_CLIENT, "kube-apiserver-kubelet-client", ["system:masters"]),
        Identity(ADMIN, "kubernetes-admin", ["kubeadm:cluster-admins"]),
        Identity(CONTROLLER_MANAGER, "system:kube-controller-manager"),
        Identity(SCHEDULER, "system:kube-scheduler"),
        Identity(PROXY, "system:kube-proxy"),
        Identity(LOCAL_PATH, LOCAL_PATH),
        Identity(FRONT_PROXY_CLIENT, "front-proxy-client"),
    ]


def _addons(block: Block) -> list[Identity]:
    hosts = [block.node_ip(1), "metrics-server.kube-system.svc"]
    return [
        Identity(METRICS_SERVER, "metrics-server", hosts=hosts),
        Identity(METRICS_SERVER_CLIENT, *service_account("metrics-server")),
        # In a kubeadm cluster it runs in pods, so its name is that of their account.
        Identity(DNS, *service_account("coredns")),
    ]


def _kubelet(node: str, ip: str) -> list[Identity]:
    user, groups = f"system:node:{node}", ["system:nodes"]
    return [
        Identity(kubelet_client(node), user, groups),
        Identity(kubelet_server(node), user, groups, hosts=[ip, node]),
    ]


def _hollow_kubelet(block: Block) -> list[Identity]:
    # No node's own identity would do: it may speak for that node only.
    return [
        Identity(kubelet_client(HOLLOW), "system:hollow-kubelet", ["system:masters"]),
        Identity(kubelet_server(HOLLOW), HOLLOW, hosts=[block.node_ip(1)]),
    ]
