"""Names of images."""

import json
import multiprocessing

import pytest

from kubelearn.containers.imagestore.index import Index
from kubelearn.errors import ContainerError

MANIFEST = {"mediaType": "m", "digest": "sha256:" + "a" * 64, "size": 1}


def test_a_name_stands_for_a_manifest(tmp_path):
    index = Index(tmp_path)
    index.put("b", MANIFEST)
    index.put("a", MANIFEST)
    assert list(index.names()) == ["a", "b"]
    assert index.names()["a"] == MANIFEST
    index.remove("a")
    index.remove("a")
    assert list(index.names()) == ["b"]


def test_it_is_an_oci_image_layout(tmp_path):
    Index(tmp_path).put("a", MANIFEST)
    assert json.loads((tmp_path / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    found = json.loads((tmp_path / "index.json").read_text())
    assert found["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"] == "a"


def _put_many(folder, first):
    for number in range(first, first + 20):
        Index(folder).put(f"image-{number:03}", MANIFEST)


def test_several_writers_lose_nothing(tmp_path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_put_many, args=(tmp_path, 20 * n)) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(Index(tmp_path).names()) == 60


def test_the_lock_of_somebody_who_was_killed_holds_nobody_up(tmp_path, kill_in_the_middle):
    script = (
        "import sys, time; from pathlib import Path;"
        "from kubelearn.containers.filelock import locked;"
        "lock = locked(Path(sys.argv[1]) / 'index.lock'); lock.__enter__();"
        "print('half', flush=True); time.sleep(60)"
    )
    kill_in_the_middle(script, tmp_path)
    Index(tmp_path).put("a", MANIFEST)
    assert list(Index(tmp_path).names()) == ["a"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path, modes_count):
    tmp_path.chmod(0o500)
    with pytest.raises(ContainerError, match="cannot be written: Permission denied"):
        Index(tmp_path).put("a", MANIFEST)
