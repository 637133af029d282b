"""The logs of some pods as lines in a document: one stream a container, bounded, never too fast.

What a stream reads waits in a short queue until `flush` takes it to the document. A container that
writes faster pushes its own older lines out of the queue; how many is told in their place.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from kubelearn.diagrams.loglines import PALETTE, left_out, parse
from kubelearn.objects import Object, annotations_of
from kubelearn.widgets.courier import courier
from kubelearn.widgets.document import Document
from kubelearn.widgets.logstream import LogStream, Status, log_path

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

LAST = (100, 200, 500, 1_000)
"""How many lines can be kept."""
MAX_STREAMS = 20
# So many lines of all streams together go to the document at a time.
PER_FLUSH = 120
EVERY = "*"
"""The choice of all containers."""

_DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
_FIELDS = {
    "initContainers": "initContainerStatuses",
    "containers": "containerStatuses",
    "ephemeralContainers": "ephemeralContainerStatuses",
}


class LogFeed:
    """Keeps the sections `lines`, `streams` and `feed` of a document."""

    def __init__(self, document: Document, *, last: int = 200) -> None:
        self._document = document
        self._channels: dict[str, _Channel] = {}
        self._pods: dict[str, Object] = {}
        self._lock = threading.RLock()
        self._api: ApiClient | None = None
        self._made = 0
        self._colours = 0
        self._choice: dict[str, Any] = {"container": "", "previous": False, "last": last}
        self._document.replace("feed", {**self._choice, "containers": [], "left_out": 0})

    # --- what is followed ---------------------------------------------------------------------

    def start(self, api: ApiClient) -> None:
        """Follow what there is, by this connection."""
        with self._lock:
            self._api = api
            for channel in self._channels.values():
                channel.stream.start()

    def stop(self) -> None:
        """Follow no more; `start` goes on where it was."""
        with self._lock:
            self._api = None
            for channel in self._channels.values():
                channel.stream.stop()

    def choose(self, *, container: str, previous: bool, last: int) -> None:
        """Read other containers, the run before, or keep more lines: from the start."""
        with self._lock:
            self._choice = {"container": container, "previous": previous, "last": last}
            for key, value in self._choice.items():
                self._document.put("feed", key, value)
            self.clear()

    def clear(self) -> None:
        """Forget all lines, and read again those of the pods that there are."""
        with self._lock:
            pods, self._pods = self._pods, {}
            for key in list(self._channels):
                self._close(key)
            self._document.replace("lines", {})
            for name, pod in pods.items():
                self.pod(name, pod)

    def forget(self, names: set[str]) -> None:
        """Follow only these pods."""
        for name in list(self._pods.keys() - names):
            self.pod(name, None)

    def pod(self, name: str, pod: Object | None) -> None:
        """A pod is there, has changed, or is gone."""
        with self._lock:
            known = self._pods.pop(name, None)
            if pod is not None:
                self._pods[name] = pod
            wanted = self._wanted(pod) if pod else {}
            self._close_others(name, {f"{name}/{container}" for container in wanted})
            for container, status in wanted.items():
                self._follow(pod or {}, container, status)
            if pod is None and known is not None:
                self._note(known["metadata"]["name"], "the pod is gone")

    def _wanted(self, pod: Object) -> dict[str, Status]:
        """The chosen containers of a pod, each with its status."""
        found, choice = containers(pod), self._choice["container"]
        if choice == EVERY:
            return found
        chosen = choice or default_container(pod)
        return {chosen: found[chosen]} if chosen in found else {}

    def _close_others(self, name: str, kept: set[str]) -> None:
        for key in list(self._channels):
            if key.startswith(f"{name}/") and key not in kept:
                self._close(key)

    def _follow(self, pod: Object, container: str, status: Status) -> None:
        meta = pod["metadata"]
        key = f"{meta['namespace']}/{meta['name']}/{container}"
        channel = self._channels.get(key)
        if channel and channel.uid != meta.get("uid"):
            # A pod of a StatefulSet comes again under its old name.
            self._close(key)
            channel = None
        if channel is None:
            channel = self._open(key, pod, container)
        if channel:
            channel.stream.tell(status)
            if self._api:
                channel.stream.start()

    def _open(self, key: str, pod: Object, container: str) -> _Channel | None:
        if self._api is None or len(self._channels) >= MAX_STREAMS:
            return None
        label = pod["metadata"]["name"]
        if self._choice["container"] == EVERY:
            label += f" {container}"
        channel = self._channels[key] = _Channel(
            self._document,
            key,
            label=label,
            colour=self._colours % len(PALETTE),
            first=self._choice["last"],
        )
        self._colours += 1
        channel.uid = str(pod["metadata"].get("uid", ""))
        channel.stream = LogStream(
            self._api,
            log_path(pod),
            container,
            sink=channel,
            last=self._choice["last"],
            previous=self._choice["previous"],
        )
        channel.on_state("waiting", "")
        return channel

    def _close(self, key: str) -> None:
        channel = self._channels.pop(key)
        channel.stream.stop()
        for row in channel.take(0):
            self._put(row)
        self._document.drop("streams", key)

    # --- lines --------------------------------------------------------------------------------

    def flush(self) -> None:
        """Take what came to the document; called a few times a second."""
        with self._lock:
            self._look_around()
            share = max(PER_FLUSH // max(len(self._channels), 1), 10)
            rows = [row for channel in self._channels.values() for row in channel.take(share)]
            # Lines of several pods that came together are told in the order of their moments.
            for row in sorted(rows, key=lambda row: str(row["at"])):
                self._put(row)
        courier.wake()

    def _look_around(self) -> None:
        """Follow those for which there is room now, and tell what can be chosen."""
        wanted = sum(len(self._wanted(pod)) for pod in self._pods.values())
        if len(self._channels) < min(wanted, MAX_STREAMS):
            for name, pod in list(self._pods.items()):
                self.pod(name, pod)
        self._document.put("feed", "left_out", wanted - len(self._channels))
        names = [each for pod in self._pods.values() for each in containers(pod)]
        self._document.put("feed", "containers", list(dict.fromkeys(names)))

    def _note(self, name: str, words: str) -> None:
        self._put({"at": "", "name": name, "colour": 7, "text": words, "kind": "note"})

    def _put(self, row: Object) -> None:
        self._made += 1
        self._document.put("lines", str(self._made), row)
        self._document.drop("lines", str(self._made - self._choice["last"]))


class _Channel:
    """What one stream has read and what is not told yet; the stream's sink."""

    stream: LogStream
    uid = ""

    def __init__(
        self, document: Document, key: str, *, label: str, colour: int, first: int
    ) -> None:
        self._document = document
        self._key = key
        self._look = {"name": label, "colour": colour}
        self._lock = threading.Lock()
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._left_out = 0
        self._at = ""
        # The lines that were asked for are all told, however fast they come; `_room` may wait.
        self._first = self._room = first

    def on_line(self, raw: bytes) -> None:
        self._append("", raw)

    def on_note(self, words: str) -> None:
        self._append("note", words.encode())

    def on_state(self, state: str, words: str) -> None:
        row = {**self._look, "state": state, "words": words, "request": self.stream.request}
        self._document.put("streams", self._key, row)
        courier.wake()

    def _append(self, kind: str, raw: bytes) -> None:
        with self._lock:
            self._waiting.append((kind, raw))
            if len(self._waiting) > self._room:
                # A note is worth more than a line.
                oldest = (i for i, (kind, _) in enumerate(self._waiting) if not kind)
                del self._waiting[next(oldest, 0)]
                self._left_out += 1

    def take(self, room: int) -> list[Object]:
        """The rows that wait, oldest first; from now on so many may wait."""
        with self._lock:
            waiting, self._waiting = self._waiting, deque()
            self._first = max(self._first - len(waiting), 0)
            # At least one, so that there is an oldest line.
            self._room = max(room, self._first, 1)
            gone, self._left_out = self._left_out, 0
        rows = [self._row("gap", left_out(gone).encode())] if gone else []
        return rows + [self._row(kind, raw) for kind, raw in waiting]

    def _row(self, kind: str, raw: bytes) -> Object:
        at, text = ("", raw.decode()) if kind else parse(raw)
        # What has no moment of its own stands where it came.
        self._at = at or self._at
        return {"at": self._at, **self._look, "text": text, "kind": kind}


def containers(pod: Object) -> dict[str, Status]:
    """The statuses of a pod's containers, in the order in which they start."""
    found: dict[str, Status] = {}
    for field, statuses in _FIELDS.items():
        told: dict[str, Any] = {
            each["name"]: each for each in (pod.get("status") or {}).get(statuses) or []
        }
        for container in (pod.get("spec") or {}).get(field) or []:
            found[container["name"]] = told.get(container["name"], {})
    return found


def default_container(pod: Object) -> str:
    """The one that kubectl takes when none is named."""
    named = annotations_of(pod).get(_DEFAULT_CONTAINER)
    return named or str(pod["spec"]["containers"][0]["name"])
