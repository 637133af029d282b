"""Files that change all at once."""

import pytest

from kubelearn.embedded.kubelet.atomicwriter import File, write_all


def files(**contents):
    return {name.replace("__", "/"): File(text.encode(), 0o644) for name, text in contents.items()}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "volume"


def visible(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith(".."))


def test_files_are_seen_under_their_names(folder):
    write_all(folder, files(a="1", deep__b="2"))
    assert visible(folder) == ["a", "deep"]
    assert (folder / "a").read_text() == "1"
    assert (folder / "deep/b").read_text() == "2"


def test_modes_are_kept(folder):
    write_all(folder, {"key": File(b"x", 0o400)})
    assert (folder / "key").stat().st_mode & 0o777 == 0o400


def test_new_files_come_and_old_ones_go(folder):
    write_all(folder, files(a="1", b="2"))
    assert write_all(folder, files(a="3", c="4"))
    assert visible(folder) == ["a", "c"]
    assert (folder / "a").read_text() == "3"
    hidden = [path.name for path in folder.iterdir() if path.name.startswith("..")]
    assert len(hidden) == 2  # the link, and the one folder that it leads to


def test_nothing_is_written_when_nothing_has_changed(folder):
    write_all(folder, files(a="1"))
    before = (folder / "..data").readlink()
    assert not write_all(folder, files(a="1"))
    assert (folder / "..data").readlink() == before


def test_no_files_make_an_empty_folder(folder):
    assert write_all(folder, {})
    assert visible(folder) == []
    assert not write_all(folder, {})
