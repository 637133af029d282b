"""Delays that double."""

from datetime import timedelta

import pytest

from kubelearn.embedded.kubelet.backoff import Backoff


@pytest.fixture
def backoff(clock):
    return Backoff(clock)


def test_delays_double_up_to_five_minutes(backoff):
    seconds = []
    for _ in range(7):
        backoff.grow("a")
        seconds.append(backoff.seconds("a"))
    assert seconds == [10, 20, 40, 80, 160, 300, 300]


def test_what_never_failed_need_not_wait(backoff, clock):
    assert (backoff.seconds("a"), backoff.left("a")) == (0, 0)
    assert backoff.left_since("a", clock.now()) == 0


async def test_the_wait_is_counted_from_the_event(backoff, clock):
    backoff.grow("a")
    await clock.advance(4)
    assert backoff.left("a") == 6
    assert backoff.left_since("a", clock.now() - timedelta(seconds=1)) == 9
    await clock.advance(6)
    assert backoff.left("a") == 0


async def test_ten_quiet_minutes_make_it_start_anew(backoff, clock):
    backoff.grow("a")
    backoff.grow("a")
    await clock.advance(601)
    assert backoff.left_since("a", clock.now()) == 0
    backoff.grow("a")
    assert backoff.seconds("a") == 10


def test_keys_are_forgotten_by_their_beginning(backoff):
    for key in ("uid1_a", "uid1_b", "uid2_a"):
        backoff.grow(key)
    backoff.forget("uid1")
    assert [backoff.seconds(key) for key in ("uid1_a", "uid1_b", "uid2_a")] == [0, 0, 10]
