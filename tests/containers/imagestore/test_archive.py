"""Images in files."""

import io
import json
import shutil
import subprocess
import tarfile

import pytest

from kubelearn.containers.imagestore import BrokenImage, NoSuchImage, Store
from kubelearn.containers.imagestore.archive import load, save
from kubelearn.errors import ContainerError
from tests.containers.imagestore.conftest import corrupt, link, manifest_of, tar

NEEDS_SKOPEO = pytest.mark.skipif(not shutil.which("skopeo"), reason="skopeo is not installed")


@pytest.fixture
def other(tmp_path):
    return Store(tmp_path / "other")


def skopeo(*words):
    done = subprocess.run(
        ["skopeo", "--insecure-policy", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("compress", [False, True])
def test_a_saved_image_is_the_same_where_it_is_loaded(
    store, other, image, layer, tmp_path, compress
):
    made = image("app:1", layer(("a", b"1"), compress=compress), layer(("b", b"2")), Cmd=["sh"])
    save(store, ["app:1"], tmp_path / "app.tar")
    (loaded,) = load(other, tmp_path / "app.tar")
    assert (loaded.name, loaded.id) == (made.name, made.id)
    assert (other.image(loaded).rootfs / "b").read_bytes() == b"2"


def test_several_images_fit_into_one_file(store, other, image, layer, tmp_path):
    shared = layer(("a", b"1"))
    image("one", shared)
    image("two", shared, layer(("b", b"2")))
    save(store, ["one", "two"], tmp_path / "both.tar")
    assert [each.name for each in load(other, tmp_path / "both.tar")] == store.names()


def test_dockers_own_words_are_in_it(store, image, tmp_path):
    made = image("app:1")
    save(store, ["app:1"], tmp_path / "app.tar")
    (entry,) = manifest_of(tmp_path / "app.tar")
    assert entry["RepoTags"] == ["app:1"]
    assert entry["Config"] == f"blobs/sha256/{made.id[7:]}"


def test_the_same_image_is_always_the_same_file(store, image, tmp_path):
    image("app:1")
    for name in ("one.tar", "two.tar"):
        save(store, ["app:1"], tmp_path / name)
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_an_unknown_image_leaves_no_file(store, tmp_path):
    with pytest.raises(NoSuchImage):
        save(store, ["app:1"], tmp_path / "app.tar")
    assert not (tmp_path / "app.tar").exists()


def test_a_broken_image_leaves_no_file(store, image, layer, tmp_path):
    base = layer(("a", b"x" * 5000))
    image("app:1", base)
    corrupt(store.blobs.path(base.diff_id))
    with pytest.raises(BrokenImage, match=base.diff_id):
        save(store, ["app:1"], tmp_path / "app.tar")
    assert list(tmp_path.glob("*app.tar*")) == []


# --- hostile and broken files ---


@pytest.fixture
def saved(store, image, layer, tmp_path):
    image("app:1", layer(("a", b"x" * 50000)))
    save(store, ["app:1"], tmp_path / "app.tar")
    return tmp_path / "app.tar"


def test_a_changed_file_is_refused_and_nothing_of_it_has_a_name(saved, other):
    corrupt(saved)
    with pytest.raises(BrokenImage, match="sha256:"):
        load(other, saved)
    assert other.names() == []


def test_a_cut_off_file_is_refused(saved, other):
    saved.write_bytes(saved.read_bytes()[:30000])
    with pytest.raises(BrokenImage):
        load(other, saved)
    assert other.names() == []


def test_what_is_no_archive_is_refused_with_the_next_step(tmp_path, other):
    (tmp_path / "text").write_text("no archive")
    with pytest.raises(BrokenImage, match="is no archive of images"):
        load(other, tmp_path / "text")
    with pytest.raises(ContainerError, match="cannot be read: No such file"):
        load(other, tmp_path / "never")


def test_an_export_of_a_container_is_no_image(tmp_path, other):
    (tmp_path / "root.tar").write_bytes(tar(("etc/passwd", b"x")))
    with pytest.raises(BrokenImage, match=r"neither a manifest.json nor an index.json"):
        load(other, tmp_path / "root.tar")


def docker_archive(manifest, *members):
    return tar(("manifest.json", json.dumps(manifest).encode()), *members)


@pytest.mark.parametrize(
    "manifest",
    [
        [{"Config": "/etc/passwd", "Layers": [], "RepoTags": ["a"]}],
        [{"Config": "../../etc/passwd", "Layers": [], "RepoTags": ["a"]}],
        [{"Config": "link", "Layers": [], "RepoTags": ["a"]}],
        [{"Config": "config", "Layers": ["/etc/passwd"], "RepoTags": ["a"]}],
        [{"Config": "config", "Layers": ["link"], "RepoTags": ["a"]}],
        [{"Config": "config"}],
        [{"Config": "config", "Layers": []}],
        ["text"],
        {"a": 1},
        7,
    ],
)
def test_a_hostile_manifest_reads_no_file_of_this_machine(tmp_path, other, manifest):
    config = json.dumps({"rootfs": {"diff_ids": ["sha256:" + "1" * 64]}}).encode()
    members = [("config", config), ("link", link("../../../../../etc/passwd"))]
    (tmp_path / "bad.tar").write_bytes(docker_archive(manifest, *members))
    with pytest.raises(BrokenImage):
        load(other, tmp_path / "bad.tar")
    assert other.names() == []


def test_the_older_form_with_links_between_layers_is_read(tmp_path, other):
    data = tar(("a", b"1"))
    diff_id = other.blobs.write([data]).digest
    other.blobs.remove(diff_id)
    config = {"rootfs": {"diff_ids": [diff_id]}, "config": {"Cmd": ["sh"]}}
    manifest = [{"Config": "c.json", "RepoTags": ["app:1"], "Layers": ["two/layer.tar"]}]
    (tmp_path / "old.tar").write_bytes(
        docker_archive(
            manifest,
            ("c.json", json.dumps(config).encode()),
            ("one/layer.tar", data),
            ("two/layer.tar", link("../one/layer.tar")),
        )
    )
    (loaded,) = load(other, tmp_path / "old.tar")
    assert (other.image(loaded).rootfs / "a").read_bytes() == b"1"


# --- skopeo ---


@NEEDS_SKOPEO
@pytest.mark.parametrize("kind", ["docker-archive", "oci-archive"])
def test_skopeo_reads_what_is_saved(saved, store, kind):
    told = json.loads(skopeo("inspect", "--config", f"{kind}:{saved}"))
    assert told == json.loads(store.blobs.path(store.get("app:1").id).read_text())
    assert json.loads(skopeo("inspect", f"{kind}:{saved}"))["Layers"]


@NEEDS_SKOPEO
@pytest.mark.parametrize(
    ("kind", "form"),
    [("docker-archive", "docker-archive:{}:app:1"), ("oci-archive", "oci-archive:{}:app:1")],
)
def test_what_skopeo_writes_is_read(saved, store, other, tmp_path, kind, form):
    file = tmp_path / "copy.tar"
    skopeo("copy", f"docker-archive:{saved}", form.format(file))
    (loaded,) = load(other, file)
    assert loaded.name == "docker.io/library/app:1"
    assert (other.image(loaded).rootfs / "a").stat().st_size == 50000
    assert loaded.layers[0].diff_id == store.get("app:1").layers[0].diff_id


@NEEDS_SKOPEO
def test_skopeo_reads_the_store_itself(store, image):
    made = image("app:1")
    told = json.loads(skopeo("inspect", f"oci:{store.folder}:docker.io/library/app:1"))
    assert told["Layers"] == [made.layers[0].diff_id]


def test_an_index_for_several_machines_gives_the_image_for_this_one(store, other, image, tmp_path):
    from kubelearn.containers.imagestore.platform import architecture

    made = image("app:1")
    content = store.blobs.json(made.manifest)
    platforms = [
        {
            **made.manifest,
            "digest": "sha256:" + "0" * 64,
            "platform": {"os": "linux", "architecture": "x"},
        },
        {**made.manifest, "platform": {"os": "linux", "architecture": architecture()}},
    ]
    index = json.dumps({"schemaVersion": 2, "manifests": platforms}).encode()
    kept = store.blobs.add(index, "application/vnd.oci.image.index.v1+json")
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        digests = [kept["digest"], made.manifest["digest"], content["config"]["digest"]]
        for digest in [*digests, made.layers[0].diff_id]:
            archive.add(store.blobs.path(digest), f"blobs/sha256/{digest[7:]}")
        top = json.dumps(
            {
                "manifests": [
                    {**kept, "annotations": {"io.containerd.image.name": "docker.io/library/app:1"}}
                ]
            }
        ).encode()
        info = tarfile.TarInfo("index.json")
        info.size = len(top)
        archive.addfile(info, io.BytesIO(top))
    (tmp_path / "multi.tar").write_bytes(file.getvalue())
    (loaded,) = load(other, tmp_path / "multi.tar")
    assert loaded.id == made.id
