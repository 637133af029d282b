"""SPDY/3.1, the multiplexing protocol before HTTP/2: many streams of bytes on one connection.

Stands for github.com/moby/spdystream and k8s.io/streaming `pkg/httpstream/spdy`: the server's side.
The client opens streams, each with headers; then both send data on them and end them one by one.
kubectl uses it for port forwarding, and older ones for exec. Left out, as upstream: flow control,
priorities. A stream that nobody reads makes the whole connection wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import zlib
from collections.abc import Callable, Mapping
from enum import IntEnum

from kubelearn.embedded.kubelet.inbox import Inbox
from kubelearn.embedded.kubelet.pipe import Pipe

FIN = 1
PROTOCOL_ERROR, CANCEL = 1, 5
_CONTROL, _VERSION, _STREAM_MASK = 0x80000000, 3, 0x7FFFFFFF
# What a client may make its headers inflate to.
_HEADERS_AT_MOST = 2**16
_CHUNK = 2**16

# A text that both ends know, so that headers with these words compress well (SPDY/3, 2.6.10.1).
_WORDS = """\
options head post put delete trace accept accept-charset accept-encoding accept-language \
accept-ranges age allow authorization cache-control connection content-base content-encoding \
content-language content-length content-location content-md5 content-range content-type date etag \
expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since \
last-modified location max-forwards pragma proxy-authenticate proxy-authorization range referer \
retry-after server te trailer transfer-encoding upgrade user-agent vary via warning \
www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie keep-alive origin\
"""
_TAIL = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request"
    "401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented"
    "503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, "
    "Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,"
    "application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,"
    "sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)
DICTIONARY = (
    b"".join(
        struct.pack(">I", len(word)) + word.replace("_", " ").encode() for word in _WORDS.split()
    )
    + _TAIL.encode()
)


class Frame(IntEnum):
    """The kinds of control frames that count here; others are passed over."""

    SYN_STREAM = 1
    SYN_REPLY = 2
    RST_STREAM = 3
    PING = 6
    GOAWAY = 7


class SpdyError(Exception):
    """What came is not SPDY/3.1."""


class Stream:
    """One stream of a session, with the headers that it was opened with."""

    def __init__(self, session: Session, number: int, headers: Mapping[str, str]) -> None:
        self.number = number
        self.headers = headers
        self._session = session
        self._inbox = Inbox()
        self._sends = True

    async def read(self) -> bytes:
        """The next data; nothing at the client's end of it."""
        return await self._inbox.read()

    async def write(self, data: bytes) -> None:
        """Send data. On a stream that is over it is lost. Raises ConnectionError."""
        for start in range(0, len(data), _CHUNK):
            if self._sends:
                await self._session.send_data(self.number, data[start : start + _CHUNK])

    async def finish(self) -> None:
        """Say that no more will be sent. Raises ConnectionError."""
        if self._sends:
            self._sends = False
            self._forget()
            await self._session.send_data(self.number, b"", flags=FIN)

    async def reset(self) -> None:
        """End both directions at once. Raises ConnectionError."""
        self.end()
        await self._session.send(Frame.RST_STREAM, struct.pack(">II", self.number, CANCEL))

    async def receive(self, data: bytes, *, last: bool) -> None:
        """Take what has come; waits while too much of it is not read."""
        await self._inbox.put(data)
        if last:
            self._inbox.close()
            self._forget()

    def end(self) -> None:
        """Take nothing and send nothing any more. What has come can still be read."""
        self._sends = False
        self._inbox.close()
        self._forget()

    def _forget(self) -> None:
        if not self._sends and not self._inbox.open:
            self._session.forget(self.number)


class Session:
    """The server's end of a connection. `on_stream` may refuse a stream with a ValueError."""

    def __init__(self, pipe: Pipe, on_stream: Callable[[Stream], None]) -> None:
        self._pipe = pipe
        self._on_stream = on_stream
        self._streams: dict[int, Stream] = {}
        self._newest = 0
        self._sending = asyncio.Lock()
        self._inflate = zlib.decompressobj(zdict=DICTIONARY)
        self._deflate = zlib.compressobj(zdict=DICTIONARY)

    async def run(self) -> None:
        """Take frames until the client says goodbye or goes. Raises SpdyError."""
        try:
            with contextlib.suppress(ConnectionError, EOFError):
                while await self._take_frame():
                    pass
        finally:
            for stream in list(self._streams.values()):
                stream.end()

    async def say_goodbye(self) -> None:
        """Say that no new stream will be taken. Raises ConnectionError."""
        await self.send(Frame.GOAWAY, struct.pack(">II", self._newest, 0))

    def forget(self, number: int) -> None:
        """A stream is over."""
        self._streams.pop(number, None)

    async def send_data(self, number: int, data: bytes, *, flags: int = 0) -> None:
        """Send a data frame. Raises ConnectionError."""
        async with self._sending:
            await self._pipe.write(struct.pack(">II", number, flags << 24 | len(data)) + data)

    async def send(self, kind: int, payload: bytes) -> None:
        """Send a control frame. Raises ConnectionError."""
        async with self._sending:
            await self._pipe.write(control(kind, payload))

    # --- what comes ---

    async def _take_frame(self) -> bool:
        """Take one frame; whether more may come."""
        first, second = struct.unpack(">II", await self._pipe.read(8))
        flags, payload = second >> 24, await self._pipe.read(second & 0xFFFFFF)
        if not first & _CONTROL:
            if stream := self._streams.get(first):
                await stream.receive(payload, last=bool(flags & FIN))
            return True
        if first >> 16 & 0x7FFF != _VERSION:
            raise SpdyError(f"version {first >> 16 & 0x7FFF} is not spoken here")
        return await self._take_control(first & 0xFFFF, flags, payload)

    async def _take_control(self, kind: int, flags: int, payload: bytes) -> bool:
        match kind:
            case Frame.SYN_STREAM:
                await self._open(payload, flags)
            case Frame.RST_STREAM if len(payload) >= 4:
                if stream := self._streams.get(_number(payload)):
                    stream.end()
            case Frame.PING if len(payload) == 4 and payload[3] & 1:
                await self.send(Frame.PING, payload)
            case Frame.GOAWAY:
                return False
        return True

    async def _open(self, payload: bytes, flags: int) -> None:
        if len(payload) < 10:
            raise SpdyError("a stream's frame is too short")
        # The headers have to be read even of a stream that is refused: they share one compressor.
        number, headers = _number(payload), self._headers(payload[10:])
        if number % 2 == 0 or number <= self._newest:
            await self.send(Frame.RST_STREAM, struct.pack(">II", number, PROTOCOL_ERROR))
            return
        stream = self._streams[number] = Stream(self, number, headers)
        self._newest = number
        try:
            self._on_stream(stream)
        except ValueError:
            await stream.reset()
            return
        await self._reply(number)
        if flags & FIN:
            await stream.receive(b"", last=True)

    async def _reply(self, number: int) -> None:
        async with self._sending:
            none = pack_headers({}, self._deflate)
            await self._pipe.write(control(Frame.SYN_REPLY, struct.pack(">I", number) + none))

    def _headers(self, block: bytes) -> dict[str, str]:
        try:
            data = self._inflate.decompress(block, _HEADERS_AT_MOST)
            if self._inflate.unconsumed_tail:
                raise SpdyError("the headers of a stream are too long")
            return unpack_headers(data)
        except (zlib.error, struct.error, UnicodeDecodeError) as error:
            raise SpdyError(f"the headers of a stream cannot be read: {error}") from error


def control(kind: int, payload: bytes, *, flags: int = 0) -> bytes:
    """A control frame."""
    first = _CONTROL | _VERSION << 16 | kind
    return struct.pack(">II", first, flags << 24 | len(payload)) + payload


def pack_headers(headers: Mapping[str, str], deflate: zlib._Compress) -> bytes:
    """Headers as a frame carries them; a connection has one compressor for all of them."""
    block = bytearray(struct.pack(">I", len(headers)))
    for pair in headers.items():
        for text in pair:
            block += struct.pack(">I", len(text)) + text.encode()
    return deflate.compress(bytes(block)) + deflate.flush(zlib.Z_SYNC_FLUSH)


def unpack_headers(data: bytes) -> dict[str, str]:
    """Headers by their names in lower case. Raises struct.error, UnicodeDecodeError."""
    texts: list[str] = []
    (count,), position = struct.unpack_from(">I", data), 4
    for _ in range(2 * min(count, len(data))):
        (length,) = struct.unpack_from(">I", data, position)
        position += 4 + length
        texts.append(data[position - length : position].decode())
    return dict(zip((name.lower() for name in texts[::2]), texts[1::2], strict=True))


def _number(payload: bytes) -> int:
    number: int = struct.unpack_from(">I", payload)[0]
    return number & _STREAM_MASK
