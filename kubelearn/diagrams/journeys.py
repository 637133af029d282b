"""What came of one change: the hops that led to a running pod, and what is still waited for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from kubelearn.diagrams.hops import Hop

Row = dict[str, Any]

# Who has to act next, after the last hop that was seen: by its object's kind and its step.
_NEXT = {
    ("Deployment", "made"): "the deployment-controller, to make a ReplicaSet",
    ("Deployment", "changed"): "the deployment-controller, to change a ReplicaSet",
    ("ReplicaSet", "made"): "the replicaset-controller, to make pods",
    ("ReplicaSet", "changed"): "the replicaset-controller, to make or delete pods",
    ("Pod", "made"): "the scheduler, to choose a node",
    ("Pod", "bound"): "the kubelet of that node, to start containers",
    ("Pod", "status"): "the kubelet, to tell that the pod is ready",
    ("Container", "started"): "the kubelet, to tell that the pod is ready",
}


def way(hops: Iterable[Hop]) -> list[Hop]:
    """Of one journey's hops, those that lead to its first ready pod, or as far as it came."""
    told = [hop for hop in hops if hop.step != "note" and hop.code < 400]
    known = {hop.id: hop for hop in told}
    end = hop = _end(told)
    found: list[Hop] = []
    while hop and hop not in found:
        found.append(hop)
        hop = known.get(hop.after)
    if end and end.pod:
        mine = (hop for hop in told if hop.step == "started" and hop.pod == end.pod)
        late = end.received if end.step == "ready" else float("inf")
        found += [hop for hop in mine if hop.received <= late]
    return sorted(found, key=lambda hop: hop.received)


def _end(told: Sequence[Hop]) -> Hop | None:
    made = {hop.pod for hop in told if hop.step == "made" and hop.pod}
    mine = [hop for hop in told if hop.pod in made]
    first = next((hop for hop in mine if hop.step == "ready"), None)
    if first:
        return first
    for step in ("status", "bound", "made"):
        last = next((hop for hop in reversed(mine) if hop.step == step), None)
        if last:
            return last
    # No pod yet. A status follows all sorts of things, and nothing follows it.
    return next((hop for hop in reversed(told) if hop.step != "status"), None)


def waits_for(steps: Sequence[Hop]) -> str:
    """Who has to act next on the way to a ready pod; nothing when it is there."""
    if not steps or steps[-1].step == "ready":
        return ""
    return _NEXT.get((steps[-1].kind, steps[-1].step), "")


def hop_row(hop: Hop) -> Row:
    """What pictures show of a hop; `at` and `took` are milliseconds."""
    row = asdict(hop)
    received, completed = row.pop("received"), row.pop("completed")
    return {
        **row,
        "at": round(received * 1000, 2),
        "took": round((completed - received) * 1000, 2),
    }


def journey_row(hops: Sequence[Hop]) -> Row:
    """What pictures show of a journey; `ready` is how many ms it took, None if it did not."""
    steps = way(hops)
    first = min(hops, key=lambda hop: hop.received)
    done = bool(steps) and steps[-1].step == "ready"
    return {
        "id": first.journey,
        "title": first.deed,
        "actor": first.actor,
        "at": round(first.received * 1000, 2),
        "way": [hop.id for hop in steps],
        "waits": waits_for(steps),
        "ready": round((steps[-1].completed - first.received) * 1000, 1) if done else None,
    }
