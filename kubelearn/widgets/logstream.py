"""One container's log, followed for ever: over lost connections and restarts of the container.

A log has no revision to go on from. So the API is asked for timestamps, and after a break for what
came since the second of the last line (`sinceTime` knows whole seconds only); as many lines of that
second as were seen already are skipped. The end of a run that ended unseen is read as `previous`.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from kubelearn.clusters.transport import Lines, lines
from kubelearn.diagrams.loglines import moment
from kubelearn.errors import ApiError
from kubelearn.objects import PODS

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

# A log that is silent for so long is asked for anew: the connection may be dead.
_IDLE = 300
_LONGEST = 2**14
_DELAYS = (0.2, 0.5, 1, 2, 3)
# How long after a log's end the pod's status may take to say why.
_PATIENCE = 2.0

Status = Mapping[str, Any]


class Sink(Protocol):
    """Who is told, from the stream's thread; must return at once."""

    def on_line(self, raw: bytes) -> None:
        """A line with its timestamp."""
        ...

    def on_note(self, words: str) -> None:
        """Something happened between two lines."""
        ...

    def on_state(self, state: str, words: str) -> None:
        """`following`, `waiting`, `ended` or `lost`, and why."""
        ...


@dataclass
class Mark:
    """How far a log was read: the last moment, and how many lines of its second there were."""

    second: str = ""
    fraction: str = ""
    zone: str = ""
    lines: int = 0

    def pass_by(self, raw: bytes) -> None:
        """A line was read."""
        second, fraction, zone = moment(raw)
        if second > self.second:
            self.second, self.fraction, self.zone, self.lines = second, fraction, zone, 0
        if second == self.second:
            self.lines += 1
            self.fraction = max(self.fraction, fraction)

    def was_passed(self, raw: bytes) -> bool:
        """Whether a line is not later than the last one that was read."""
        return moment(raw)[:2] <= (self.second, self.fraction)


class LogStream:
    """The log of one container of a pod. It can be stopped, and started again where it was."""

    def __init__(
        self,
        api: ApiClient,
        path: str,
        container: str,
        *,
        sink: Sink,
        last: int,
        previous: bool = False,
        wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
    ) -> None:
        self._api = api
        self._path = path
        self._container = container
        self._sink = sink
        self._last = last
        self._previous = previous
        self._wait = wait
        self._lock = threading.Lock()
        self._mark = Mark()
        self._status: Status = {}
        self._run_read: Status = {}
        self._told = threading.Event()
        self._stopped = threading.Event()
        self._stream: Lines | None = None
        self._stopped.set()

    def tell(self, status: Status) -> None:
        """What the pod's status says of the container now."""
        self._status = status
        self._told.set()

    @property
    def request(self) -> str:
        """The request that it begins with."""
        query = self._query(follow=not self._previous, previous=self._previous)
        told = "&".join(f"{key}={value}" for key, value in query.items() if value is not None)
        return f"GET {self._path}?{told}"

    def start(self) -> None:
        """Follow in a thread of its own, if it is not done already."""
        if self._stopped.is_set():
            self._stopped = threading.Event()
            name = f"kubelearn log {self._container}"
            threading.Thread(target=self.run, args=[self._stopped], name=name, daemon=True).start()

    def stop(self) -> None:
        """End it; no line comes after this returns."""
        with self._lock:
            self._stopped.set()
        self._told.set()
        if self._stream:
            self._stream.close()

    def run(self, stopped: threading.Event) -> None:
        """Read until stopped; wait longer after each failure in a row."""
        failures = 0
        while not stopped.is_set():
            try:
                if not self._read_run(stopped):
                    return
                failures = 0
            except ApiError as error:
                if not stopped.is_set():
                    self._sink.on_state("lost", error.message)
                self._wait(stopped, _DELAYS[min(failures, len(_DELAYS) - 1)])
                failures += 1

    def _read_run(self, stopped: threading.Event) -> bool:
        """Read the present run of the container to its end; whether there may be another one."""
        self._told.clear()
        status = self._status
        if self._previous:
            self._read(stopped, follow=False, previous=True)
            self._sink.on_state("ended", "the run before the present one")
            return False
        if not status.get("containerID") or _same_run(status, self._run_read):
            self._sink.on_state(*_standing(status))
            self._wait(self._told, _IDLE)
            return True
        resumed = self._come_to(status, stopped)
        self._sink.on_state("following", "")
        self._read(stopped, follow=True, resumed=resumed)
        if _runs(self._status):
            self._wait(self._told, _PATIENCE)
        if _same_run(self._status, status) and not _runs(self._status):
            self._run_read = self._status
        return True

    # The run that is being read; another one after it is a restart.
    _run: Status | None = None

    def _come_to(self, status: Status, stopped: threading.Event) -> bool:
        """Go on to this run; of the one before, read what was not seen of its end.

        Whether it is the one that was read last.
        """
        before, self._run = self._run, status
        if before is None or _same_run(before, status):
            return before is not None
        with contextlib.suppress(ApiError):
            self._read(stopped, follow=False, previous=True)
        ended = (status.get("lastState") or {}).get("terminated") or {}
        words = f"container {self._container} was restarted"
        if ended:
            words += f": exit code {ended.get('exitCode', 0)}, {ended.get('reason') or 'no reason'}"
        unseen = _restarts(status) - _restarts(before) - 1
        if unseen > 0:
            words += f" (and {unseen} more times, unseen)"
        self._sink.on_note(words)
        return False

    def _read(
        self,
        stopped: threading.Event,
        *,
        follow: bool,
        previous: bool = False,
        resumed: bool = False,
    ) -> None:
        """One request, from where the last one ended."""
        mark = self._mark
        seen, skipped = mark.lines, 0
        query = self._query(follow=follow, previous=previous)
        self._stream = lines(self._api, self._path, query=query, idle=_IDLE, longest=_LONGEST)
        if stopped.is_set():
            self._stream.close()
        for raw in self._stream:
            if skipped < seen and mark.was_passed(raw):
                skipped += 1
                continue
            if resumed and seen and not skipped:
                self._sink.on_note("… lines left out: more came meanwhile than are asked for")
            seen = 0
            with self._lock:
                if stopped.is_set():
                    return
                mark.pass_by(raw)
                self._sink.on_line(raw)

    def _query(self, *, follow: bool, previous: bool) -> dict[str, Any]:
        mark = self._mark
        return {
            "container": self._container,
            "follow": "true" if follow else None,
            "previous": "true" if previous else None,
            "timestamps": "true",
            "tailLines": self._last,
            "sinceTime": f"{mark.second}{mark.zone}" if mark.second else None,
        }


def log_path(pod: Mapping[str, Any]) -> str:
    """Where the API serves a pod's log."""
    meta = pod["metadata"]
    return PODS.path(meta["namespace"], meta["name"], "log")


def _restarts(status: Status) -> int:
    return int(status.get("restartCount") or 0)


def _runs(status: Status) -> bool:
    return "running" in (status.get("state") or {})


def _same_run(one: Status, other: Status) -> bool:
    return one.get("containerID") == other.get("containerID")


def _standing(status: Status) -> tuple[str, str]:
    """Why there is nothing to read."""
    state = status.get("state") or {}
    waiting = (state.get("waiting") or {}).get("reason", "")
    ended = state.get("terminated") or (status.get("lastState") or {}).get("terminated")
    if not ended:
        return "waiting", waiting or "the container has not started"
    words = f"exit code {ended.get('exitCode', 0)}"
    return "ended", f"{words}, {waiting}" if waiting else words
