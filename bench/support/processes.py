"""What processes cost, as Linux counts it, and places where they can listen."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def cpu_seconds(*pids: int) -> float:
    """The processor time that processes have used so far: busy neighbours change it least."""
    stats = (Path(f"/proc/{pid}/stat").read_text() for pid in pids)
    fields = (each.rpartition(")")[2].split() for each in stats)
    return sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK")


def megabytes(*pids: int) -> float:
    """Their resident memory."""
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
