"""Addresses of an embedded cluster, and where its ports are, for programs in containers."""

import os
import socket

# Where a port goes that only root may have: 80 to 8080, 443 to 8443.
UNPRIVILEGED = 8000
_FIRST_FREE_PORT = "/proc/sys/net/ipv4/ip_unprivileged_port_start"


def first_free_port() -> int:
    """The first port that this process may listen on."""
    if os.geteuid() == 0:
        return 0
    try:
        with open(_FIRST_FREE_PORT) as setting:
            return int(setting.read())
    except (OSError, ValueError):
        return 1024


def in_cluster(host: object) -> bool:
    """Whether that is an address of a node, a pod or a Service of an embedded cluster."""
    first, _, rest = str(host).partition(".")
    second = rest.partition(".")[0]
    return first == "127" and second.isdecimal() and 64 <= int(second) < 127


def real_port(host: object, port: int) -> int:
    """Where a port of the cluster is on this machine, if ordinary users may not have it."""
    kept = port in range(first_free_port()) and in_cluster(host)
    return port + UNPRIVILEGED if kept else port


def is_address(host: str) -> bool:
    """Whether that is an address already."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except (OSError, ValueError):
            continue
        return True
    return False
