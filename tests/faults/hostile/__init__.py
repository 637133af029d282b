"""Requests that nobody should send, made from a seed: the same seed gives the same request."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.faults.hostile.bodies import documents, objects, protobufs, yamls
from tests.faults.hostile.frames import framing, headers, methods, paths, queries, rubbish
from tests.faults.hostile.patches import parts, patches
from tests.faults.hostile.request import Hostile

_MAKERS: list[Callable[[random.Random], Hostile]] = [
    paths, methods, headers, framing, rubbish, queries, queries, objects, objects, objects,
    documents, yamls, protobufs, patches, patches, patches, parts, parts,
]  # fmt: skip


def hostile(seed: int) -> Hostile:
    """The hostile request of that number."""
    rng = random.Random(seed)
    return rng.choice(_MAKERS)(rng)
