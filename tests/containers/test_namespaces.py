"""Views of the machine, made by the real kernel where it lets us."""

import os
import subprocess
from pathlib import Path

import pytest

from kubelearn.containers.namespaces import Namespaces


@pytest.fixture
def namespaces(tmp_path):
    """A view in which /etc/hosts is another file, and the machine is called web-0."""
    file = tmp_path / "hosts"
    file.write_text("mine\n")
    try:
        made = Namespaces({"/etc/hosts": file}, hostname="web-0")
    except PermissionError:
        pytest.skip("this user may not make any")
    yield made
    made.close()


def test_processes_that_start_inside_see_the_other_file_and_nobody_else_does(namespaces):
    before = Path("/etc/hosts").read_bytes()
    command = ["cat", "/etc/hosts"]
    assert namespaces.run(lambda: subprocess.check_output(command)) == b"mine\n"
    assert subprocess.check_output(command) == before
    assert Path("/etc/hosts").read_bytes() == before


def test_what_fails_inside_is_told_outside(namespaces):
    with pytest.raises(FileNotFoundError):
        namespaces.run(lambda: subprocess.run(["no-such-program"]))


def test_a_file_that_is_missing_cannot_be_shown(namespaces, tmp_path):
    with pytest.raises(FileNotFoundError):
        Namespaces({"/etc/hosts": tmp_path / "nothing"}, hostname="web-0")


def test_the_name_of_the_machine_is_another_inside_alone(namespaces):
    before = os.uname().nodename
    assert namespaces.run(lambda: subprocess.check_output(["uname", "-n"])) == b"web-0\n"
    assert os.uname().nodename == before != "web-0"
