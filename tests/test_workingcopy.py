"""The learner's copy of the lessons."""

import pytest

from kubelearn.errors import StateError
from kubelearn.workingcopy import SOURCE, update


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    (folder / "data").mkdir(parents=True)
    (folder / "00.ipynb").write_text("zero")
    (folder / "01.ipynb").write_text("one")
    (folder / "data" / "table.csv").write_text("1,2")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "00.ipynb").write_text("not this")
    return folder


@pytest.fixture
def copy(tmp_path, source):
    said = []

    def run():
        said.clear()
        update(tmp_path / "mine", source=source, say=said.append)
        return "\n".join(said)

    run.folder = tmp_path / "mine"
    run()
    return run


def test_everything_is_copied_but_what_is_hidden(copy):
    found = {p.relative_to(copy.folder).as_posix() for p in copy.folder.rglob("*") if p.is_file()}
    assert found == {"00.ipynb", "01.ipynb", "data/table.csv", ".kubelearn.json"}


def test_a_second_time_changes_nothing(copy):
    assert "0 copied, 0 of yours kept" in copy()


def test_a_newer_lesson_replaces_a_copy_that_nobody_changed(copy, source):
    (source / "00.ipynb").write_text("zero, better")
    assert "copied  00.ipynb" in copy()
    assert (copy.folder / "00.ipynb").read_text() == "zero, better"


def test_what_the_learner_changed_is_kept(copy):
    (copy.folder / "00.ipynb").write_text("mine")
    assert "kept    00.ipynb, which you changed" in copy()
    assert (copy.folder / "00.ipynb").read_text() == "mine"


def test_a_newer_lesson_is_told_but_never_put_over_a_changed_copy(copy, source):
    (copy.folder / "00.ipynb").write_text("mine")
    (source / "00.ipynb").write_text("zero, better")
    assert "newer one: delete yours to get it" in copy()
    assert (copy.folder / "00.ipynb").read_text() == "mine"
    (copy.folder / "00.ipynb").unlink()
    copy()
    assert (copy.folder / "00.ipynb").read_text() == "zero, better"


def test_without_its_memory_whatever_differs_counts_as_the_learners(copy, source):
    (copy.folder / ".kubelearn.json").write_text("{")
    (source / "00.ipynb").write_text("zero, better")
    copy()
    assert (copy.folder / "00.ipynb").read_text() == "zero"


def test_the_originals_are_no_working_copy():
    with pytest.raises(StateError, match="originals"):
        update(SOURCE)


def test_a_folder_that_cannot_be_made_is_an_error_with_the_next_step(source):
    (source.parent / "source.txt").write_text("a file")
    with pytest.raises(StateError, match="kubelearn lessons FOLDER"):
        update(source.parent / "source.txt" / "deeper", source=source)
