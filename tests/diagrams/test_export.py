"""Pictures as files."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from kubelearn.diagrams import export as module
from kubelearn.diagrams import svg
from kubelearn.diagrams.export import export, to_png
from kubelearn.errors import KubelearnError

PICTURE = svg.document(svg.text("kube", x=10, y=30, size=24), width=80, height=40, label="kube")


@pytest.fixture(autouse=True)
def fresh_fonts():
    module._family.cache_clear()
    yield
    module._family.cache_clear()


def size(png):
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


def pixels(png):
    """The bytes of the picture itself."""
    data, at = b"", 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    return zlib.decompress(data)


def test_an_svg_file_is_the_picture_as_it_is(tmp_path):
    path = export(PICTURE, tmp_path / "a.svg")
    assert path == tmp_path / "a.svg"
    assert path.read_text() == PICTURE


def test_a_png_file_has_the_pictures_size_and_its_text(tmp_path):
    path = export(PICTURE, tmp_path / "a.PNG", scale=3)
    assert size(path.read_bytes()) == (240, 120)
    empty = svg.document(width=80, height=40, label="kube")
    assert pixels(to_png(PICTURE)) != pixels(to_png(empty))


def test_what_can_draw_itself_is_exported_as_it_is_now(tmp_path):
    class Widget:
        def picture(self):
            return PICTURE

    assert export(Widget(), str(tmp_path / "a.svg")).read_text() == PICTURE


def test_no_program_is_needed(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert size(export(PICTURE, tmp_path / "a.png").read_bytes()) == (160, 80)


@pytest.mark.parametrize("name", ["a.pdf", "a", "a.svg.txt"])
def test_another_suffix_is_refused_and_nothing_is_written(tmp_path, name):
    with pytest.raises(KubelearnError, match=r"end the name with \.svg or \.png"):
        export(PICTURE, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.svg", "a.png"])
def test_what_is_no_picture_is_refused(tmp_path, name):
    with pytest.raises(KubelearnError, match="no picture"):
        export("hello", tmp_path / name)


def test_a_broken_picture_cannot_become_a_png(tmp_path):
    with pytest.raises(KubelearnError, match="cannot be drawn"):
        export("<svg", tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named_with_what_makes_it(tmp_path):
    with pytest.raises(KubelearnError, match=f"mkdir -p {tmp_path}/no") as told:
        export(PICTURE, tmp_path / "no" / "a.svg")
    assert "there is no folder" in told.value.message


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "a.svg").mkdir()
    with pytest.raises(KubelearnError, match="name a file in it"):
        export(PICTURE, tmp_path / "a.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["a.svg"]


def test_a_folder_that_takes_no_files_is_said():
    # Not even root may write there.
    with pytest.raises(KubelearnError, match="choose a") as told:
        export(PICTURE, "/sys/a.svg")
    assert told.value.message.startswith("cannot write /sys/a.svg: ")


def test_another_file_system_that_is_full_is_said(tmp_path, monkeypatch):
    # What a full disk answers, from the kernel's own device for it.
    monkeypatch.setattr(os, "fsync", lambda _number: Path("/dev/full").write_text("x"))
    with pytest.raises(KubelearnError, match="No space left on device") as told:
        export(PICTURE, tmp_path / "a.svg")
    assert "make room" in told.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_whole_leaves_the_old_one_and_no_half_one(tmp_path):
    target = tmp_path / "a.svg"
    target.write_text("old")
    script = f"""
import resource
from kubelearn.diagrams.export import export
from kubelearn.errors import KubelearnError
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    export("<svg>" + "x" * 100_000 + "</svg>", {str(target)!r})
except KubelearnError as error:
    print(error.message)
"""
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert "File too large" in ran.stdout
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.svg"]


def test_a_new_file_has_the_rights_that_new_files_have(tmp_path):
    (tmp_path / "other").write_text("")
    path = export(PICTURE, tmp_path / "a.svg")
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.svg").write_text("old")
    (tmp_path / "link.svg").symlink_to(tmp_path / "real.svg")
    export(PICTURE, tmp_path / "link.svg")
    assert (tmp_path / "link.svg").is_symlink()
    assert (tmp_path / "real.svg").read_text() == PICTURE


def test_a_machine_without_fonts_is_told_so_instead_of_a_picture_without_words(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(module, "_OPTIONS", {"skip_system_fonts": True})
    with pytest.raises(KubelearnError, match="fonts-dejavu-core"):
        export(PICTURE, tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []
