"""Long work on paper."""

from __future__ import annotations

from kubelearn.diagrams.workbar import draw


def test_a_title_that_is_too_long_is_cut_but_told_to_whoever_listens():
    title = "build " + "a-very-long-name-" * 20
    drawn = draw(title)
    assert "…</text>" in drawn
    assert f"<title>{title}</title>" in drawn
