"""The state folder."""

import os
import stat
from pathlib import Path

import pytest

from kubelearn.embedded.state import Settings, StateFolder, home
from kubelearn.errors import StateError


@pytest.fixture
def folder(tmp_path):
    return StateFolder(tmp_path / "clusters" / "demo")


def test_the_state_folder_follows_the_environment(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.delenv("KUBELEARN_STATE", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert home() == Path("/home/ada/.local/state/kubelearn")
    monkeypatch.setenv("XDG_STATE_HOME", "/xdg")
    assert home() == Path("/xdg/kubelearn")
    monkeypatch.setenv("KUBELEARN_STATE", "~/mine")
    assert home() == Path("/home/ada/mine")


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a.b", "a/b", "..", "x" * 41])
def test_names_that_no_node_could_have_are_refused(name):
    with pytest.raises(StateError, match="cannot be a cluster's name"):
        StateFolder.named(name)


def test_nodes_are_named_as_kind_names_them():
    names = Settings(nodes=4, port=1, block=64).node_names("demo")
    assert names == ["demo-control-plane", "demo-worker", "demo-worker2", "demo-worker3"]


def test_a_folder_that_others_could_enter_is_closed(folder):
    folder.path.mkdir(parents=True)
    folder.path.chmod(0o755)
    folder.prepare()
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_a_link_in_the_folders_place_is_refused(folder, tmp_path):
    folder.path.parent.mkdir()
    folder.path.symlink_to(tmp_path)
    with pytest.raises(StateError, match="another user"):
        folder.prepare()


def test_settings_are_read_as_they_were_written(folder):
    folder.prepare()
    assert Settings.read(folder.settings) is None
    wanted = Settings(nodes=3, port=6443, block=64, runtime="fake")
    wanted.write(folder.settings)
    assert Settings.read(folder.settings) == wanted


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1}', '{"format": "x"}', "\0"])
def test_damaged_settings_are_an_error_with_a_way_out(folder, text):
    folder.prepare()
    folder.settings.write_text(text)
    with pytest.raises(StateError, match="--delete"):
        Settings.read(folder.settings)


def test_the_lock_is_one_processs_at_a_time_and_goes_with_its_file(folder):
    folder.prepare()
    held = folder.try_lock()
    assert folder.try_lock() is None
    os.close(held)
    again = folder.try_lock()
    assert again is not None
    os.close(again)


def test_only_folders_with_settings_are_clusters(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("KUBELEARN_STATE", str(tmp_path))
    assert StateFolder.all() == []
    folder.prepare()
    assert StateFolder.all() == []
    Settings(nodes=1, port=1, block=64).write(folder.settings)
    assert [each.name for each in StateFolder.all()] == ["demo"]


def test_a_socket_in_a_deep_folder_still_has_a_short_path(tmp_path):
    folder = StateFolder(tmp_path / ("d" * 120) / "demo")
    folder.prepare()
    with folder.control_path() as path:
        assert len(path) <= 107
        assert os.path.samefile(os.path.dirname(path), folder.path)
