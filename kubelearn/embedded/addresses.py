"""The addresses of a cluster: a block 127.B.0.0/16 of the loopback network, cut into ranges.

Linux answers for every address of 127/8 with no set-up and no privileges, so nodes, pods and
Services each get a real one. This module stands for what an administrator decides before
`kubeadm init` (`--pod-network-cidr`, `--service-cidr`) and, for nodes, for the machines' own
addresses.

    127.B.0.(1+i)    node i, from 1 on; the control plane is node 1
    127.B.i.0/24     the pods of node i
    127.B.128.0/17   Services; the first address is that of the Service `kubernetes`

Nodes without machines (runtime fake) share the address of node 1. There may be more of them than
the block has room for, and nobody answers at their pods' addresses: those lie in two more blocks
that no cluster claims, 127.(B+64).0.0/16 and 127.(B+127).0.0/16, cut into 127.x.y.0/25.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from kubelearn.errors import ClusterError

BLOCKS = range(64, 127)
MOST_NODES = 127
MOST_HOLLOW_NODES = 1000
_PORTS = 1000


@dataclass(frozen=True)
class Block:
    """One cluster's part of the loopback network."""

    number: int

    def __str__(self) -> str:
        return f"127.{self.number}.0.0/16"

    def node_ip(self, node: int) -> str:
        """The address of a node; nodes are counted from 1."""
        return f"127.{self.number}.0.{1 + node}"

    def pod_cidr(self, node: int) -> str:
        """Where the pods of a node have their addresses."""
        return f"127.{self.number}.{node}.0/24"

    def hollow_pod_cidr(self, node: int) -> str:
        """Where the pods of a node without a machine seem to have their addresses."""
        block, number = divmod(node, 512)
        half, part = divmod(number, 2)
        return f"127.{self.number + (64, 127)[block]}.{half}.{128 * part}/25"

    @property
    def service_cidr(self) -> str:
        """Where Services have their addresses."""
        return f"127.{self.number}.128.0/17"

    @property
    def kubernetes_service_ip(self) -> str:
        """The API server's address inside the cluster."""
        return f"127.{self.number}.128.1"

    @property
    def dns_service_ip(self) -> str:
        """The address of the cluster's DNS: the tenth of the Services', as with kubeadm."""
        return f"127.{self.number}.128.10"

    def node_of(self, ip: str) -> int | None:
        """The number of the node that an address belongs to, or whose pod has it; None for none."""
        first, second, third, fourth = (*ip.split("."), "", "", "", "")[:4]
        if (first, second) != ("127", str(self.number)) or not third.isdecimal():
            return None
        number = int(fourth) - 1 if third == "0" and fourth.isdecimal() else int(third)
        return number if 0 < number <= MOST_NODES else None


class Claim:
    """Something of this machine that no other cluster can have until `release`, or our end.

    An abstract socket's name is the lock: the kernel lets go of it with the process, `kill -9`
    included, and it stands for all users of the machine. Raises OSError when it is taken.
    """

    def __init__(self, what: object) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.bind(f"\0kubelearn {what}")
        except OSError:
            self._socket.close()
            raise

    def release(self) -> None:
        """Let others have it."""
        self._socket.close()


def claim(block: Block) -> Claim:
    """Claim the block that a cluster's objects have their addresses in. Raises ClusterError."""
    try:
        return Claim(block)
    except OSError as error:
        raise ClusterError(
            f"another cluster that runs now uses the addresses {block} of this one's Services",
            hint="stop that one (kubelearn down --name OTHER), or start a new one beside it: "
            "kubelearn up --name NEW",
        ) from error


def claim_any(wish: int, *, others: Iterable[Block] = ()) -> tuple[Block, Claim]:
    """Claim a block for a new cluster, starting the search at a number that the cluster wishes.

    The blocks of `others`, clusters that may not be running, are left alone. Raises ClusterError.
    """
    taken = set(others)
    for step in range(len(BLOCKS)):
        block = Block(BLOCKS[(wish + step) % len(BLOCKS)])
        if block not in taken:
            with contextlib.suppress(OSError):
                return block, Claim(block)
    raise ClusterError(
        f"all {len(BLOCKS)} address blocks of this machine are taken",
        hint="kubelearn status   # lists clusters; kubelearn down --name NAME --delete frees one",
    )


def claim_port(host: str, port: int) -> Claim:
    """Claim a port, so that no other cluster that starts now takes it. Raises OSError."""
    found = Claim(f"{host}:{port}")
    if is_free(host, port):
        return found
    found.release()
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def claim_any_port(host: str, wish: int) -> tuple[int, Claim]:
    """Claim the first port from `wish` on that is free. Raises ClusterError."""
    for port in range(wish, min(wish + _PORTS, 65536)):
        with contextlib.suppress(OSError):
            return port, claim_port(host, port)
    raise ClusterError(
        f"no port of {host} from {wish} on is free",
        hint="kubelearn up --port PORT   # a port that nothing listens on",
    )


def is_free(host: str, port: int) -> bool:
    """Whether somebody could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
        return True


def free_port(hosts: Iterable[str], wish: int) -> int:
    """The first port from `wish` on that is free at all these addresses. Raises ClusterError."""
    places = list(hosts)
    for port in range(wish, min(wish + _PORTS, 65536)):
        if all(is_free(host, port) for host in places):
            return port
    raise ClusterError(
        f"no port from {wish} on is free at {', '.join(places)}",
        hint=f"ss -ltn 'sport >= :{wish}'   # shows what listens there",
    )
