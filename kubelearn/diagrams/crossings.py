"""The order of the nodes in each column, so that few connections cross: by barycentres."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Mapping, Sequence

Neighbours = Mapping[str, Mapping[str, None]]
Layers = list[list[str]]

_SWEEPS = 8


def ordered(
    rank: Mapping[str, int],
    before: Neighbours,
    after: Neighbours,
    *,
    former: Sequence[Sequence[str]] = (),
) -> Layers:
    """The names of each rank in an order with few crossings; the former one if none has fewer.

    `before` and `after` are the neighbours in the ranks beside.
    """
    first = {name: i for i, name in enumerate(_walk(before, after))}
    known = {name: i for layer in former for i, name in enumerate(layer)}
    layers: Layers = [[] for _ in range(max(rank.values(), default=-1) + 1)]
    for name in sorted(first, key=lambda n: (known.get(n, len(known)), first[n])):
        layers[rank[name]].append(name)
    best, least = layers, crossings(layers, after)
    for sweep in range(_SWEEPS):
        if not least:
            break
        layers = (
            _swept(layers, before, rightwards=True)
            if sweep % 2 == 0
            else (_swept(layers, after, rightwards=False))
        )
        count = crossings(layers, after)
        if count < least:
            best, least = layers, count
    return best


def crossings(layers: Layers, after: Neighbours) -> int:
    """How many connections cross."""
    return sum(_between(left, right, after) for left, right in itertools.pairwise(layers))


def _between(left: list[str], right: list[str], after: Neighbours) -> int:
    position = {name: i for i, name in enumerate(right)}
    seen: list[int] = []
    count = 0
    for name in left:
        ends = sorted(position[other] for other in after[name])
        count += sum(len(seen) - bisect.bisect_right(seen, end) for end in ends)
        for end in ends:
            bisect.insort(seen, end)
    return count


def _walk(before: Neighbours, after: Neighbours) -> list[str]:
    """All names, those that hang together after each other."""
    seen: dict[str, None] = {}
    for root in before:
        waiting = [root]
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen[name] = None
                waiting += reversed([*after[name], *before[name]])
    return list(seen)


def _swept(layers: Layers, others: Neighbours, *, rightwards: bool) -> Layers:
    """Each column in the order of the means of its neighbours' positions, one after the other."""
    position = {name: float(i) for layer in layers for i, name in enumerate(layer)}
    swept = []
    for layer in layers if rightwards else reversed(layers):
        means = {name: mean([position[o] for o in others[name]], position[name]) for name in layer}
        swept.append(sorted(layer, key=means.__getitem__))
        position.update((name, float(i)) for i, name in enumerate(swept[-1]))
    return swept if rightwards else swept[::-1]


def mean(values: Sequence[float], default: float) -> float:
    """The mean of some numbers, or the default for none."""
    return sum(values) / len(values) if values else default
