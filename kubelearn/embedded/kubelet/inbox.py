"""Data on its way to a reader that may be slow: whoever brings too much of it waits."""

from __future__ import annotations

import asyncio
from collections import deque

_WAITING_AT_MOST = 64


class Inbox:
    """Pieces of bytes for one reader, up to an end."""

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._readable, self._room = asyncio.Event(), asyncio.Event()
        self.open = True

    async def put(self, data: bytes) -> None:
        """Bring data; after the end it is lost."""
        while len(self._pieces) >= _WAITING_AT_MOST and self.open:
            self._room.clear()
            await self._room.wait()
        if data and self.open:
            self._pieces.append(data)
            self._readable.set()

    def close(self) -> None:
        """Take nothing more. What is there can still be read."""
        self.open = False
        self._readable.set()
        self._room.set()

    async def read(self) -> bytes:
        """The next data; nothing at the end."""
        while not self._pieces and self.open:
            self._readable.clear()
            await self._readable.wait()
        self._room.set()
        return self._pieces.popleft() if self._pieces else b""
