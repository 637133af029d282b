"""How fast the number of replicas may change: stabilization, policies, bounds.

Upstream: the normalizing functions of pkg/controller/podautoscaler/horizontal.go. What was
recommended and what was done are remembered here; a controller that starts again begins anew.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kubelearn.objects import Object

# How long to wait before scaling down, if the autoscaler does not say.
_DOWN_WINDOW = 300
_FACTOR, _AT_LEAST = 2, 4

UP_STABILIZED = (
    "ScaleUpStabilized",
    "recent recommendations were lower than current one, applying the lowest recent recommendation",
)
DOWN_STABILIZED = (
    "ScaleDownStabilized",
    "recent recommendations were higher than current one, "
    "applying the highest recent recommendation",
)
READY = ("ReadyForNewScale", "recommended size matches current size")
IN_RANGE = ("DesiredWithinRange", "the desired count is within the acceptable range")
TOO_FEW = ("TooFewReplicas", "the desired replica count is less than the minimum replica count")
TOO_MANY = ("TooManyReplicas", "the desired replica count is more than the maximum replica count")
UP_LIMIT = (
    "ScaleUpLimit",
    "the desired replica count is increasing faster than the maximum scale rate",
)
DOWN_LIMIT = (
    "ScaleDownLimit",
    "the desired replica count is decreasing faster than the maximum scale rate",
)

Why = tuple[str, str]
"""A condition's reason and message."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between which numbers, and where it is now."""

    least: int
    most: int
    current: int


@dataclass(frozen=True, slots=True)
class Decision:
    """The number, why it is not the recommended one, and what else limits it."""

    replicas: int
    stabilized: Why
    limited: bool
    limit: Why


@dataclass(slots=True)
class History:
    """What one autoscaler recommended and did: (moment, number) each."""

    recommendations: list[tuple[datetime, int]] = field(default_factory=list)
    added: list[tuple[datetime, int]] = field(default_factory=list)
    removed: list[tuple[datetime, int]] = field(default_factory=list)

    def begin(self, replicas: int, now: datetime) -> None:
        """What there is when the autoscaler is first seen counts as recommended."""
        if not self.recommendations:
            self.recommendations.append((now, replicas))

    def scaled(self, before: int, after: int, now: datetime) -> None:
        """Remember what was done."""
        done = self.added if after > before else self.removed
        done.append((now, abs(after - before)))

    def forget(self, before: datetime) -> None:
        """Drop what is too old to matter."""
        for past in (self.recommendations, self.added, self.removed):
            past[:] = [each for each in past if each[0] >= before]

    def change(self, seconds: int, now: datetime) -> int:
        """By how much the number rose in the last so many seconds."""
        return _within(self.added, seconds, now) - _within(self.removed, seconds, now)


def _within(past: Iterable[tuple[datetime, int]], seconds: int, now: datetime) -> int:
    start = now - timedelta(seconds=seconds)
    return sum(number for moment, number in past if moment > start)


def decide(
    wanted: int, bounds: Bounds, behavior: Object | None, history: History, *, now: datetime
) -> Decision:
    """What becomes of a recommendation, which is remembered."""
    up, down = ((behavior or {}).get(name) or {} for name in ("scaleUp", "scaleDown"))
    down_window = down.get("stabilizationWindowSeconds")
    windows = (
        up.get("stabilizationWindowSeconds") or 0,
        _DOWN_WINDOW if down_window is None else down_window,
    )
    stable = (
        _stabilized(wanted, bounds.current, history, windows, now)
        if behavior
        else _highest(wanted, history, now)
    )
    history.forget(now - timedelta(seconds=max(*windows, *_periods(up), *_periods(down))))
    history.recommendations.append((now, wanted))
    why = READY
    if stable != wanted:
        is_up = behavior and wanted >= bounds.current
        why = UP_STABILIZED if is_up else DOWN_STABILIZED
    if behavior:
        replicas, limit = _by_policies(stable, bounds, (up, down), history, now)
    else:
        replicas, limit = _by_rule(stable, bounds)
    return Decision(replicas, why, replicas != stable, limit)


def _periods(rules: Object) -> Iterable[int]:
    return [policy["periodSeconds"] for policy in rules.get("policies") or []]


# --- stabilization -------------------------------------------------------------------------------


def _highest(wanted: int, history: History, now: datetime) -> int:
    start = now - timedelta(seconds=_DOWN_WINDOW)
    return max([wanted, *(number for moment, number in history.recommendations if moment >= start)])


def _stabilized(
    wanted: int, current: int, history: History, windows: tuple[int, int], now: datetime
) -> int:
    """Up no further than the lowest recent recommendation, down no further than the highest."""
    up, down = (
        [wanted, *(number for moment, number in history.recommendations if moment > start)]
        for start in (now - timedelta(seconds=window) for window in windows)
    )
    return min(max(current, min(up)), max(down))


# --- limits --------------------------------------------------------------------------------------


def _by_rule(wanted: int, bounds: Bounds) -> tuple[int, Why]:
    """Without a behavior: at most twice as many, or four."""
    fastest = max(_FACTOR * bounds.current, _AT_LEAST)
    most, limit = (fastest, UP_LIMIT) if bounds.most > fastest else (bounds.most, TOO_MANY)
    if wanted < bounds.least:
        return bounds.least, TOO_FEW
    return (most, limit) if wanted > most else (wanted, IN_RANGE)


def _by_policies(
    wanted: int, bounds: Bounds, rules: tuple[Object, Object], history: History, now: datetime
) -> tuple[int, Why]:
    up, down = rules
    if wanted > bounds.current:
        fastest = max(_limit(bounds.current, up, history, now, direction=1), bounds.current)
        most, limit = (fastest, UP_LIMIT) if bounds.most > fastest else (bounds.most, TOO_MANY)
        if wanted > most:
            return most, limit
    elif wanted < bounds.current:
        fastest = min(_limit(bounds.current, down, history, now, direction=-1), bounds.current)
        least, limit = (fastest, DOWN_LIMIT) if bounds.least < fastest else (bounds.least, TOO_FEW)
        if wanted < least:
            return least, limit
    return wanted, IN_RANGE


def _limit(current: int, rules: Object, history: History, now: datetime, *, direction: int) -> int:
    """How far the policies let it go: `direction` is 1 for up, -1 for down."""
    select = rules.get("selectPolicy", "Max")
    if select == "Disabled":
        return current
    proposed = []
    for policy in rules.get("policies") or []:
        before = current - history.change(policy["periodSeconds"], now)
        if policy["type"] == "Pods":
            proposed.append(before + direction * policy["value"])
        elif direction > 0:
            # Up, or else a small number would never grow.
            proposed.append(math.ceil(before * (1 + policy["value"] / 100)))
        else:
            proposed.append(int(before * (1 - policy["value"] / 100)))
    furthest: Callable[[list[int]], int] = max if (select == "Max") == (direction > 0) else min
    return furthest(proposed) if proposed else current
