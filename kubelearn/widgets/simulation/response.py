"""What the simulated cluster answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


class Response:
    """The part of urllib3's response that the transport reads."""

    def __init__(self, status: int, body: Any = None, *, text: str | None = None) -> None:
        self.status = status
        self.headers = {"Content-Type": "application/json" if text is None else "text/plain"}
        self.data = (json.dumps(body) if text is None else text).encode()
        self.open = True

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        """The pieces of a streamed answer."""
        return iter([self.data])

    def shutdown(self) -> None:
        """End the stream, from another thread."""
        self.open = False

    close = release_conn = shutdown


def failure(code: int, reason: str, message: str, **details: Any) -> Response:
    """A `Status` that says why not."""
    status = {"kind": "Status", "status": "Failure", "message": message, "reason": reason}
    return Response(code, {**status, "details": details, "code": code})


def not_found(path: str) -> Response:
    """There is no such object."""
    *_, plural, name = path.split("/")
    return failure(404, "NotFound", f'{plural} "{name}" not found', kind=plural, name=name)
