"""A process that a container has started, with its open ends, followed by the event loop.

Nothing here polls or blocks: pipes and the process's end are watched as files. Who has started the
process, and what it sees, is the runtime's business.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import struct
import termios
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

_CHUNK = 65536
# How much is still read when the process has ended: pipes hold 64 KiB, and nobody writes any more.
_LAST_READS = 32


class Process(Protocol):
    """A process that runs."""

    pid: int

    def terminate(self) -> None:
        """Send it SIGTERM, which process 1 of a container gets only if it has a handler."""
        ...

    def kill(self) -> None:
        """Kill it, and what it has started; nothing happens if it has ended."""
        ...

    def when_ended(self, call: Callable[[int], None]) -> None:
        """Call back, once, with its exit code: 128 and the signal's number if one killed it."""
        ...


@dataclass
class Ends:
    """Our ends of a process's input and output: file descriptors that do not block."""

    outputs: dict[int, int] = field(default_factory=dict)
    """To read from, each with 1 or 2 for stdout and stderr."""
    input: int | None = None
    terminal: int | None = None
    """Where both go over a terminal."""

    @classmethod
    def of_terminal(cls, descriptor: int) -> Ends:
        """Both ways over a terminal."""
        os.set_blocking(descriptor, False)
        return cls({descriptor: 1}, descriptor, descriptor)


class Child:
    """A process and its ends. `on_output` gets 1 or 2 (stdout, stderr) and the bytes.

    `rest` are seconds to read nothing after a full read, so that a program that prints without end
    cannot keep the event loop busy.
    """

    def __init__(
        self,
        process: Process,
        ends: Ends,
        *,
        on_output: Callable[[int, bytes], None],
        on_exit: Callable[[int], None],
        rest: float = 0.0,
    ) -> None:
        self.pid = process.pid
        self._process = process
        self._rest = rest
        self._on_output = on_output
        self._on_exit = on_exit
        self._loop = asyncio.get_running_loop()
        self._readers, self._input, self._terminal = ends.outputs, ends.input, ends.terminal
        self._held = False
        self._waiting: asyncio.Future[None] | None = None
        self.ended = False
        process.when_ended(self._on_end)
        self.release()

    # --- output ---

    def hold(self) -> None:
        """Read no more output until `release`; a full pipe makes the process wait."""
        self._held = True
        for descriptor in self._readers:
            self._loop.remove_reader(descriptor)

    def release(self) -> None:
        """Read output again."""
        self._held = False
        for descriptor in self._readers:
            self._loop.add_reader(descriptor, self._readable, descriptor)

    def _readable(self, descriptor: int) -> None:
        if self._read(descriptor) == _CHUNK and self._rest:
            self._loop.remove_reader(descriptor)
            self._loop.call_later(self._rest, self._resume, descriptor)

    def _resume(self, descriptor: int) -> None:
        if descriptor in self._readers and not self._held:
            self._loop.add_reader(descriptor, self._readable, descriptor)

    def _read(self, descriptor: int) -> int:
        """Take what is there: its length, 0 at the end, -1 when there is nothing now."""
        try:
            data = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return -1
        except OSError:  # how a terminal says that nobody has it open any more
            data = b""
        if data:
            self._on_output(self._readers[descriptor], data)
        else:
            self._drop(descriptor)
        return len(data)

    def _drop(self, descriptor: int) -> None:
        self._loop.remove_reader(descriptor)
        del self._readers[descriptor]
        if descriptor != self._terminal:
            os.close(descriptor)

    # --- input ---

    async def write(self, data: bytes) -> None:
        """Send input; input that nobody takes any more is lost."""
        while data and self._input is not None:
            try:
                data = data[os.write(self._input, data) :]
            except BlockingIOError:
                await self._writable(self._input)
            except OSError:
                self.close_input()

    async def _writable(self, descriptor: int) -> None:
        self._waiting = self._loop.create_future()
        self._loop.add_writer(descriptor, self._wake_writer)
        await self._waiting

    def _wake_writer(self) -> None:
        if self._input is not None:
            self._loop.remove_writer(self._input)
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)

    def close_input(self) -> None:
        """End the input: the process reads end-of-file."""
        if self._input is None:
            return
        self._wake_writer()
        descriptor, self._input = self._input, None
        if descriptor != self._terminal:
            os.close(descriptor)
            return
        with contextlib.suppress(OSError):
            os.write(descriptor, b"\x04")  # what Ctrl-D sends

    def resize(self, width: int, height: int) -> None:
        """Tell the terminal its columns and rows, which signals SIGWINCH to the process."""
        if self._terminal is not None:
            size = struct.pack("HHHH", height, width, 0, 0)
            fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, size)

    # --- the end ---

    def kill(self) -> None:
        """Kill the process and what it has started."""
        if not self.ended:
            self._process.kill()

    def terminate(self) -> None:
        """Ask the process to end."""
        self._process.terminate()

    def _on_end(self, code: int) -> None:
        self.ended = True
        for descriptor in list(self._readers):
            self._read_rest(descriptor)
        self.close_input()
        if self._terminal is not None:
            os.close(self._terminal)
        self._on_exit(code)

    def _read_rest(self, descriptor: int) -> None:
        for _ in range(_LAST_READS):
            if self._read(descriptor) <= 0:
                break
        if descriptor in self._readers:
            self._drop(descriptor)
