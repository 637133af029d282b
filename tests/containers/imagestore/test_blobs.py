"""Content by its digest."""

import errno
import hashlib
import os

import pytest

from kubelearn.containers.imagestore import BrokenImage
from kubelearn.errors import ContainerError

DIGEST = "sha256:" + hashlib.sha256(b"hello").hexdigest()


@pytest.fixture
def blobs(store):
    return store.blobs


def left_over(store):
    return [path.name for path in store.folder.glob("ingest/*")]


def test_a_blob_has_the_digest_of_its_bytes(blobs):
    kept = blobs.add(b"hello", "text/plain")
    assert kept == {"mediaType": "text/plain", "digest": DIGEST, "size": 5}
    with blobs.open(kept) as file:
        assert file.read() == b"hello"


def test_the_same_object_is_always_the_same_blob(blobs):
    one = blobs.add_json({"a": 1, "b": 2}, "x")
    assert blobs.add_json({"b": 2, "a": 1}, "x") == one


def test_bytes_that_are_others_than_promised_are_refused_with_the_digest(blobs, store):
    with pytest.raises(BrokenImage, match=f"{DIGEST} is broken: its bytes have the digest"):
        blobs.write([b"hel", b"l0"], digest=DIGEST, size=5)
    assert (list(blobs), left_over(store)) == ([], [])


@pytest.mark.parametrize(
    ("pieces", "words"),
    [([b"hel"], "is cut off: it has 3 bytes instead of 5"), ([b"hello", b"!"], "is longer")],
)
def test_a_wrong_number_of_bytes_is_refused_with_the_digest(blobs, store, pieces, words):
    with pytest.raises(BrokenImage, match=f"{DIGEST} {words}"):
        blobs.write(pieces, digest=DIGEST, size=5)
    assert (list(blobs), left_over(store)) == ([], [])


def test_a_blob_that_was_changed_on_disk_is_noticed(blobs):
    kept = blobs.add(b"hello", "x")
    blobs.path(DIGEST).write_bytes(b"hellO")
    with pytest.raises(BrokenImage, match=f"{DIGEST} is broken"), blobs.open(kept) as file:
        file.read(1)


def test_a_blob_that_was_cut_off_on_disk_is_noticed(blobs):
    kept = blobs.add(b"hello", "x")
    blobs.path(DIGEST).write_bytes(b"hell")
    with pytest.raises(BrokenImage, match="cut off: it has 4 bytes"), blobs.open(kept):
        pass


def test_a_missing_blob_is_named(blobs):
    with pytest.raises(BrokenImage, match=f"{DIGEST} is missing"), blobs.open({"digest": DIGEST}):
        pass


@pytest.mark.parametrize("digest", ["", "sha256:../../etc", "md5:1", "sha256:" + "A" * 64])
def test_what_is_no_digest_names_no_file(blobs, digest):
    with pytest.raises(BrokenImage, match="is not a digest"):
        blobs.path(digest)


def test_a_full_disk_leaves_nothing_behind(blobs, store):
    def pieces():
        yield b"hel"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(
        ContainerError, match=r"No space left on device\n  → kubelearn images prune"
    ):
        blobs.write(pieces())
    assert (list(blobs), left_over(store)) == ([], [])


def test_a_writer_that_is_killed_leaves_no_blob(store, kill_in_the_middle):
    script = (
        "import sys, time; from pathlib import Path;"
        "from kubelearn.containers.imagestore import Store;"
        "w = Store(Path(sys.argv[1])).blobs.writer(); f = w.__enter__(); f.write(b'hello');"
        "print('half', flush=True); time.sleep(60)"
    )
    kill_in_the_middle(script, store.folder)
    assert list(store.blobs) == []
    assert len(left_over(store)) == 1
    store.collect()
    assert left_over(store) == []
