"""Layers from anywhere, put onto a root."""

import gzip
import os
import tarfile

import pytest

from kubelearn.containers.imagestore import BrokenImage, Layer
from kubelearn.containers.imagestore.layer import LAYER
from kubelearn.containers.imagestore.unpack import apply
from tests.containers.imagestore.conftest import FOLDER, corrupt, hard_link, link, tar


@pytest.fixture
def root(tmp_path):
    made = tmp_path / "root"
    made.mkdir()
    return made


@pytest.fixture
def put(store, layer, root):
    def apply_members(*members, compress=False):
        made = layer(*members, compress=compress)
        apply(store.blobs, made.blob, root, diff_id=made.diff_id)

    return apply_members


def paths(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


@pytest.mark.parametrize("compress", [False, True])
def test_files_folders_and_links_are_made(put, root, compress):
    put(
        ("./a", FOLDER),
        ("./a/file", b"content"),
        ("soft", link("a/file")),
        ("hard", hard_link("a/file")),
        compress=compress,
    )
    assert (root / "soft").read_bytes() == (root / "hard").read_bytes() == b"content"
    assert os.path.samefile(root / "hard", root / "a/file")


def test_modes_are_kept(put, root):
    put(("run", {"mode": 0o4755}), ("open", FOLDER | {"mode": 0o1777}))
    assert (root / "run").stat().st_mode & 0o7777 == 0o4755
    assert (root / "open").stat().st_mode & 0o7777 == 0o1777


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_owners_are_kept(put, root):
    put(("file", {"uid": 1000, "gid": 1001}))
    assert ((root / "file").stat().st_uid, (root / "file").stat().st_gid) == (1000, 1001)


def test_a_folder_may_forbid_what_comes_into_it(put, root):
    put(("a", FOLDER | {"mode": 0o555}), ("a/file", b"x"))
    assert (root / "a/file").read_bytes() == b"x"


def test_whiteouts_remove_what_lies_below(put, root):
    put(("a", FOLDER), ("a/1", b""), ("a/2", b""), ("b", b""))
    put(("a/.wh.1", b""), (".wh.b", b""), (".wh.never", b""))
    assert paths(root) == ["a", "a/2"]


def test_an_opaque_folder_hides_all_that_lies_below_and_nothing_of_its_own(put, root):
    put(("a", FOLDER), ("a/old", b""), ("a/deep", FOLDER), ("a/deep/old", b""))
    put(("a", FOLDER), ("a/new", b""), ("a/.wh..wh..opq", b""))
    assert paths(root) == ["a", "a/new"]


def test_a_file_takes_a_folders_place_and_a_folder_a_files(put, root):
    put(("a", FOLDER), ("a/x", b""), ("b", b"file"))
    put(("a", b"file"), ("b", FOLDER), ("b/x", b""))
    assert paths(root) == ["a", "b", "b/x"]


def test_of_two_entries_of_one_name_the_later_counts(put, root):
    put(("a", b"first"), ("a", b"second"))
    assert (root / "a").read_bytes() == b"second"


def test_a_file_below_is_replaced_and_not_written_into(put, root, tmp_path):
    put(("a", b"old"))
    os.link(root / "a", tmp_path / "shared")
    put(("a", b"new"))
    assert (tmp_path / "shared").read_bytes() == b"old"


@pytest.mark.parametrize(
    "member",
    [
        ("/etc/passwd", b"x"),
        ("../outside", b"x"),
        ("a/../../outside", b"x"),
        ("hard", hard_link("/etc/passwd")),
        ("hard", hard_link("../outside")),
    ],
)
def test_names_that_lead_out_are_refused(put, root, tmp_path, member):
    (tmp_path / "outside").write_text("mine")
    with pytest.raises(BrokenImage, match=r"sha256:[0-9a-f]{64}: the entry .* leads out"):
        put(member)
    assert (tmp_path / "outside").read_text() == "mine"


@pytest.mark.parametrize("target", ["../", "{outside}", "../../../../../../../../{outside}"])
def test_links_in_a_layer_lead_nobody_out(put, root, tmp_path, target):
    outside = tmp_path / "outside"
    outside.mkdir()
    put(("door", link(target.format(outside=outside))))
    put(("door/file", b"x"), ("door/.wh.other", b""))
    assert list(outside.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["images", "outside", "root"]


def test_a_link_in_the_same_layer_leads_nobody_out(put, root, tmp_path):
    (tmp_path / "outside").mkdir()
    put(("door", link(str(tmp_path / "outside"))), ("door/file", b"x"))
    assert list((tmp_path / "outside").iterdir()) == []


def test_writing_to_a_link_replaces_the_link(put, root, tmp_path):
    (tmp_path / "mine").write_text("mine")
    put(("a", link(str(tmp_path / "mine"))), ("a", b"x"))
    assert (tmp_path / "mine").read_text() == "mine"
    assert (root / "a").read_bytes() == b"x"


def test_a_hard_link_to_a_link_is_the_link_itself(put, root, tmp_path):
    (tmp_path / "mine").write_text("mine")
    put(("soft", link(str(tmp_path / "mine"))), ("hard", hard_link("soft")))
    assert (root / "hard").is_symlink()


def test_a_hard_link_to_nothing_is_refused(put):
    with pytest.raises(BrokenImage, match="'hard' is a link to 'never': No such file"):
        put(("hard", hard_link("never")))


@pytest.mark.parametrize("name", [".wh..", ".wh...", "a/.wh..."])
def test_a_whiteout_of_a_folder_above_is_refused(put, root, name):
    put(("a", FOLDER))
    with pytest.raises(BrokenImage, match="a whiteout names"):
        put((name, b""))


def test_devices_are_left_out(put, root):
    put(("null", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3}), ("file", b""))
    put(("disk", {"type": tarfile.BLKTYPE, "devmajor": 8, "devminor": 0}))
    assert paths(root) == ["file"]


def test_sparse_files_are_refused(put):
    with pytest.raises(BrokenImage, match="sparse"):
        put(("a", {"pax_headers": {"GNU.sparse.map": "0,1", "GNU.sparse.size": "99"}}))


def test_more_bytes_than_there_is_room_for_are_refused_before_they_are_read(store, root):
    info = tarfile.TarInfo("huge")
    info.size = 2**62
    data = info.tobuf(tarfile.GNU_FORMAT)
    blob = store.blobs.add(data, LAYER)
    with pytest.raises(BrokenImage, match="'huge' has more bytes than there is room for"):
        apply(store.blobs, blob, root, diff_id=blob["digest"])


@pytest.mark.parametrize("compress", [False, True])
def test_a_changed_layer_is_refused_with_its_digest(store, layer, root, compress):
    made = layer(("file", os.urandom(5000)), compress=compress)
    corrupt(store.blobs.path(made.blob["digest"]))
    with pytest.raises(BrokenImage, match=made.blob["digest"]):
        apply(store.blobs, made.blob, root, diff_id=made.diff_id)


@pytest.mark.parametrize("compress", [False, True])
def test_a_cut_off_layer_is_refused_with_its_digest(store, layer, root, compress):
    made = layer(("file", os.urandom(50000)), compress=compress)
    path = store.blobs.path(made.blob["digest"])
    path.write_bytes(path.read_bytes()[:25000])
    with pytest.raises(BrokenImage, match=made.blob["digest"]):
        apply(store.blobs, made.blob, root, diff_id=made.diff_id)


@pytest.mark.parametrize("data", [b"", b"no archive at all" * 100, gzip.compress(b"neither" * 99)])
def test_what_is_no_archive_is_refused_with_its_digest(store, root, data):
    blob = store.blobs.add(data, LAYER)
    with pytest.raises(BrokenImage, match=blob["digest"]):
        apply(store.blobs, blob, root, diff_id=blob["digest"])


def test_content_with_another_diff_id_is_refused(store, layer, root):
    made = layer(("file", b"x"))
    with pytest.raises(BrokenImage, match="is broken: its bytes have the digest"):
        apply(store.blobs, made.blob, root, diff_id="sha256:" + "0" * 64)


def test_zstandard_is_refused_with_the_digest(store, root):
    blob = store.blobs.add(b"\x28\xb5\x2f\xfd" + bytes(20), LAYER)
    with pytest.raises(BrokenImage, match=f"{blob['digest']} is compressed with zstd"):
        apply(store.blobs, blob, root, diff_id=blob["digest"])


@pytest.mark.parametrize("name", ["a" * 300, "loop/file"])
def test_names_that_no_file_can_have_are_refused_with_the_digest(put, name):
    put(("loop", link("loop")))
    with pytest.raises(BrokenImage, match=r"sha256:[0-9a-f]{64} is broken"):
        put((name, b"x"))


def test_a_layer_is_a_plain_archive(store, layer):
    made = layer(("a", b"x"))
    assert store.blobs.path(made.diff_id).read_bytes() == tar(("a", b"x"))
    assert isinstance(made, Layer)
