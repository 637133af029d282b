"""A client that does as little as it can: raw HTTP over TLS, the same for all servers."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator


class Connection:
    """One connection that is kept; a request is written in one piece."""

    def __init__(self, address: tuple[str, int], context: ssl.SSLContext) -> None:
        plain = socket.create_connection(address, timeout=60)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = context.wrap_socket(plain, server_hostname=address[0])
        self._file = self._socket.makefile("rb")

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        media: str = "application/json",
        checked: bool = True,
    ) -> tuple[int, bytes]:
        """Status and body of the answer; raises RuntimeError for a failure."""
        head = f"{method} {path} HTTP/1.1\r\nHost: kubernetes\r\nAccept: application/json\r\n"
        head += f"Content-Type: {media}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._socket.sendall(head.encode() + body)
        status, headers = self._head()
        if headers.get(b"transfer-encoding") == b"chunked":
            content = b"".join(self.chunks())
        else:
            content = self._file.read(int(headers.get(b"content-length", b"0")))
        if checked and status >= 400:
            raise RuntimeError(f"{method} {path}: {status} {content[:300].decode()}")
        return status, content

    def stream(self, path: str) -> Iterator[bytes]:
        """The lines of a watch."""
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: kubernetes\r\n\r\n".encode())
        self._head()
        rest = b""
        for chunk in self.chunks():
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines

    def chunks(self) -> Iterator[bytes]:
        """The pieces of a body without a length."""
        while size := int(self._file.readline(), 16):
            yield self._file.read(size)
            self._file.readline()
        self._file.readline()

    def _head(self) -> tuple[int, dict[bytes, bytes]]:
        status = int(self._file.readline().split()[1])
        headers = {}
        while (line := self._file.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            headers[name.lower()] = value.strip()
        return status, headers

    def interrupt(self) -> None:
        """End a stream that somebody else reads."""
        self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._socket.close()
