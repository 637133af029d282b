"""How long a coroutine keeps the event loop to itself, its waiting left out."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any

from kubelearn.embedded.clock import Clock


class Stopwatch:
    """Runs a coroutine when awaited; `seconds` is the time that it worked so far."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], *, clock: Clock) -> None:
        self.seconds = 0.0
        self._coroutine = coroutine
        self._clock = clock

    def __await__(self) -> Generator[Any, Any, None]:
        """Hand on what the coroutine waits for, and what comes back."""
        step, argument = self._coroutine.send, None
        while True:
            begin = self._clock.monotonic()
            try:
                waited_for = step(argument)
            except StopIteration:
                return
            finally:
                self.seconds += self._clock.monotonic() - begin
            try:
                argument = yield waited_for
                step = self._coroutine.send
            except BaseException as error:
                step, argument = self._coroutine.throw, error
