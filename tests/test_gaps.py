"""The page of differences says what the list of known gaps and the conformance tests say."""

from pathlib import Path

from tools import gaps

AREAS = ["Containers", "Images", "Network", "Nodes", "Workloads", "API"]


def test_the_page_is_what_the_list_makes():
    made = gaps.page(gaps.known(), tested=gaps.proven())
    assert gaps.PAGE.read_text() == made, "run: python -m tools.gaps"


def test_every_gap_that_a_test_names_is_on_the_list():
    assert gaps.proven() <= {gap["id"] for gap in gaps.known()}


def test_every_gap_says_what_is_real_what_is_here_and_why():
    for gap in gaps.known():
        assert set(gap) == {"id", "area", "real", "here", "why"}
        for text in gap.values():
            assert text
            assert "|" not in text, "it would end the table's cell"


def test_ids_are_unique_and_areas_in_order():
    ids = [gap["id"] for gap in gaps.known()]
    assert len(ids) == len(set(ids))
    places = [AREAS.index(gap["area"]) for gap in gaps.known()]
    assert places == sorted(places)


def test_the_page_lies_beside_the_lessons_that_link_it():
    assert gaps.PAGE.parent == Path(gaps.ROOT) / "lessons"
