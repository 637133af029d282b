"""Long work, as it is shown where no notebook is."""

from __future__ import annotations

import io

import pytest

from kubelearn.progress import Lines, Progress, Terminal, moving_line, telling


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_each_step_is_a_line_with_all_results_in_one_column():
    said = []
    with Progress("start", display=Lines(said.append)) as work:
        work.plan("state", "API server")
        work.finish("state", "here")
        work("  ! a warning")
        work.finish("API server", "there")
    assert said == ["  ✔ state       here", "  ! a warning", "  ✔ API server  there"]


def test_it_knows_its_step_its_time_and_what_comes_next(clock):
    work = Progress("start", display=Lines(lambda _: None), clock=clock)
    work.plan("one", "two", "three")
    clock.now += 2
    work.finish("one")
    assert (work.current, work.next, work.elapsed) == ("two", "three", 2)
    work.tell("halfway")
    assert work.words == "two (2 of 3), halfway"
    assert work.finished[0].seconds == 2


def test_steps_that_nobody_planned_are_counted_when_the_number_is_known(clock):
    work = Progress("build", display=Lines(lambda _: None), clock=clock)
    work.plan(total=4)
    work.begin("FROM scratch")
    assert work.words == "FROM scratch (1 of 4)"


@pytest.mark.parametrize(
    ("error", "state"), [(None, "done"), (KeyboardInterrupt(), "stopped"), (OSError(), "failed")]
)
def test_it_ends_as_the_work_ends_and_its_time_stands_still(clock, error, state):
    work = Progress("start", display=Lines(lambda _: None), clock=clock)

    def fail():
        with work:
            work.begin("one")
            if error:
                raise error

    if error:
        with pytest.raises(type(error)):
            fail()
    else:
        fail()
    clock.now += 5
    assert (work.state, work.elapsed) == (state, 0)


def test_a_terminal_has_a_line_that_moves_and_is_wiped_out_at_the_end(clock):
    stream = io.StringIO()
    work = Progress("start", display=Terminal(stream), clock=clock)
    with work:
        work.plan("state", "nodes")
        work.finish("state", "here")
    assert "[##########----------] nodes (2 of 2), 0 s" in stream.getvalue()
    assert "\r\x1b[K  ✔ state  here\n" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_the_moving_line_says_what_comes_next(clock):
    work = Progress("start", display=Lines(lambda _: None), clock=clock)
    work.plan("one", "two")
    clock.now += 3
    assert moving_line(work) == "  [--------------------] one (1 of 2), 3 s; next: two"


def test_what_is_no_terminal_gets_no_escape_codes(capsys):
    with Progress("start") as work:
        work.finish("state", "here")
    assert capsys.readouterr().out == "  ✔ state  here\n"


def test_work_with_a_report_says_no_steps():
    said = []
    with Progress("build", quiet=True, display=Lines(said.append)) as work:
        work.finish("FROM scratch")
    assert said == []


def test_whoever_is_told_through_a_progress_does_not_end_it():
    with (
        Progress("outer", display=Lines(lambda _: None)) as outer,
        telling(outer, "inner") as inner,
    ):
        assert inner is outer
    said = []
    with telling(said.append, "inner") as work:
        work.finish("state", "here")
    assert said == ["  ✔ state  here"]
