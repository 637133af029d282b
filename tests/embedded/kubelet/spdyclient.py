"""A client's end of SPDY, as kubectl has one."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Any

from kubelearn.embedded.kubelet.spdy import DICTIONARY, Frame, control, pack_headers


class SpdyClient:
    """Frame by frame. `read` gives exactly so many bytes."""

    def __init__(self, read: Callable[[int], Any], write: Callable[[bytes], Any]) -> None:
        self._read = read
        self._write = write
        self._deflate = zlib.compressobj(zdict=DICTIONARY)

    async def open(self, number: int, **headers: str) -> None:
        """Open a stream."""
        block = pack_headers(headers, self._deflate)
        payload = struct.pack(">IIH", number, 0, 0) + block
        await self._write(control(Frame.SYN_STREAM, payload))

    async def send(self, number: int, data: bytes, *, last: bool = False) -> None:
        await self._write(struct.pack(">II", number, last << 24 | len(data)) + data)

    async def control(self, kind: int, payload: bytes) -> None:
        await self._write(control(kind, payload))

    async def frame(self) -> tuple[Any, ...]:
        """The next frame: (stream, data, last), or (kind, payload) of a control frame."""
        first, second = struct.unpack(">II", await self._read(8))
        payload = await self._read(second & 0xFFFFFF)
        if first >> 31:
            return Frame(first & 0xFFFF), payload
        return first, payload, bool(second >> 24)

    async def all(self, number: int) -> bytes:
        """What comes on a stream up to its end; other frames are dropped."""
        received = b""
        while True:
            match await self.frame():
                case (stream, data, last) if stream == number:
                    received += data
                    if last:
                        return received
                case (Frame.RST_STREAM, payload) if struct.unpack(">I", payload[:4]) == (number,):
                    return received
