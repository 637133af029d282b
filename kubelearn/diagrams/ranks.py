"""The columns of a graph's nodes: each right of all that lead to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

Arrow = tuple[str, str]


def ranks(
    names: Sequence[str], arrows: Iterable[Arrow], least: Mapping[str, int]
) -> dict[str, int]:
    """The column of each node, from 0 on, with none empty. The arrows must not make a cycle."""
    listed = list(arrows)
    rank = {name: least.get(name, 0) for name in names}
    # The longest way has fewer arrows than there are names.
    for _ in names:
        late = [arrow for arrow in listed if rank[arrow[1]] <= rank[arrow[0]]]
        for left, right in late:
            rank[right] = max(rank[right], rank[left] + 1)
        if not late:
            break
    dense = {value: i for i, value in enumerate(sorted(set(rank.values())))}
    return {name: dense[value] for name, value in rank.items()}


def backward(names: Iterable[str], arrows: Iterable[Arrow]) -> set[Arrow]:
    """The arrows that close a cycle, when all are followed from the first node on."""
    following: dict[str, list[str]] = {name: [] for name in names}
    for left, right in arrows:
        following[left].append(right)
    back: set[Arrow] = set()
    state: dict[str, str] = {}
    for root in following:
        if root in state:
            continue
        state[root] = "open"
        stack = [(root, iter(following[root]))]
        while stack:
            name, rest = stack[-1]
            target = next(rest, None)
            if target is None:
                stack.pop()
                state[name] = "done"
            elif target not in state:
                state[target] = "open"
                stack.append((target, iter(following[target])))
            elif state[target] == "open":
                back.add((name, target))
    return back
