"""Pod addresses, given out from a node's own range: the work of a CNI plug-in (host-local IPAM).

The addresses lie in 127/8, which every Linux machine accepts without any set-up. An address that
was given back is the last to be given out again, so that a client which still holds it does not
meet another pod.
"""

from __future__ import annotations

import ipaddress
import os
from collections import deque

from kubelearn.errors import ContainerError

_PRIVILEGED, _HIGHER = 1024, 8000


class AddressPool:
    """The addresses of one range, but for its first two and its last."""

    def __init__(self, cidr: str) -> None:
        self.network = ipaddress.ip_network(cidr)
        self._free = deque(range(2, self.network.num_addresses - 1))

    def take(self) -> str:
        """An address that nobody has. Raises ContainerError when there is none."""
        if not self._free:
            raise ContainerError(
                f"no address is left in {self.network}", hint="delete pods of this node"
            )
        return str(self.network[self._free.popleft()])

    def reserve(self, address: str) -> bool:
        """Give out an address that somebody has already; tells whether it was here and free."""
        number = int(ipaddress.ip_address(address)) - int(self.network.network_address)
        if number not in self._free:
            return False
        self._free.remove(number)
        return True

    def give_back(self, address: str) -> None:
        """Let an address be used again, after all others."""
        self._free.append(int(ipaddress.ip_address(address)) - int(self.network.network_address))


def doors(port: int) -> tuple[int, ...]:
    """Where to knock: a pod of an ordinary user may have been kept from a port that is root's."""
    return (port, port + _HIGHER) if port < _PRIVILEGED and os.geteuid() else (port,)
