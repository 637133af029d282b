"""What state a pod is in, in a word, a colour and a glyph.

The seven states are what a learner has to tell apart; `status_word` is the STATUS column of
`kubectl get pods` (upstream `pkg/printers/internalversion/printers.go`). Left out: readiness gates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from kubelearn.diagrams.looks import Look
from kubelearn.objects import is_ready, is_terminal

PHASES: dict[str, Look] = {
    "Pending": Look(
        "Pending",
        "accepted, but not on a node yet",
        "#E69F00",
        "#8F6200",
        "M3.5 8h.01M8 8h.01M12.5 8h.01",
    ),
    "Creating": Look(
        "Creating",
        "on its node, containers not started yet",
        "#F0E442",
        "#8A8200",
        "M8 3.5v9M3.5 8h9",
    ),
    "NotReady": Look(
        "Not ready",
        "running, but not ready for requests",
        "#CC79A7",
        "#8E4470",
        "M5.5 3.5v9l7-4.5z",
    ),
    "Running": Look(
        "Running",
        "running and ready for requests",
        "#009E73",
        "#006B4E",
        "M3.5 8.5l3 3 6-7",
    ),
    "Succeeded": Look(
        "Succeeded",
        "ended by itself, without an error",
        "#56B4E9",
        "#1F78AD",
        "M4 13.5v-11h8l-2 3 2 3H4",
    ),
    "Failed": Look(
        "Failed",
        "ended with an error, or keeps failing",
        "#D55E00",
        "#9A4400",
        "M4 4l8 8M12 4l-8 8",
    ),
    "Terminating": Look(
        "Terminating",
        "deleted, saying goodbye",
        "#999999",
        "#5E5E5E",
        "M3.5 8h9",
    ),
}

# Reasons for waiting that mean: starting again will not help by itself.
_FAILING = ("BackOff", "Err", "Error", "Invalid")


def phase(pod: Mapping[str, Any]) -> str:
    """The key in PHASES of the state that a pod is in."""
    status = pod.get("status") or {}
    if pod["metadata"].get("deletionTimestamp"):
        return "Terminating"
    if is_terminal(pod):
        return str(status["phase"])
    if any(part in status_word(pod) for part in _FAILING):
        return "Failed"
    if status.get("phase") == "Running":
        return "Running" if is_ready(pod) else "NotReady"
    return "Creating" if (pod.get("spec") or {}).get("nodeName") else "Pending"


def status_word(pod: Mapping[str, Any]) -> str:
    """The STATUS column of `kubectl get pods`."""
    status = pod.get("status") or {}
    if pod["metadata"].get("deletionTimestamp"):
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    started = _init_word(pod)
    if started:
        return started
    word = str(status.get("reason") or status.get("phase") or "Pending")
    statuses = status.get("containerStatuses") or []
    for container in reversed(statuses):
        word = _container_word(container.get("state") or {}) or word
    running = any(c.get("ready") and "running" in (c.get("state") or {}) for c in statuses)
    if word == "Completed" and running:
        return "Running" if is_ready(pod) else "NotReady"
    return word


def _init_word(pod: Mapping[str, Any]) -> str:
    """`Init:1/2` and the like while init containers run, else nothing."""
    statuses = (pod.get("status") or {}).get("initContainerStatuses") or []
    sidecars = {
        container["name"]
        for container in (pod.get("spec") or {}).get("initContainers") or []
        if container.get("restartPolicy") == "Always"
    }
    for done, container in enumerate(statuses):
        state = container.get("state") or {}
        ended = state.get("terminated")
        if ended and not ended.get("exitCode"):
            continue
        if container["name"] in sidecars and container.get("started"):
            continue
        reason = _container_word(state)
        if reason and reason != "PodInitializing":
            return f"Init:{reason}"
        return f"Init:{done}/{len(statuses)}"
    return ""


def _container_word(state: Mapping[str, Any]) -> str:
    if (state.get("waiting") or {}).get("reason"):
        return str(state["waiting"]["reason"])
    ended = state.get("terminated")
    if not ended:
        return ""
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended['exitCode']}"


def summary(phases: Iterable[str]) -> str:
    """One line for terminals and for tests: `pods: 3 Running, 1 Pending`."""
    counts = Counter(phases)
    shown = [f"{counts[key]} {PHASES[key].label}" for key in _BY_WEIGHT if counts[key]]
    return f"pods: {', '.join(shown) or 'none'}"


_BY_WEIGHT = ("Running", "NotReady", "Creating", "Pending", "Failed", "Succeeded", "Terminating")
