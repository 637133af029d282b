"""The open ends of processes for exec and attach."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from kubelearn.containers.child import Child, Ends, Process

# Pieces of output that wait for a slow client: a command is made to wait then, a container is not.
_HOLD_AT, _RELEASE_AT = 16, 4
_ATTACHED_AT_MOST = 256


class _Output:
    """Output on its way to a reader."""

    def __init__(self) -> None:
        self._pieces: deque[tuple[int, bytes]] = deque()
        self._changed = asyncio.Event()
        self._code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def __len__(self) -> int:
        return len(self._pieces)

    def put(self, stream: int, data: bytes) -> None:
        self._pieces.append((stream, data))
        self._changed.set()

    def end(self, code: int) -> None:
        if not self._code.done():
            self._code.set_result(code)
        self._changed.set()

    async def get(self) -> tuple[int, bytes] | None:
        while not self._pieces:
            if self._code.done():
                return None
            self._changed.clear()
            await self._changed.wait()
        return self._pieces.popleft()

    async def code(self) -> int:
        return await asyncio.shield(self._code)


class Execution:
    """A command that runs inside a container, and its open ends (a runtime's Stream)."""

    def __init__(
        self, process: Process, ends: Ends, *, translate: Callable[[bytes], bytes]
    ) -> None:
        self._output = _Output()
        self._translate = translate
        self._child = Child(process, ends, on_output=self._feed, on_exit=self._output.end)

    def _feed(self, stream: int, data: bytes) -> None:
        self._output.put(stream, self._translate(data))
        if len(self._output) >= _HOLD_AT:
            self._child.hold()

    async def read(self) -> tuple[int, bytes] | None:
        """The next output, None at the end."""
        piece = await self._output.get()
        if len(self._output) == _RELEASE_AT:
            self._child.release()
        return piece

    async def write(self, data: bytes) -> None:
        """Send input."""
        await self._child.write(data)

    def close_input(self) -> None:
        """Say that no more input will come."""
        self._child.close_input()

    def resize(self, width: int, height: int) -> None:
        """Tell the terminal's new size."""
        self._child.resize(width, height)

    async def wait(self) -> int:
        """The exit code, once there is one."""
        return await self._output.code()

    def close(self) -> None:
        """Kill what still runs."""
        self._child.kill()


class Attachment:
    """A connection to a container's own program (a runtime's Stream).

    A client that does not read loses output; the container goes on.
    """

    def __init__(
        self, child: Child, on_close: Callable[[Attachment], None], *, stdin_once: bool
    ) -> None:
        self._child = child
        self._on_close = on_close
        self._stdin_once = stdin_once
        self._output = _Output()

    def feed(self, stream: int, data: bytes) -> None:
        """Pass on what the container printed."""
        if len(self._output) < _ATTACHED_AT_MOST:
            self._output.put(stream, data)

    def end(self) -> None:
        """Say that the container has ended. Its exit code is the pod's to tell."""
        self._output.end(0)

    async def read(self) -> tuple[int, bytes] | None:
        """The next output, None at the end."""
        return await self._output.get()

    async def write(self, data: bytes) -> None:
        """Send input; it is lost if the container takes none."""
        await self._child.write(data)

    def close_input(self) -> None:
        """End the container's input if it is for one client only."""
        if self._stdin_once:
            self._child.close_input()

    def resize(self, width: int, height: int) -> None:
        """Tell the terminal's new size."""
        self._child.resize(width, height)

    async def wait(self) -> int:
        """Nothing went wrong with the connection, once the container has ended."""
        return await self._output.code()

    def close(self) -> None:
        """Leave the container alone."""
        self.close_input()
        self._on_close(self)
