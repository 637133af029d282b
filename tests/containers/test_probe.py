"""Which runtime is taken, and why."""

import os
import subprocess

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
    assert "user namespace" in probe._words(rootless=True, groups=None, on_disk=True)
    assert "looking" in probe._words(rootless=False, groups=None, on_disk=True)
    assert "in memory" in probe._words(rootless=False, groups=None, on_disk=False)


LOOK = """
import pathlib, sys
from kubelearn.containers.probe import choose
print(choose(pathlib.Path(sys.argv[1])))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_folder_that_takes_no_overlay_makes_containers_write_to_memory(tmp_path, best, python):
    if best != NAMESPACES:
        pytest.skip("this machine lets no container have namespaces")
    for name in ("lower", "upper", "work", "merged"):
        (tmp_path / name).mkdir()
    # An overlay on which the folder lies, as in a container; in a mount namespace of its own.
    layers = "lowerdir=lower,upperdir=upper,workdir=work"
    script = f'mount -t overlay none -o {layers} merged && exec "$@" "$PWD/merged"'
    command = ["unshare", "--mount", "sh", "-c", script, "sh", python, "-c", LOOK]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("namespaces: ")
    assert "in memory" in done.stdout


async def test_a_notebook_may_ask_while_its_loop_runs(tmp_path):
    assert choose(tmp_path).runtime in (NAMESPACES, PROCESS)


def test_root_is_told_what_plain_processes_may_do(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "every file of this machine" in choose(tmp_path, PROCESS).reason
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "every file" not in choose(tmp_path, PROCESS).reason
