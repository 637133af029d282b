"""Addresses of this machine for servers that tests start."""

from __future__ import annotations

import socket


def free_port(host: str) -> int:
    """A port on which nobody listens at that address."""
    with socket.create_server((host, 0)) as probe:
        number: int = probe.getsockname()[1]
    return number
