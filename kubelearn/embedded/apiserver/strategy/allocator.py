"""Numbers from a range, each given to one owner: cluster IPs and node ports.

Stands for k8s.io/kubernetes `pkg/registry/core/service/{ipallocator,portallocator}`. Upstream keeps
bitmaps in etcd beside the Services and repairs them in a loop; here the Services themselves are the
record, and what they hold is read from the store when the server starts.
"""

from __future__ import annotations

import random as randomness
from collections.abc import Iterable


class AllocationError(ValueError):
    """A number that somebody cannot have, with the reason."""


class Allocator:
    """Who holds which number of `numbers`; `noun` is for messages.

    The first `kept` numbers are given out last, so that people can choose among them.
    """

    def __init__(
        self,
        numbers: range,
        *,
        kept: int,
        noun: str,
        random: randomness.Random,
    ) -> None:
        self.numbers = numbers
        self._kept = kept
        self._noun = noun
        self._random = random
        self._holder: dict[int, str] = {}
        self._held: dict[str, set[int]] = {}

    def check(self, number: int, owner: str) -> None:
        """Raise AllocationError if somebody else than `owner` has that number."""
        if self._holder.get(number, owner) != owner:
            raise AllocationError(f"provided {self._noun} is already allocated")

    def next(self, owner: str) -> int:
        """A free number, by chance so that a deleted Service's one does not come back at once."""
        for part in (self.numbers[self._kept :], self.numbers[: self._kept]):
            if part and any(number not in self._holder for number in part):
                return self._free(part)
        raise AllocationError("range is full")

    def _free(self, numbers: range) -> int:
        number = self._random.choice(numbers)
        while number in self._holder:
            number = numbers[(numbers.index(number) + 1) % len(numbers)]
        return number

    def hold(self, number: int, owner: str) -> None:
        """Give a number to an owner, besides what it holds."""
        if number in self.numbers:
            self._holder[number] = owner
            self._held.setdefault(owner, set()).add(number)

    def settle(self, owner: str, numbers: Iterable[int]) -> None:
        """Make these, and no others, the owner's."""
        for number in self._held.pop(owner, set()):
            del self._holder[number]
        for number in numbers:
            self.hold(number, owner)
