"""Waiting for what is bound to come, with a limit that only something broken reaches."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def eventually(condition: Callable[[], Any], *, within: float = 60) -> Any:
    """What a condition gives once it is true; `within` are seconds."""
    deadline = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)
    return found
