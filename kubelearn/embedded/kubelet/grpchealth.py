"""The health check of gRPC: one call of `grpc.health.v1.Health/Check` (`pkg/probe/grpc`).

A call is a request of HTTP/2 whose body is a message of protobuf with five bytes before it; how it
went is told in the trailers. The messages have one field each, so they are read by hand.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import unquote

import h2.config
import h2.connection
import h2.events
import h2.exceptions

_PATH = "/grpc.health.v1.Health/Check"
_STATUSES = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
_CODES = (
    "OK", "Canceled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound",
    "AlreadyExists", "PermissionDenied", "ResourceExhausted", "FailedPrecondition", "Aborted",
    "OutOfRange", "Unimplemented", "Internal", "Unavailable", "DataLoss", "Unauthenticated",
)  # fmt: skip
_CHUNK = 2**16


@dataclass
class _Answer:
    """What has come of the server's answer."""

    body: bytes = b""
    code: int = 2  # Unknown, as long as nothing is said
    message: str = ""
    ended: bool = False


async def check(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, service: str) -> str:
    """Ask on a fresh connection; what is wrong in upstream's words, empty if all is well."""
    http = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding=None))
    http.initiate_connection()
    host, port = writer.get_extra_info("peername")[:2]
    http.send_headers(1, _headers(f"{host}:{port}"))
    name = service.encode()
    message = bytes([0x0A, len(name)]) + name if name else b""
    http.send_data(1, bytes([0, 0, 0, 0, len(message)]) + message, end_stream=True)
    answer = _Answer()
    try:
        while not answer.ended:
            writer.write(http.data_to_send())
            if not (data := await reader.read(_CHUNK)):
                return _failed("Unavailable", "error reading from server: EOF")
            for event in http.receive_data(data):
                _take(answer, event)
    except h2.exceptions.ProtocolError as error:
        return _failed("Unavailable", f"connection error: {error}")
    return _problem(answer)


def _headers(authority: str) -> list[tuple[str, str]]:
    return [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", _PATH),
        (":authority", authority),
        ("content-type", "application/grpc"),
        ("user-agent", "kube-probe/1.36"),
        ("te", "trailers"),
    ]


def _take(answer: _Answer, event: h2.events.Event) -> None:
    match event:
        case h2.events.DataReceived(data=data):
            answer.body += data or b""
        case (
            h2.events.ResponseReceived(headers=headers)
            | h2.events.TrailersReceived(headers=headers)
        ):
            told = dict(headers or [])
            answer.code = int(told.get(b"grpc-status", answer.code))
            answer.message = unquote(told.get(b"grpc-message", b"").decode())
        case h2.events.StreamEnded() | h2.events.StreamReset() | h2.events.ConnectionTerminated():
            answer.ended = True


def _problem(answer: _Answer) -> str:
    code = _CODES[answer.code] if answer.code < len(_CODES) else f"Code({answer.code})"
    if code == "Unimplemented":
        protocol = "the grpc health protocol (grpc.health.v1.Health)"
        return f"error: this server does not implement {protocol}: {answer.message}"
    if code != "OK":
        return _failed(code, answer.message)
    # Field 1 is the status; a field that is left out stands for 0.
    number = answer.body[6] if len(answer.body) > 6 else 0
    status = _STATUSES[number] if number < len(_STATUSES) else str(number)
    return "" if status == "SERVING" else f'service unhealthy (responded with "{status}")'


def _failed(code: str, message: str) -> str:
    return f"error: health rpc probe failed: rpc error: code = {code} desc = {message}"
