"""Carries documents' changes to the browser: the first at once, a storm ten times a second.

JupyterLab's server drops a kernel's messages above 1,000 a second, and a browser cannot paint more
than 60: so changes are gathered. One thread serves all widgets of the kernel.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

from kubelearn.widgets.document import Document

# On average so many seconds between two messages of a widget, and so many at once after a rest.
INTERVAL = 0.1
BURST = 3
# A widget with nothing new still gives a sign of life: the view tells by it a quiet cluster from
# a dead kernel, and notices a lost message.
HEARTBEAT = 3.0
# A new view misses what is sent while it loads, and can ask for it only once the kernel is free.
# So, until it has said hello, everything is sent again a few times.
KNOCK = 1.0
KNOCKS = 8


class Parcel:
    """One widget's document and how to send it; knows when it is due."""

    def __init__(self, document: Document, send: Callable[[dict[str, Any]], None]) -> None:
        self.document = document
        self._send = send
        self._credit = float(BURST)
        self._counted = 0.0
        self._sent = float("-inf")
        self._whole = False
        self._knocks = KNOCKS

    def ask_for_all(self) -> None:
        """Send everything next, not only the changes."""
        self._whole = True

    def opened(self) -> None:
        """A view has answered: heartbeats will do from now on."""
        self._knocks = 0

    def due(self, now: float) -> float:
        """When to send next: now for a fresh change, else at the next heartbeat."""
        if not (self.document.dirty or self._whole):
            return self._sent + (KNOCK if self._knocks else HEARTBEAT)
        credit = self._credit_at(now)
        return now if credit >= 1 else now + (1 - credit) * INTERVAL

    def post(self, now: float) -> None:
        """Send what changed, or everything where that is needed, or a sign of life."""
        message = self.document.diff() or {"type": "beat", "rev": self.document.revision}
        if message["type"] == "beat" and self._knocks:
            self._knocks -= 1
            self._whole = True
        else:
            self._credit = self._credit_at(now) - 1
            self._counted = now
        if self._whole:
            self._whole = False
            message = {"type": "snapshot", **self.document.snapshot()}
        self._sent = now
        self._send({**message, "now": round(time.time() * 1000)})

    def _credit_at(self, now: float) -> float:
        return min(self._credit + (now - self._counted) / INTERVAL, BURST)


class Courier:
    """The thread that posts parcels when they are due; it runs while there are any."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._parcels: list[Parcel] = []
        self._running = False

    def add(self, parcel: Parcel) -> None:
        """Serve a widget from now on."""
        with self._changed:
            self._parcels.append(parcel)
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="kubelearn courier", daemon=True).start()
            self._changed.notify()

    def remove(self, parcel: Parcel) -> None:
        """Serve a widget no more."""
        with self._changed:
            if parcel in self._parcels:
                self._parcels.remove(parcel)
            self._changed.notify()

    def wake(self) -> None:
        """A document has changed."""
        with self._changed:
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._parcels:
                    self._running = False
                    return
                now = self._clock()
                due = [parcel for parcel in self._parcels if parcel.due(now) <= now]
                if not due:
                    soonest = min(parcel.due(now) for parcel in self._parcels)
                    self._changed.wait(soonest - now)
                    continue
            for parcel in due:
                # A front end that goes away while it is written to must not end all pictures.
                with contextlib.suppress(Exception):
                    parcel.post(now)


courier = Courier()
