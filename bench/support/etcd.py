"""How a real etcd is started, as one member that keeps what it acknowledges."""

from __future__ import annotations

from pathlib import Path


def etcd_command(program: Path | str, folder: Path, *, client: int, peer: int) -> list[str]:
    """The command for its data in that folder, with its ports for clients and for peers."""
    here, other = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
    return [
        str(program),
        *("--data-dir", str(folder), "--log-level", "fatal"),
        *("--listen-client-urls", here, "--advertise-client-urls", here),
        *("--listen-peer-urls", other, "--initial-advertise-peer-urls", other),
        *("--initial-cluster", f"default={other}"),
    ]
