"""Lines of logs: what is read of them, and their picture."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from kubelearn.diagrams.loglines import LONGEST, draw, left_out, moment, parse


def row(text, **more):
    return {"at": "", "name": "web-0", "colour": 0, "text": text, "kind": "", **more}


@pytest.mark.parametrize(
    ("raw", "at"),
    [
        (b"2026-01-01T12:00:00.5Z hello", "2026-01-01T12:00:00.500000000Z"),
        (b"2026-01-01T12:00:00Z hello", "2026-01-01T12:00:00.000000000Z"),
        (b"2026-01-01T12:00:00.123456789+02:00 hello", "2026-01-01T12:00:00.123456789+02:00"),
    ],
)
def test_moments_have_nine_digits_so_that_they_compare_as_text(raw, at):
    assert parse(raw) == (at, "hello")


def test_the_rest_of_a_line_has_no_moment():
    assert moment(b"more of it") == ("", "", "")
    assert parse(b"more of it") == ("", "more of it")


def test_what_is_for_terminals_is_left_out_and_what_is_no_text_is_marked():
    assert parse(b"2026-01-01T12:00:00Z \x1b[31mred\x1b[0m\r")[1] == "red"
    assert parse(b"2026-01-01T12:00:00Z \xff")[1] == "�"
    assert parse(b"2026-01-01T12:00:00Z   indented")[1] == "  indented"


def test_a_long_line_tells_how_much_more_there_is():
    text = parse(b"2026-01-01T12:00:00Z " + b"a" * (LONGEST + 2_500))[1]
    assert text == "a" * LONGEST + "… 2,500 characters more"


def test_what_is_left_out_is_counted():
    assert left_out(9_500) == "… 9,500 lines left out"
    assert left_out(1) == "… 1 line left out"


def test_the_picture_shows_the_last_lines_with_their_pods():
    rows = [row(f"line {i}", colour=i) for i in range(40)]
    drawn = draw("Log of web-0", rows, words="1 log followed")
    ElementTree.fromstring(drawn)
    assert drawn == draw("Log of web-0", rows, words="1 log followed")
    assert "line 39" in drawn
    assert "line 24" not in drawn
    assert "web-0" in drawn
