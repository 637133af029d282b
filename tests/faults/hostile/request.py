"""What is sent, to the byte."""

from __future__ import annotations

from dataclasses import dataclass

MAX_BODY = 3 * 2**20
"""The largest body that the API takes, in bytes."""
PATCH_TYPES = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}


@dataclass(frozen=True)
class Hostile:
    """Bytes for a connection."""

    what: str
    data: bytes
    # An incomplete request has no answer: whoever sends it goes.
    complete: bool = True


def request(
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    what: str,
) -> Hostile:
    """A well-formed frame around whatever it holds."""
    sent = {"Host": "kubernetes", "Content-Length": str(len(body))} | (headers or {})
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {text}" for name, text in sent.items())]
    return Hostile(what, "\r\n".join(lines).encode("utf-8", "surrogatepass") + b"\r\n\r\n" + body)
