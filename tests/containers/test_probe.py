"""Which runtime is taken, and why."""

import pytest

from kubelearn.containers import probe
from kubelearn.containers.launcher import Launcher
from kubelearn.containers.probe import NAMESPACES, PROCESS, choose
from kubelearn.errors import ContainerError


@pytest.fixture
def forbidden(monkeypatch):
    """A machine that lets nobody have namespaces."""

    def start(self):
        raise ContainerError("no containers with namespaces: Operation not permitted")

    monkeypatch.setattr(Launcher, "start", start)


def test_plain_processes_are_taken_where_namespaces_are_forbidden(tmp_path, forbidden):
    choice = choose(tmp_path)
    assert choice.runtime == PROCESS
    assert "Operation not permitted" in choice.reason


def test_who_insists_is_told_that_it_cannot_be(tmp_path, forbidden):
    with pytest.raises(ContainerError, match="Operation not permitted") as error:
        choose(tmp_path, NAMESPACES)
    assert "--runtime process" in error.value.hint


def test_who_wants_plain_processes_gets_them(tmp_path):
    assert choose(tmp_path, PROCESS).runtime == PROCESS


def test_looking_leaves_nothing_behind(tmp_path, best):
    assert choose(tmp_path).runtime == best
    assert list(tmp_path.iterdir()) == []


def test_the_words_say_how_limits_are_kept():
    assert "user namespace" in probe._words(rootless=True, groups=None)
    assert "looking" in probe._words(rootless=False, groups=None)
