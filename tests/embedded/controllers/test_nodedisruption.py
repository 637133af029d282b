from __future__ import annotations

import math

import pytest

from kubelearn.embedded.controllers.nodedisruption import Disruption, NodeDisruption


@pytest.fixture
def disrupted():
    """So many nodes that are ready, and so many that are not."""

    def make(well, ill):
        found = NodeDisruption()
        for number in range(well + ill):
            found.note(str(number), well=number < well)
        return found

    return make


@pytest.mark.parametrize(
    ("well", "ill", "state"),
    [
        (3, 0, Disruption.NORMAL),
        (1, 2, Disruption.NORMAL),  # two are never many
        (3, 3, Disruption.NORMAL),
        (1, 3, Disruption.PARTIAL),
        (0, 1, Disruption.FULL),
    ],
)
def test_what_is_lost_is_judged_by_number_and_share(disrupted, well, ill, state):
    assert disrupted(well, ill).state is state


def test_a_node_counts_as_what_was_said_last(disrupted):
    found = disrupted(1, 3)
    found.note("1", well=True)
    assert found.state is Disruption.NORMAL
    found.note("1", well=False)
    found.forget("3")
    assert found.state is Disruption.NORMAL
    found.forget("0")
    assert found.state is Disruption.FULL


@pytest.mark.parametrize(
    ("well", "ill", "seconds"),
    [(2, 2, 10), (1, 3, math.inf), (0, 3, math.inf), (60, 20, 10), (20, 60, 100)],
)
def test_the_pace_follows_from_what_is_lost(disrupted, well, ill, seconds):
    found = disrupted(well, ill)
    assert found.wait(5.0) == (math.inf if seconds == math.inf else 0)
    found.evict(5.0)
    assert found.wait(5.0) == seconds
    assert found.wait(5.0 + min(seconds, 1000)) == (math.inf if seconds == math.inf else 0)
