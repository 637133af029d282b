"""Layers in the making."""

import os
import tarfile

from kubelearn.containers.imagestore.layer import EPOCH, Entry, entries_of, whiteout, write_layer


def members(store, layer):
    with tarfile.open(store.blobs.path(layer["digest"])) as archive:
        return archive.getmembers()


def test_the_same_files_are_the_same_layer_whenever_and_in_whatever_order_they_were_made(
    store, tmp_path
):
    for name, order in (("one", ["b", "a", "c/d"]), ("two", ["c/d", "a", "b"])):
        for number, path in enumerate(order):
            file = tmp_path / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(path)
            os.utime(file, (number, number))
    one, two = (write_layer(store.blobs, entries_of(tmp_path / name)) for name in ("one", "two"))
    assert one == two
    assert [(m.name, m.mtime, m.uid, m.uname) for m in members(store, one)] == [
        ("a", EPOCH, 0, ""), ("b", EPOCH, 0, ""), ("c", EPOCH, 0, ""), ("c/d", EPOCH, 0, ""),
    ]  # fmt: skip


def test_folders_come_before_what_is_in_them(store):
    paths = ["a/b", "a-b", "a", "a/b/c"]
    layer = write_layer(store.blobs, [Entry(path, 0o755) for path in paths])
    assert [member.name for member in members(store, layer)] == ["a", "a/b", "a/b/c", "a-b"]


def test_links_stay_links(store, tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "soft").symlink_to("/etc/passwd")
    os.link(tmp_path / "file", tmp_path / "hard")
    found = {m.name: m for m in members(store, write_layer(store.blobs, entries_of(tmp_path)))}
    assert (found["soft"].type, found["soft"].linkname) == (tarfile.SYMTYPE, "/etc/passwd")
    assert (found["hard"].type, found["hard"].linkname) == (tarfile.LNKTYPE, "file")


def test_what_is_gone_is_a_whiteout():
    assert whiteout("a/b").path == "a/.wh.b"
    assert whiteout("b").path == ".wh.b"


def test_what_an_overlay_noted_as_gone_becomes_whiteouts(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/gone").touch()
    try:
        os.setxattr(tmp_path / "folder", "user.overlay.opaque", b"y")
        os.setxattr(tmp_path / "folder/gone", "user.overlay.whiteout", b"y")
    except OSError:
        return  # this file system has no such attributes, so no overlay notes anything there
    assert {entry.path for entry in entries_of(tmp_path)} == {
        "folder",
        "folder/.wh..wh..opq",
        "folder/.wh.gone",
    }


def test_sockets_are_left_out(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert list(entries_of(tmp_path)) == []
