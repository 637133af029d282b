"""Paths of containers without a root filesystem of their own."""

from pathlib import Path

import pytest

from kubelearn.containers.paths import PathMap

ROOT = Path("/srv/c1/root")


@pytest.fixture
def paths():
    return PathMap(ROOT, ["/data", "/data/inner/", "/tmp", "/dev/termination-log"])


@pytest.mark.parametrize(
    ("text", "mapped"),
    [
        ("/data", f"{ROOT}/data"),
        ("cat /data/x", f"cat {ROOT}/data/x"),
        ("--dir=/data", f"--dir={ROOT}/data"),
        (
            "echo bye > /dev/termination-log; exit 1",
            f"echo bye > {ROOT}/dev/termination-log; exit 1",
        ),
        ("/bin:/tmp/bin", f"/bin:{ROOT}/tmp/bin"),
        ('open("/tmp/a")', f'open("{ROOT}/tmp/a")'),
        ("/data/inner/y", f"{ROOT}/data/inner/y"),
    ],
)
def test_private_paths_lead_into_the_containers_folder(paths, text, mapped):
    assert paths.to_machine(text) == mapped


@pytest.mark.parametrize(
    "text",
    [
        "/database",
        "http://web/data",
        "../data",
        "x/tmp",
        "$HOME/tmp",
        "${HOME}/tmp",
        "/tmp-2",
        "~/tmp",
    ],
)
def test_other_text_stays(paths, text):
    assert paths.to_machine(text) == text


def test_output_shows_paths_as_the_container_sees_them(paths):
    assert paths.to_container(f"cat: {ROOT}/data/x: gone".encode()) == b"cat: /data/x: gone"
    assert paths.to_container(f"{ROOT}\n".encode()) == b"/\n"
    assert paths.to_container(b"nothing of it") == b"nothing of it"


def test_nothing_private_maps_nothing():
    assert PathMap(ROOT, []).to_machine("/data /tmp") == "/data /tmp"
