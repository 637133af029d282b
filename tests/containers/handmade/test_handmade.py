"""A container made by hand: what it has of its own, what it shares, and that nothing stays."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from kubelearn.containers.handmade import KINDS, Handmade, container, kinds
from kubelearn.containers.handmade.kinds import Allowed, allowed
from kubelearn.containers.machineimages import MachineImages, recipes
from kubelearn.errors import ContainerError

needs_namespaces = pytest.mark.skipif(
    bool(allowed().refused), reason=f"this machine refuses {sorted(allowed().refused)}"
)


def quiet(line):
    pass


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    return MachineImages(tmp_path_factory.mktemp("images")).make(recipes.busybox())


@pytest.fixture
def box(image):
    with Handmade("box", image=image, say=quiet) as made:
        yield made


def view(box, kind):
    [found] = [each for each in box.look() if each.kind == kind]
    return found


@needs_namespaces
def test_it_has_a_name_processes_and_files_of_its_own(box):
    assert str(box.run("hostname")) == "box"
    assert str(box.run("sh", "-c", "echo $$")) != str(os.getpid())
    assert view(box, "pid").inside == ("1 process", "1 cat")
    assert f"{box.pid} cat" in view(box, "pid").host
    assert "work" not in str(box.run("ls", "/"))
    assert str(box.run("cat", "/proc/1/comm")) == "cat"


@needs_namespaces
def test_the_machine_keeps_its_name_and_its_mounts():
    before = os.uname().nodename
    with Handmade("elsewhere", say=quiet) as box:
        box.run("touch", "/written-in-a-container")
        assert os.uname().nodename == before
        assert str(box.folder) not in Path("/proc/self/mountinfo").read_text()
    assert not Path("/written-in-a-container").exists()


@needs_namespaces
def test_whoever_enters_it_at_once_is_in_its_own_files(box):
    for _ in range(5):
        box.start()
        assert not os.path.samestat(os.stat(f"/proc/{box.pid}/root/"), os.stat("/"))


@needs_namespaces
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "user"])
def test_a_namespace_that_is_switched_off_is_the_machines(box, kind):
    with_it = view(box, kind)
    assert with_it.own
    assert with_it.inside_id not in (0, with_it.host_id)
    box.switch(kind, on=False)
    without = view(box, kind)
    assert not without.own
    assert without.inside_id == without.host_id


@needs_namespaces
def test_what_it_writes_lies_in_its_upper_folder_and_not_in_the_image(box):
    if box._upper_in_memory:
        pytest.skip("this folder can be no upper one of an overlay")
    box.run("sh", "-c", "echo mine > /etc/note")
    assert (box.upper / "etc/note").read_text() == "mine\n"
    assert not (box.image / "etc/note").exists()


@needs_namespaces
def test_two_of_the_same_image_share_its_files_and_not_their_own(box):
    with Handmade("other", image=box.image, say=quiet) as other:
        number = ["stat", "-c", "%i", "/bin/sh"]
        assert str(box.run(*number)) == str(other.run(*number))
        box.run("touch", "/only-here")
        assert other.run("ls", "/only-here").code != 0


@needs_namespaces
def test_it_ends_with_its_first_process(box):
    os.kill(box.pid, 9)
    box._unshare.wait(10)
    assert box.pid == 0
    assert [each.inside for each in box.look()] == [()] * len(KINDS)
    with pytest.raises(ContainerError, match="box does not run"):
        box.run("true")


def test_who_takes_more_memory_than_the_limit_is_killed():
    with Handmade("small", memory=32 * 2**20, say=quiet) as box:
        if box.limit.folder is None:
            pytest.skip(box.limit.reason)
        greedy = box.run("tail", "/dev/zero", seconds=60)
        assert greedy.code == 137
        assert box.limit.kills == 1
        group = box.limit.folder
    assert not group.exists()


def test_nothing_of_it_stays_when_its_maker_is_killed():
    maker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from kubelearn.containers.handmade import Handmade; import time\n"
            "box = Handmade(say=lambda line: None); print(box.pid, flush=True); time.sleep(60)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    pid = int(maker.stdout.readline())
    with open(os.pidfd_open(pid)) as ended:
        maker.kill()
        maker.communicate()
        assert select.select([ended], [], [], 20)[0]


def test_where_nothing_is_allowed_it_is_a_plain_process_and_says_why(monkeypatch):
    refused = Allowed(False, dict.fromkeys(KINDS, "Operation not permitted"))
    monkeypatch.setattr(container, "allowed", lambda: refused)
    said = []
    with Handmade("box", say=said.append) as box:
        assert box.own == ()
        assert "unshare" not in said[0]
        assert not box.has("uts")
        assert said[-1] == "not on this machine: uts: Operation not permitted"
        assert view(box, "uts").inside == (os.uname().nodename,)
        assert view(box, "uts").refused == "Operation not permitted"
        with pytest.raises(ContainerError, match="no uts namespace of its own here"):
            box.switch("uts", on=True)


def test_a_user_who_is_not_root_gets_all_others_through_a_namespace_of_users(monkeypatch):
    monkeypatch.setattr(container, "allowed", lambda: Allowed(True, {}))
    monkeypatch.setattr(Handmade, "start", lambda self: None)
    with Handmade("box", own=["uts"], say=quiet) as box:
        assert box.own == ("uts", "user")
        assert "--map-root-user" in box.command()
        with pytest.raises(ContainerError, match="only root may have the others"):
            box.switch("user", on=False)


def test_a_machine_without_util_linux_says_so(monkeypatch):
    monkeypatch.setattr(kinds.shutil, "which", lambda name: None)
    kinds.allowed.cache_clear()
    assert set(kinds.allowed().refused) == set(KINDS)
    assert "util-linux" in kinds.allowed().refused["uts"]
    kinds.allowed.cache_clear()
