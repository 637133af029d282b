"""Views of the machine's files, made by the real kernel where it lets us."""

import subprocess
from pathlib import Path

import pytest

from kubelearn.containers.mounts import MountNamespace


@pytest.fixture
def namespace(tmp_path):
    """A view in which /etc/hosts is another file."""
    file = tmp_path / "hosts"
    file.write_text("mine\n")
    try:
        made = MountNamespace({"/etc/hosts": file})
    except PermissionError:
        pytest.skip("this user may not mount anything")
    yield made
    made.close()


def test_processes_that_start_inside_see_the_other_file_and_nobody_else_does(namespace):
    before = Path("/etc/hosts").read_bytes()
    command = ["cat", "/etc/hosts"]
    assert namespace.run(lambda: subprocess.check_output(command)) == b"mine\n"
    assert subprocess.check_output(command) == before
    assert Path("/etc/hosts").read_bytes() == before


def test_what_fails_inside_is_told_outside(namespace):
    with pytest.raises(FileNotFoundError):
        namespace.run(lambda: subprocess.run(["no-such-program"]))


def test_a_file_that_is_missing_cannot_be_shown(namespace, tmp_path):
    with pytest.raises(FileNotFoundError):
        MountNamespace({"/etc/hosts": tmp_path / "nothing"})
