"""TLS as the components use it: both sides show a certificate of the cluster's own authority.

Apart from `pki`, so that whoever only uses certificates need not load the library that makes them.
"""

from __future__ import annotations

import ssl
from asyncio import sslproto
from pathlib import Path

# What each end of each connection holds ready for one read, all the time. A cluster has over a
# hundred ends in this one process; with asyncio's 256 KiB they would take more than all else. This
# is what one TLS record carries, so that a larger one would not be filled by decrypting.
_READ_BUFFER = 16 * 2**10


def save_memory() -> None:
    """Let connections made from now on hold smaller buffers; they carry the same data."""
    sslproto.SSLProtocol.max_size = _READ_BUFFER


def client(folder: Path, name: str) -> ssl.SSLContext:
    """Prove to be `name`, and trust nobody but the cluster's authority."""
    context = ssl.create_default_context(cafile=folder / "ca.crt")
    context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
    return context


def server(folder: Path, name: str, *, certificate_required: bool) -> ssl.SSLContext:
    """Prove to be `name`; look at the client's certificate, or insist on one."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder / "ca.crt")
    context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
    context.verify_mode = ssl.CERT_REQUIRED if certificate_required else ssl.CERT_OPTIONAL
    # Tickets to shorten the next handshake are a third of the work in this one, and neither our
    # components nor kubectl ever come back with one.
    context.num_tickets = 0
    return context
