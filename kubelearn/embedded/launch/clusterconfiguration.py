"""What all parts of one cluster are told: where it lies, its names and addresses, and who they are.

Stands for kubeadm's `ClusterConfiguration`, and for the kubeconfigs that it writes.
"""

from __future__ import annotations

import random
import ssl
from dataclasses import dataclass
from functools import cached_property

from kubelearn.embedded.addresses import Block
from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.launch import identities, tls
from kubelearn.embedded.state import Settings, StateFolder


@dataclass(frozen=True)
class ClusterConfiguration:
    """What is settled of one cluster, and where its time and its chance come from."""

    folder: StateFolder
    settings: Settings
    clock: Clock
    random: random.Random

    @cached_property
    def block(self) -> Block:
        """Its addresses."""
        return Block(self.settings.block)

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return f"https://{identities.HOST}:{self.settings.port}"

    @cached_property
    def node_names(self) -> list[str]:
        """The names of its nodes; the first has the control plane."""
        return self.settings.node_names(self.folder.name)

    def node_addresses(self) -> list[str]:
        """The addresses of its nodes, in the same order; nodes without machines share one."""
        count = 1 if self.settings.hollow else self.settings.nodes
        return [self.block.node_ip(number) for number in range(1, count + 1)]

    def names_by_address(self) -> dict[str, str]:
        """The names of nodes by their addresses."""
        return dict(zip(self.node_addresses(), self.node_names, strict=False))

    def node_of(self, ip: str) -> str | None:
        """The node that an address belongs to, its own or that of one of its pods."""
        number = self.block.node_of(ip)
        return None if number is None else self.names_by_address().get(self.block.node_ip(number))

    def client(self, identity: str, program: str) -> Client:
        """A connection to the API server for a program, which shows who it is."""
        context = tls.client(self.folder.pki, identity)
        return Client(self.server, tls=context, user_agent=f"{program}/kubelearn")

    def serving(self, identity: str) -> ssl.SSLContext:
        """What a server shows to clients, who have to show a certificate too."""
        return tls.server(self.folder.pki, identity, certificate_required=True)
