"""When Python looks for garbage in cycles: seldom, and not again in what has been looked through.

Nearly all that this process holds is JSON, in which nothing refers to itself and which goes with
its last reference. Left alone, Python would look through all of it again whenever much has
changed: with 10,000 pods it takes more than a second each time, and half of all time altogether.
"""

from __future__ import annotations

import gc

from kubelearn.embedded.clock import Clock

# How many new objects, and rounds over those, are too many for one generation; the last number
# leaves the oldest generation to the loop below.
_THRESHOLDS = (10_000, 20, 1_000_000)
_SECONDS = 10.0
# After so many rounds all is looked through, for what has become garbage since it was put aside.
_ROUNDS = 60


async def collect(clock: Clock) -> None:
    """Look through what is new every few seconds and put it aside, until cancelled."""
    before = gc.get_threshold()
    gc.set_threshold(*_THRESHOLDS)
    gc.enable()
    try:
        while True:
            for _ in range(_ROUNDS):
                gc.collect()
                gc.freeze()
                await clock.sleep(_SECONDS)
            gc.unfreeze()
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
