"""The image store as a whole."""

import os
import subprocess
import threading

import pytest

from kubelearn.containers.imagestore import BrokenImage, Layer, NoSuchImage, Store
from kubelearn.containers.imagestore.archive import load, save
from kubelearn.containers.imagestore.roots import chain_ids
from kubelearn.errors import ContainerError
from tests.containers.imagestore.conftest import corrupt


def test_an_image_is_found_by_its_name_and_by_its_id(store, image):
    made = image("app:1", Cmd=["sh"])
    assert store.find("app:1").name == "docker.io/library/app:1"
    assert store.find(made.id[:19]).name == store.find(made.id[7:19]).name == made.name
    assert store.find("app:2") is None


def test_a_name_that_is_unknown_is_an_error_with_the_next_step(store):
    with pytest.raises(
        NoSuchImage, match=r"no image app:1 in the image store\n  → kubelearn images"
    ):
        store.get("app:1")


def test_it_says_how_an_image_runs(store, image):
    made = image("app:1", Cmd=["sh"], Env=["A=b=c"], WorkingDir="/app", User="1000")
    run = store.image(made)
    assert (run.cmd, run.env["A"], run.working_dir, run.user) == (("sh",), "b=c", "/app", "1000")
    assert (run.rootfs / "file").read_bytes() == b"content"
    assert run.id == made.id


def test_images_with_the_same_layers_share_files(store, layer, image):
    base, top = layer(("big", b"x" * 1000)), layer(("small", b"y"))
    one, two = store.image(image("one", base)), store.image(image("two", base, top))
    assert os.path.samefile(one.rootfs / "big", two.rootfs / "big")
    assert not (one.rootfs / "small").exists()


def test_a_root_is_the_same_whether_the_one_below_is_there_or_not(tmp_path, store, layer):
    layers = [
        layer(("a", b"1"), ("b", b"1")),
        layer(("a", b"2"), (".wh.b", b"")),
        layer(("c", b"")),
    ]
    below = store.roots.make(layers[:2])
    assert sorted(path.name for path in below.iterdir()) == ["a"]
    top = store.roots.make(layers)
    assert sorted(path.name for path in top.iterdir()) == ["a", "c"]
    assert (top / "a").read_bytes() == b"2"


def test_chain_ids_follow_the_specification():
    one, two = (Layer({}, "sha256:" + digit * 64) for digit in "ab")
    assert chain_ids([]) == []
    assert chain_ids([one, two]) == [
        one.diff_id,
        # printf 'sha256:aa... sha256:bb...' | sha256sum
        "sha256:ccd722928bd92476ba1745586fed6e45a102504185ad88cd89e01ff116fd146c",
    ]


def test_a_broken_layer_leaves_no_root(store, layer, image):
    base = layer(("a", b"x" * 5000))
    made = image("app", base)
    corrupt(store.blobs.path(base.diff_id))
    with pytest.raises(BrokenImage, match=base.diff_id):
        store.image(made)
    assert list(store.roots) == []
    assert [path.name for path in (store.folder / "rootfs").iterdir()] == ["lock"]


def test_a_name_is_refused_when_a_layer_is_missing(store, image):
    made = image("app")
    store.blobs.remove(made.layers[0].diff_id)
    with pytest.raises(BrokenImage, match=f"lacks its layer {made.layers[0].diff_id}"):
        store.tag("other", made.manifest)
    assert store.find("other") is None


def test_a_broken_image_is_refused_with_its_digest_and_does_not_hide_the_others(store, image):
    image("good")
    bad = image("bad", Cmd=["x"])
    corrupt(store.blobs.path(bad.config_digest))
    with pytest.raises(BrokenImage, match=bad.config_digest):
        store.find("bad")
    assert [each.name for each in store.images()] == ["docker.io/library/good:latest"]


def test_what_no_name_leads_to_is_removed(store, layer, image):
    shared = layer(("shared", b"x"))
    image("keep", shared)
    gone = image("gone", shared, layer(("own", b"y" * 100)))
    store.image(gone)
    store.remove("gone")
    assert store.collect() > 100
    assert store.names() == ["docker.io/library/keep:latest"]
    assert store.image(store.get("keep")).rootfs.exists()
    assert not store.blobs.has(gone.layers[1].diff_id)
    assert store.collect() == 0


def test_nothing_is_removed_while_somebody_builds(store, image):
    image("app")
    with store.in_use(), pytest.raises(ContainerError, match="the image store is in use"):
        store.collect()


def test_many_at_once_make_a_root_once(store, image):
    made = image("app")
    roots = []
    threads = [
        threading.Thread(target=lambda: roots.append(Store(store.folder).image(made).rootfs))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(roots) == 8
    assert len(set(roots)) == 1


def test_a_root_that_was_half_done_when_its_maker_was_killed_is_made_anew(
    store, image, kill_in_the_middle
):
    made = image("app")
    script = (
        "import sys, time; from pathlib import Path;"
        "from kubelearn.containers.imagestore import Store, roots;"
        "roots.apply = lambda *a, **k: (print('half', flush=True), time.sleep(60));"
        "store = Store(Path(sys.argv[1])); store.image(store.get('app'))"
    )
    kill_in_the_middle(script, store.folder)
    assert store.roots.find(made.layers) is None
    assert (store.image(made).rootfs / "file").read_bytes() == b"content"
    assert not list((store.folder / "rootfs").glob("*.new"))


def test_roots_can_be_kept_for_who_runs_them(store, image):
    root = store.image(image("app")).rootfs
    store.remove("app")
    assert store.collect(roots=False) > 0
    assert root.exists()
    store.collect()
    assert not root.exists()


@pytest.fixture
def small(tmp_path):
    """A file system of two megabytes."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "kubelearn-test", str(place)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_leaves_nothing_half_done(small, store, image, layer, tmp_path):
    made = image("app", layer(("a", os.urandom(1_200_000))))
    save(store, ["app"], tmp_path / "app.tar")
    full = Store(small / "images")
    load(full, tmp_path / "app.tar")
    with pytest.raises(ContainerError, match=r"No space left|more bytes than there is room for"):
        full.image(full.get("app"))
    assert [path.name for path in (full.folder / "rootfs").iterdir()] == ["lock"]
    with pytest.raises(
        ContainerError, match=r"No space left on device\n  → kubelearn images prune"
    ):
        full.blobs.write([b"x" * 1_000_000])
    assert list((full.folder / "ingest").iterdir()) == []
    assert full.get("app").id == made.id
