"""Long work, told as it goes: which step it is at, for how long, what comes next, how it ended.

Whoever works tells a `Progress`; how it is shown depends on where that is. Scripts and logs get one
line for each finished step, terminals a line that moves as well, and a notebook a bar: the package
says what shows bars there (`show_with`), because widgets are above all that works.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Literal, Protocol

Say = Callable[[str], None]
State = Literal["running", "done", "failed", "stopped"]

_BAR = 20
_TICK = 0.5


@dataclass(frozen=True)
class Step:
    """A finished step, and how many seconds it took."""

    name: str
    result: str
    seconds: float


class Display(Protocol):
    """What shows a Progress to somebody; called from one thread at a time."""

    def show(self, work: Progress) -> None:
        """Something has changed, or time has passed."""
        ...

    def say(self, text: str) -> None:
        """Say something that stays."""
        ...

    def step(self, work: Progress, step: Step) -> None:
        """A step is finished."""
        ...


class Progress:
    """Work that takes a while; use it as a context manager, which ends it however it ends.

    Nothing is shown before something was told, so that what is done at once makes no stir. It can
    be called with a line of text, wherever something that `say`s is wanted. `quiet` work says no
    line for its steps, because a report follows.
    """

    def __init__(
        self,
        title: str,
        *,
        quiet: bool = False,
        display: Display | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.title = title
        self.quiet = quiet
        self.planned: list[str] = []
        self.total = 0
        self.finished: list[Step] = []
        self.current = ""
        self.note = ""
        self.state: State = "running"
        self._clock = clock
        self._started = self._since = clock()
        self._ended: float | None = None
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._display = display
        self._told = False

    # --- for whoever works ------------------------------------------------------------------

    def plan(self, *steps: str, total: int = 0) -> None:
        """Tell the names of the steps to come, or only how many there are."""
        self.planned = list(steps)
        self.total = max(len(steps), total)
        self.begin(self.current or self.next)

    def begin(self, name: str) -> None:
        """A step is at work now."""
        self.current = name
        self._changed()

    def finish(self, name: str, result: str = "") -> None:
        """A step is done; the next one that was planned, if any, is at work."""
        with self._lock:
            now = self._clock()
            step = Step(name, result, now - self._since)
            self._since = now
            self.finished.append(step)
            self.current = self.next
            self.display.step(self, step)
        self._changed()

    def tell(self, note: str) -> None:
        """Say what is seen at the moment."""
        if note != self.note:
            self.note = note
            self._changed()

    def __call__(self, text: str) -> None:
        """Say something that stays."""
        with self._lock:
            self.display.say(text)

    # --- for whoever shows it ---------------------------------------------------------------

    @property
    def display(self) -> Display:
        """What shows it; chosen when there is something to show."""
        if self._display is None:
            self._display = _chosen(self)
        return self._display

    @property
    def next(self) -> str:
        """The first step that was planned and is neither done nor at work."""
        known = {step.name for step in self.finished} | {self.current}
        return next((name for name in self.planned if name not in known), "")

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning, until the end."""
        return (self._clock() if self._ended is None else self._ended) - self._started

    @property
    def words(self) -> str:
        """Where it is: `nodes (6 of 6)`, and what is seen."""
        count = f" ({min(len(self.finished) + 1, self.total)} of {self.total})"
        counted = self.current and self.total and self.state == "running"
        where = self.current + (count if counted else "")
        return ", ".join(part for part in (where, self.note) if part)

    def __enter__(self) -> Progress:
        threading.Thread(target=self._tick, name=f"kubelearn {self.title}", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        with self._lock:
            self._ended = self._clock()
            self.state = _ending(kind)
            if self._told:
                self.display.show(self)

    def _tick(self) -> None:
        while not self._over.wait(_TICK):
            if self._told:
                self._changed()

    def _changed(self) -> None:
        with self._lock:
            self._told = True
            if self.state == "running":
                self.display.show(self)


def _ending(kind: type[BaseException] | None) -> State:
    if kind is None:
        return "done"
    return "stopped" if issubclass(kind, KeyboardInterrupt) else "failed"


class Lines:
    """One line for each finished step: for scripts, logs and whatever is no terminal."""

    def __init__(self, say: Say = print) -> None:
        self._write = say

    def show(self, work: Progress) -> None:
        """Nothing: what moves cannot be shown in lines."""

    def say(self, text: str) -> None:
        """Say it."""
        self._write(text)

    def step(self, work: Progress, step: Step) -> None:
        """A tick, its name, and what came of it; all results in one column."""
        if work.quiet:
            return
        width = max(map(len, [*work.planned, step.name])) + 2
        self._write(f"  ✔ {step.name:<{width}}{step.result}".rstrip())


class Terminal(Lines):
    """The same lines, and below them one that moves while the work goes on."""

    def __init__(self, stream: IO[str]) -> None:
        super().__init__(self._write_line)
        self._stream = stream

    def show(self, work: Progress) -> None:
        """Draw the moving line again; at the end, wipe it out."""
        columns = shutil.get_terminal_size().columns
        text = moving_line(work)[: columns - 1] if work.state == "running" else ""
        self._stream.write(f"\r\x1b[K{text}")
        self._stream.flush()

    def _write_line(self, text: str) -> None:
        self._stream.write(f"\r\x1b[K{text}\n")


def moving_line(work: Progress) -> str:
    """`  [#####---------------] nodes (6 of 6), 3 s; next: ...`."""
    filled = round(_BAR * min(len(work.finished) / work.total, 1)) if work.total else 0
    bar = f"[{'#' * filled}{'-' * (_BAR - filled)}] " if work.total else ""
    coming = f"; next: {work.next}" if work.next else ""
    return f"  {bar}{work.words or work.title}, {work.elapsed:.0f} s{coming}"


Choose = Callable[[Progress], "Display | None"]

_choices: list[Choose] = []


def show_with(choose: Choose) -> None:
    """Ask this one first what shows a Progress; where it says None, lines do."""
    _choices.insert(0, choose)


@contextmanager
def telling(say: Say | None, title: str) -> Iterator[Progress]:
    """The Progress that is told through `say`: itself, if it is one, else a new one.

    None stands for whatever suits the place.
    """
    if isinstance(say, Progress):
        yield say
        return
    with Progress(title, display=Lines(say) if say else None) as work:
        yield work


def _chosen(work: Progress) -> Display:
    found = next((display for choose in _choices if (display := choose(work))), None)
    if found:
        return found
    return Terminal(sys.stdout) if sys.stdout.isatty() else Lines()
