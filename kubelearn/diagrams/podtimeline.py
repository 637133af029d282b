"""The life of a pod on an axis of time: a track for the pod, and one for each of its containers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kubelearn.diagrams import svg
from kubelearn.diagrams.events import milliseconds
from kubelearn.diagrams.looks import badge
from kubelearn.diagrams.phases import PHASES, phase, status_word

Row = dict[str, Any]

_FAILING = ("BackOff", "Err", "Error", "Invalid")
LONGEST = 600_000
"""The axis is never longer than this, in ms: what was long ago lies beyond its edge."""

_WIDTH = 760
_LEFT, _RIGHT = 190, _WIDTH - 20
_LINE = 34


def states(pod: Mapping[str, Any]) -> dict[str, Row]:
    """The present state of each track: its look, a word, and since when (in ms), if that is told.

    The first track is the pod; then come its containers in the order in which they start.
    """
    status, created = pod.get("status") or {}, pod["metadata"].get("creationTimestamp")
    key = phase(pod)
    since = created if key == "Pending" else status.get("startTime")
    found = {"pod": {"look": key, "word": _word(pod, key), "since": milliseconds(since)}}
    for field in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"):
        for container in status.get(field) or []:
            found[container["name"]] = _container(container)
    return found


def former(pod: Mapping[str, Any]) -> dict[str, Row]:
    """The run of each container before its present one: its look, a word, from when to when."""
    found = {}
    for container in (pod.get("status") or {}).get("containerStatuses") or []:
        ended = (container.get("lastState") or {}).get("terminated")
        if ended and ended.get("startedAt") and ended.get("finishedAt"):
            found[container["name"]] = {
                "look": "NotReady",
                "word": f"ran, {_end(ended)}",
                "since": milliseconds(ended["startedAt"]),
                "until": milliseconds(ended["finishedAt"]),
            }
    return found


def _word(pod: Mapping[str, Any], key: str) -> str:
    """kubectl's word, made clearer where it says the same of two states."""
    clearer = {("Creating", "Pending"): "scheduled", ("NotReady", "Running"): "Running, not ready"}
    word = status_word(pod)
    return clearer.get((key, word), word)


def _container(status: Mapping[str, Any]) -> Row:
    state = status.get("state") or {}
    if "running" in state:
        look, word = ("Running", "ready") if status.get("ready") else ("NotReady", "not ready")
        return {
            "look": look,
            "word": word,
            "since": milliseconds(state["running"].get("startedAt")),
        }
    if ended := state.get("terminated"):
        look = "Failed" if ended.get("exitCode") else "Succeeded"
        since = milliseconds(ended.get("finishedAt"))
        return {"look": look, "word": _end(ended), "since": since}
    reason = str((state.get("waiting") or {}).get("reason") or "waiting")
    failing = any(part in reason for part in _FAILING)
    return {"look": "Failed" if failing else "Creating", "word": reason, "since": None}


def _end(ended: Mapping[str, Any]) -> str:
    return f"{ended.get('reason') or 'ended'}, exit code {ended.get('exitCode', 0)}"


def draw(title: str, spans: Iterable[Row], *, now: float, notice: str = "") -> str:
    """The tracks up to `now` (in ms) as SVG."""
    listed = sorted(spans, key=lambda row: (row["rank"], row["from"]))
    tracks = list(dict.fromkeys(row["track"] for row in listed))
    words = notice or summary(listed)
    start = max(min((row["from"] for row in listed), default=now), now - LONGEST)
    scale = (_RIGHT - _LEFT) / max(now - start, 1)
    parts = svg.heading(title, words, width=_WIDTH, alarm=bool(notice))
    for i, track in enumerate(tracks):
        label = svg.shorten(track, width=_LEFT - 40)
        parts.append(svg.text(label, x=20, y=84 + i * _LINE, weight="600"))
    for row in listed:
        if row["to"] and row["to"] < start:
            continue
        left = _LEFT + max(row["from"] - start, 0) * scale
        right = _LEFT + ((row["to"] or now) - start) * scale
        parts.append(_bar(row, left=left, right=right, y=66 + tracks.index(row["track"]) * _LINE))
    height = 78 + len(tracks) * _LINE
    return svg.document(*parts, width=_WIDTH, height=height, label=f"{title}; {words}")


def _bar(row: Row, *, left: float, right: float, y: float) -> str:
    look, width = PHASES[row["look"]], max(right - left, 3)
    box = svg.element(
        "rect", x=left, y=y, width=width, height=26, rx=4, fill=look.colour, stroke=look.edge
    )
    if width < 26:
        return box
    room = width - 34
    word = svg.text(svg.shorten(row["word"], width=room), x=left + 26, y=y + 17, fill="#111111")
    return box + badge(look, x=left + 4, y=y + 4) + (word if room > 24 else "")


def summary(spans: Iterable[Row]) -> str:
    """The pod's present state, in a word."""
    mine = [row for row in spans if row["rank"] == 0]
    return str(mine[-1]["word"]) if mine else "no such pod yet"
