"""The recorder of changes: moments, states of the past, thinning."""

from __future__ import annotations

from kubelearn.widgets.history import TOGETHER, History

A, B = ("Pod", "demo/a"), ("Pod", "demo/b")


def obj(value):
    return {"value": value}


def states(history):
    """The values at each moment that is left, by its time."""
    return {
        moment.at: {key[1]: each["value"] for key, each in history.state(moment.number).items()}
        for moment in history.moments
    }


def test_the_past_can_be_seen_as_it_was():
    history = History()
    history.record(1, A, obj(1))
    history.record(2, B, obj(2))
    history.record(3, A, obj(3))
    history.record(4, B, None)
    assert states(history) == {
        1: {"demo/a": 1},
        2: {"demo/a": 1, "demo/b": 2},
        3: {"demo/a": 3, "demo/b": 2},
        4: {"demo/a": 3},
    }


def test_changes_that_come_together_are_one_moment_but_no_state_is_lost():
    history = History()
    history.record(1, A, obj(1))
    history.record(1 + TOGETHER / 2, B, obj(2))
    history.record(1 + TOGETHER / 2, A, obj(3))
    assert [len(moment.changes) for moment in history.moments] == [2, 1]


def test_what_is_asked_to_join_belongs_to_the_last_moment():
    history = History()
    history.record(1, A, obj(1), join=True)
    history.record(9, B, obj(2), join=True)
    assert len(history.moments) == 1


def test_the_oldest_moments_are_thinned_and_what_is_left_stays_true():
    full, thin = History(), History(max_moments=20)
    for second in range(200):
        for history in (full, thin):
            history.record(second, (A, B)[second % 2], obj(second), note=second)
            if second % 7 == 0:
                history.record(second + 0.5, A, None)
    left = states(thin)
    assert len(left) <= 20
    assert thin.thinned
    whole = states(full)
    assert all(whole[at] == state for at, state in left.items())
    # The present is kept exactly; only the past gets coarser.
    assert list(left)[-10:] == list(whole)[-10:]


def test_memory_is_bounded_in_bytes_too():
    history = History(max_bytes=20_000)
    for second in range(500):
        history.record(second, A, obj("x" * 1_000))
    assert sum(moment.size for moment in history.moments) <= 20_000


def test_what_came_and_went_long_ago_leaves_no_trace():
    history = History(max_moments=8)
    for second in range(100):
        key = ("Pod", f"demo/{second}")
        history.record(second, key, obj(second))
        history.record(second + 0.5, key, None)
    known = {key for moment in history.moments for key in moment.changes}
    assert len(known) < 10
