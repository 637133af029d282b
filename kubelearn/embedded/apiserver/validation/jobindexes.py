"""Indexes of an Indexed Job's pods, written as `0,3-5`."""

from __future__ import annotations

import re
from collections.abc import Iterator


class IndexesError(ValueError):
    """A text that is no such list, in upstream's words."""


def count_indexes(text: str, completions: int) -> int:
    """How many indexes a list has. Raises IndexesError."""
    total = 0
    last: int | None = None
    for fragment in text.split(",") if text else ():
        first, end = _interval(fragment, completions)
        if last is not None and last >= first:
            raise IndexesError(f"non-increasing order, previous: {last}, current: {first}")
        total += end - first + 1
        last = end
    return total


def overlap(text: str, other: str, completions: int) -> int | None:
    """The first index that is in both lists."""
    both = set(_members(text, completions)) & set(_members(other, completions))
    return min(both, default=None)


def _members(text: str, completions: int) -> Iterator[int]:
    for fragment in text.split(",") if text else ():
        try:
            first, end = _interval(fragment, completions)
        except IndexesError:
            continue
        yield from range(first, end + 1)


def _interval(fragment: str, completions: int) -> tuple[int, int]:
    limits = fragment.split("-")
    if len(limits) > 2:
        raise IndexesError(
            f'the fragment "{fragment}" violates the requirement that an index interval can have '
            "at most two parts separated by '-'"
        )
    numbers = []
    for limit in limits:
        if not re.fullmatch(r"\+?\d+", limit):
            raise IndexesError(f'cannot convert string to integer for index: "{limit}"')
        if int(limit) >= completions:
            raise IndexesError(f'too large index: "{limit}"')
        numbers.append(int(limit))
    if len(numbers) == 2 and numbers[0] >= numbers[1]:
        raise IndexesError(f"non-increasing order, previous: {numbers[0]}, current: {numbers[1]}")
    return numbers[0], numbers[-1]
