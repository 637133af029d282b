"""Runs BusyBox's nslookup with the pod's name server and the full name.

For containers that cannot have an `/etc/resolv.conf` of their own: nslookup reads the machine's
file by itself, where other programs ask the C library, which is led to the pod's server.

    python -m kubelearn.containers.shim.podlookup BUSYBOX ARGUMENTS...
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence

from kubelearn.containers.shim.podnames import Resolver
from kubelearn.containers.shim.podports import is_address, real_port


def rewrite(arguments: Sequence[str], resolver: Resolver) -> list[str]:
    """The arguments with the server that the pod has; those that name one are left alone."""
    options = [word for word in arguments if word.startswith("-")]
    words = [word for word in arguments if not word.startswith("-")]
    if len(words) != 1 or not resolver.servers:
        return list(arguments)
    name, server = words[0], resolver.servers[0]
    port = real_port(server, 53)
    return [*options, _full(name, resolver), f"{server}:{port}" if port != 53 else server]


def _full(name: str, resolver: Resolver) -> str:
    try:
        return name if is_address(name) else resolver.find(name)[0]
    except socket.gaierror:
        return name


def main(busybox: str, *arguments: str) -> None:
    """Become nslookup."""
    resolver = Resolver(os.environ["KUBERNETES_RUNTIME_RESOLVER"])
    os.execv(busybox, ["nslookup", *rewrite(arguments, resolver)])


if __name__ == "__main__":
    main(*sys.argv[1:])
