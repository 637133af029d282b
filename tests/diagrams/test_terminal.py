"""The last lines of a terminal, on paper."""

from __future__ import annotations

import pytest

from kubelearn.diagrams.terminal import draw, plain_lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one\r\ntwo", ["one", "two"]),
        ("\x1b[1;32mgreen\x1b[0m", ["green"]),
        ("\x1b]0;a title\x07here", ["here"]),
        ("lx\b \bs", ["ls"]),
        ("50 %\r100 %", ["100 %"]),
        ("\x1b[2J\x1b[Htop", ["top"]),
        ("\x1b(Btext", ["text"]),
    ],
)
def test_what_is_left_to_read_is_what_one_would_see(text, lines):
    assert plain_lines(text) == lines


def test_only_the_last_lines_are_drawn():
    drawn = draw("Shell", "\n".join(f"line {n}" for n in range(100)), words="runs")
    assert "line 99<" in drawn
    assert "line 50<" not in drawn
