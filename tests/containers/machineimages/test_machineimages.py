"""Roots made of this machine's own programs."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from kubelearn.containers.images import Reference
from kubelearn.containers.machineimages import MachineImages, Recipe, python, recipes
from kubelearn.containers.machineimages.libraries import libraries, loader_of
from kubelearn.containers.machineimages.root import Root
from kubelearn.containers.stock import StockImages
from kubelearn.errors import ContainerError

NEEDS_CHROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may change its root folder")


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return MachineImages(tmp_path_factory.mktemp("images"))


@pytest.fixture
def root(tmp_path):
    return Root(tmp_path / "root")


def run_in(root, *command, user="0:0", **environment):
    """What a program prints that has nothing but the root."""
    return subprocess.run(
        [shutil.which("chroot"), f"--userspec={user}", root, *command],
        env={"PATH": "/usr/local/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


@NEEDS_CHROOT
def test_a_shell_and_tools_run_in_it(images):
    root = images.make(recipes.busybox())
    assert run_in(root, "sh", "-c", "cat /etc/passwd | grep -c root; ls -d /tmp") == "1\n/tmp"


@NEEDS_CHROOT
def test_python_runs_in_it_as_an_ordinary_user(images):
    root = images.make(recipes.python_slim())
    script = (
        "import sys, ssl, sqlite3, ctypes, asyncio, json; print(sys.prefix, *sys.version_info[:3])"
    )
    told = run_in(root, "python", "-c", script, user="1000:1000")
    assert told == f"/usr/local {python.VERSION.replace('.', ' ')}"


@NEEDS_CHROOT
def test_python_has_none_of_the_packages_that_are_installed_here(images):
    root = images.make(recipes.python_slim())
    script = "import importlib.util as u; print(u.find_spec('aiohttp'), u.find_spec('kubelearn'))"
    assert run_in(root, "python", "-c", script) == "None None"


@NEEDS_CHROOT
def test_pythons_own_modules_need_no_compiling_whatever_their_time(images, tmp_path):
    source = Path(os.__file__).parent / "json/decoder.py"
    if not Path(source.parent / f"__pycache__/decoder.{sys.implementation.cache_tag}.pyc").exists():
        pytest.skip("this machine's Python has no compiled modules")
    root = images.make(recipes.python_slim())
    file = run_in(root, "python", "-c", "import json.decoder as d; print(d.__file__)")
    os.utime(root / file.lstrip("/"), (0, 0))
    told = run_in(root, "python", "-v", "-c", "import json.decoder", PYTHONDONTWRITEBYTECODE="1")
    assert told == ""
    script = "import json.decoder as d; print(d.__loader__.get_code('json.decoder').co_filename)"
    assert run_in(root, "python", "-c", script)


def test_the_root_keeps_links_that_lead_to_a_file(root, tmp_path):
    real = tmp_path / "machine/lib/libx.so.1.2"
    real.parent.mkdir(parents=True)
    real.write_bytes(b"code")
    (real.parent / "libx.so.1").symlink_to("libx.so.1.2")
    (tmp_path / "machine/lib64").symlink_to("lib")
    root.add(tmp_path / "machine/lib64/libx.so.1")
    assert os.readlink(root.place(tmp_path / "machine/lib64")) == "lib"
    assert os.readlink(root.place(tmp_path / "machine/lib/libx.so.1")) == "libx.so.1.2"
    assert root.place(real).read_bytes() == b"code"


def test_an_absolute_link_in_the_root_does_not_lead_to_the_machines_files(root, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "program").write_text("x")
    root.link("/opt/python", str(tmp_path / "mine"))
    root.copy(tmp_path / "program", "/opt/python/bin/program")
    assert list((tmp_path / "mine").iterdir()) == []
    assert (root.path / str(tmp_path / "mine").lstrip("/") / "bin/program").read_text() == "x"


def test_files_are_copies_that_everybody_may_read(root, tmp_path):
    source = tmp_path / "secretive"
    source.write_text("x")
    source.chmod(0o4700)
    old = os.umask(0o077)
    try:
        root.copy(source, "/a/b/program")
    finally:
        os.umask(old)
    made = root.place("/a/b/program")
    assert (made.stat().st_mode & 0o7777, made.parent.stat().st_mode & 0o777) == (0o755, 0o755)
    assert made.stat().st_ino != source.stat().st_ino


def test_a_loader_is_found_in_programs_only(tmp_path):
    assert loader_of(Path(os.path.realpath(python.PROGRAM))).startswith("/")
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    assert loader_of(script) is None
    assert libraries(script) == []


def test_each_root_is_made_once(tmp_path):
    made = []

    def make(root):
        made.append(root.path)
        root.write("/file", "x")

    recipe = Recipe("app", make, [])
    first, second = MachineImages(tmp_path), MachineImages(tmp_path)
    threads = [threading.Thread(target=each.make, args=[recipe]) for each in (first, second) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert (first.find(recipe) / "file").read_text() == "x"
    assert not made[0].exists()


def test_another_program_makes_another_root(tmp_path):
    program = tmp_path / "program"
    program.write_text("1")
    images = MachineImages(tmp_path / "images")
    one = images.make(Recipe("app", lambda root: root.copy(program, "/program"), [program]))
    program.write_text("12")
    images = MachineImages(tmp_path / "images")
    two = images.make(Recipe("app", lambda root: root.copy(program, "/program"), [program]))
    assert [(each / "program").read_text() for each in (one, two)] == ["1", "12"]


def test_a_root_that_cannot_be_finished_leaves_nothing(tmp_path):
    def full(root):
        root.write("/file", "x")
        raise OSError(28, "No space left on device")

    images = MachineImages(tmp_path)
    with pytest.raises(ContainerError, match="No space left on device"):
        images.make(Recipe("app", full, []))
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_what_a_killed_maker_left_is_cleared_away(tmp_path):
    recipe = Recipe("app", lambda root: root.write("/file", "whole"), [])
    half = tmp_path / f"app-{recipe.key}.new"
    half.mkdir()
    (half / "file").write_text("ha")
    images = MachineImages(tmp_path)
    assert images.find(recipe) is None
    assert (images.make(recipe) / "file").read_text() == "whole"
    assert not half.exists()


async def test_a_stock_image_is_there_once_it_was_pulled(tmp_path, images):
    store = StockImages(tmp_path, roots=images)
    reference = Reference.parse("kubelearn/hello:1.0")
    pulled = await store.pull(reference)
    assert (pulled.rootfs / "app/app.py").exists()
    assert store.find(reference) == pulled
    assert pulled.size_bytes > 1_000_000
    assert "docker.io/kubelearn/hello:1.0" in [image.name for image in store.list()]


async def test_a_stock_image_is_not_there_before(tmp_path):
    store = StockImages(tmp_path, roots=MachineImages(tmp_path / "roots"))
    assert store.find(Reference.parse("busybox")) is None
    assert store.list() == []
