"""Ports of a node that lead to its pods.

Stands for CNI's plug-in `portmap`, which writes rules into the kernel's packet filter. Here they
are a data path like that of Services, with the same differences, and one of its own: the localhost
of all nodes is this machine's, so `hostIP: 127.0.0.1` can be had once. Left out: SCTP and IPv6.
"""

from __future__ import annotations

import logging
import random

from kubelearn.containers.runtime import PortMapping, Sandbox
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.proxy import Address, DataPath, Rule

_log = logging.getLogger(__name__)

_PROTOCOLS = ("TCP", "UDP")
_EVERYWHERE = ("", "0.0.0.0")


class PortMap:
    """The ports of one node, at its address."""

    def __init__(self, ip: str, *, clock: Clock, random: random.Random) -> None:
        self._ip = ip
        self._datapath = DataPath(clock=clock, random=random)

    async def add(self, sandbox: Sandbox) -> None:
        """Let a sandbox's ports of the node lead to it, as far as they can be had."""
        mappings = sandbox.config.port_mappings
        rules = [self._rule(each, sandbox.ip) for each in mappings if _is_possible(each)]
        for problem in await self._datapath.apply(sandbox.id, rules):
            pod = f"{sandbox.config.namespace}/{sandbox.config.name}"
            instead = f"; {problem.instead} leads there instead" if problem.instead else ""
            error = problem.error.strerror
            _log.warning("%s does not lead to pod %s: %s%s", problem.address, pod, error, instead)

    async def remove(self, sandbox: Sandbox) -> None:
        """Let them lead nowhere."""
        await self._datapath.apply(sandbox.id, [])

    def _rule(self, mapping: PortMapping, ip: str) -> Rule:
        host_ip = self._ip if mapping.host_ip in _EVERYWHERE else mapping.host_ip
        return Rule(
            frontends=(Address(host_ip, mapping.host_port),),
            endpoints=(Address(ip, mapping.container_port),),
            protocol=mapping.protocol,
        )


def _is_possible(mapping: PortMapping) -> bool:
    return mapping.protocol in _PROTOCOLS and ":" not in mapping.host_ip
