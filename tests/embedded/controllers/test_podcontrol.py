from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.podcontrol import slow_start


async def test_slow_start_doubles_and_stops_at_the_first_failure():
    batches = []

    async def create() -> None:
        batches.append(None)
        if len(batches) == 5:
            raise ValueError("full")

    with pytest.raises(ValueError, match="full"):
        await slow_start(100, create)
    assert len(batches) == 1 + 2 + 4
