"""Every lesson keeps the frame that CONTRIBUTING.md describes."""

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LESSONS = ROOT / "lessons"
NOTEBOOKS = sorted(LESSONS.glob("*.ipynb"))
COURSE = tomllib.loads((LESSONS / "course.toml").read_text())["lesson"]
TAGS = {"setup", "predict", "observe", "check", "exercise", "teardown"}
NBVAL_TAGS = {"nbval-ignore-output", "nbval-skip", "raises-exception"}

pytestmark = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path, kind=None):
    found = json.loads(path.read_text())["cells"]
    return [cell for cell in found if kind in (None, cell["cell_type"])]


def source(cell):
    return "".join(cell["source"])


def tags(cell):
    return set(cell["metadata"].get("tags", []))


def words(path):
    return sum(len(source(cell).split()) for cell in cells(path, "markdown"))


def test_the_title_is_the_question_of_the_course_file(path):
    [entry] = [entry for entry in COURSE if entry["slug"] == path.stem]
    first = source(cells(path)[0])
    assert first.splitlines()[0] == f"# {path.stem[:2]} · {entry['question']}"
    assert f"**Minutes:** {entry['minutes']}" in first


def test_a_lesson_needs_only_lessons_that_come_before_it(path):
    order = [entry["slug"] for entry in COURSE]
    [entry] = [entry for entry in COURSE if entry["slug"] == path.stem]
    assert all(order.index(needed) < order.index(path.stem) for needed in entry["needs"])


def test_three_outcomes_are_promised(path):
    assert len(re.findall(r"^\d\. ", source(cells(path)[0]), re.MULTILINE)) == 3


def test_the_first_code_cell_sets_up_and_the_last_one_tears_down(path):
    code = cells(path, "code")
    assert "setup" in tags(code[0])
    assert tags(code[-1]) == {"teardown"}


def test_code_cells_carry_only_the_tags_of_the_course(path):
    for cell in cells(path, "code"):
        assert tags(cell), source(cell)
        assert tags(cell) <= TAGS | NBVAL_TAGS, source(cell)


def test_three_to_six_predictions_are_asked_for_and_each_is_followed_by_a_check(path):
    kinds = [tags(cell) for cell in cells(path, "code")]
    predictions = [i for i, found in enumerate(kinds) if "predict" in found]
    assert 3 <= len(predictions) <= 6
    for start, end in zip(predictions[1:], [*predictions[2:], len(kinds)], strict=True):
        assert any("check" in found for found in kinds[start:end])


@pytest.mark.parametrize("heading", ["Break it", "Under the hood", "Exercises", "What you take"])
def test_no_part_of_the_frame_is_missing(path, heading):
    headings = [line for c in cells(path, "markdown") for line in source(c).splitlines()]
    assert any(line.startswith(f"## {heading}") for line in headings)


def test_there_are_three_exercises(path):
    [part] = [source(cell) for cell in cells(path, "markdown") if "## Exercises" in source(cell)]
    exercises = part.partition("## Exercises")[2].partition("\n## ")[0]
    assert len(re.findall(r"^\d\. ", exercises, re.MULTILINE)) == 3


def test_the_length_is_that_of_a_sitting(path):
    assert 900 <= words(path) <= 1700


def test_prose_comes_in_portions(path):
    for cell in cells(path, "markdown"):
        for paragraph in source(cell).split("\n\n"):
            assert len(paragraph.split()) <= 120, paragraph


def test_outputs_are_stored_as_make_lessons_writes_them(path):
    counts = [cell["execution_count"] for cell in cells(path, "code")]
    assert counts == list(range(1, len(counts) + 1))
    text = path.read_text()
    assert "application/vnd.jupyter.widget-view+json" not in text
    assert "widget-state" not in text
    errors = [o for c in cells(path, "code") for o in c["outputs"] if o["output_type"] == "error"]
    assert not errors


def test_links_lead_somewhere(path):
    for cell in cells(path, "markdown"):
        for target in re.findall(r"\]\(([^)#:]+)\)", source(cell)):
            assert (path.parent / target).exists(), target
