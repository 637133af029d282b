"""Which images are on a cluster's nodes."""

import json

import pytest

from kubelearn.containers.build.report import BuildReport
from kubelearn.containers.clusterimages import ClusterImages, Loaded
from kubelearn.containers.images import PullError, Reference
from kubelearn.containers.imagestore import NoSuchImage
from kubelearn.containers.imagestore.registry import Registry
from kubelearn.containers.machineimages import MachineImages
from kubelearn.containers.ownbuilder import OwnBuilder
from kubelearn.containers.stock import StockImages
from kubelearn.errors import ContainerError


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("images")


@pytest.fixture
def builder(home):
    made = OwnBuilder(home, mirror=None)
    yield made
    for summary in made.images():
        made.remove(summary.name)


@pytest.fixture
def build(builder, tmp_path):
    def make(dockerfile: str, tag: str, **files: str) -> BuildReport:
        folder = tmp_path / "app"
        folder.mkdir(exist_ok=True)
        for name, text in {"Dockerfile": dockerfile, **files}.items():
            (folder / name).write_text(text)
        return builder.build(folder, tag)

    return make


@pytest.fixture
def cluster(builder, home, tmp_path):
    def make(*, rooted=True, mirror=None):
        roots = MachineImages(home / "machine") if rooted else None
        return ClusterImages(
            StockImages(tmp_path / "stock", roots=roots),
            store=builder.store,
            loaded=Loaded(tmp_path / "loaded.json"),
            rooted=rooted,
            mirror=mirror,
        )

    return make


APP = 'FROM python:3.12-slim\nWORKDIR /app\nCOPY app .\nENV A=1\nCMD ["python", "app"]\n'


async def test_an_image_that_was_built_is_not_on_the_nodes(build, cluster, reference):
    build(APP, "app:1", app="x")
    nodes = cluster()
    assert nodes.find(reference("app:1")) is None
    with pytest.raises(PullError) as error:
        await nodes.pull(reference("app:1"))
    assert error.value.message.startswith(
        'failed to pull and unpack image "docker.io/library/app:1": failed to resolve reference '
        '"docker.io/library/app:1": not found'
    )
    assert error.value.message.endswith(
        "(the image store has it, these nodes do not: kubelearn images load app:1)"
    )


async def test_an_image_that_was_loaded_is(build, cluster, reference):
    report = build(APP, "app:1", app="x")
    nodes = cluster()
    await nodes.load("app:1")
    image = nodes.find(reference("app:1"))
    assert (image.cmd, image.working_dir, image.env["A"]) == (("python", "app"), "/app", "1")
    assert (image.rootfs / "app/app").read_text() == "x"
    assert (image.rootfs / "usr/local/bin/python").exists()
    assert image.size_bytes == report.size
    assert "docker.io/library/app:1" in [each.name for each in nodes.list()]


async def test_it_stays_when_the_cluster_starts_again_and_when_the_name_is_built_anew(
    build, cluster, reference
):
    build(APP, "app:1", app="x")
    await cluster().load("app:1")
    build(APP, "app:1", app="y")
    image = cluster().find(reference("app:1"))
    assert (image.rootfs / "app/app").read_text() == "x"
    nodes = cluster()
    await nodes.load("app:1")
    assert (nodes.find(reference("app:1")).rootfs / "app/app").read_text() == "y"


async def test_to_pull_a_loaded_image_asks_a_registry_all_the_same(build, cluster, reference):
    build(APP, "app:1", app="x")
    nodes = cluster()
    await nodes.load("app:1")
    with pytest.raises(PullError, match="not found"):
        await nodes.pull(reference("app:1"))


async def test_an_unknown_image_cannot_be_loaded(cluster):
    with pytest.raises(NoSuchImage, match="no image never:1"):
        await cluster().load("never:1")


async def test_a_loaded_image_that_was_broken_since_is_not_on_the_nodes(
    build, builder, cluster, reference
):
    build(APP, "app:1", app="x")
    await cluster().load("app:1")
    builder.store.blobs.path(builder.store.get("app:1").manifest["digest"]).write_text("{}")
    assert cluster().find(reference("app:1")) is None


# --- containers that see this machine's files ---


async def test_without_a_root_an_image_is_what_it_adds_to_this_machines_programs(
    build, cluster, reference
):
    build(APP + "COPY app /etc/app.conf\n", "app:1", app="x")
    nodes = cluster(rooted=False)
    await nodes.load("app:1")
    files = nodes.find(reference("app:1")).files
    assert sorted(files) == ["/app", "/etc/app.conf", "/usr/local"]
    assert (files["/app"] / "app").read_text() == files["/etc/app.conf"].read_text() == "x"


async def test_without_a_root_programs_of_another_system_cannot_run(build, cluster):
    build('FROM scratch\nCOPY app /\nCMD ["/app"]\n', "alien:1", app="x")
    with pytest.raises(ContainerError, match="the image alien:1 has programs of its own"):
        await cluster(rooted=False).load("alien:1")


# --- registries ---


async def test_other_images_come_from_the_registry_that_is_named(
    build, builder, cluster, reference, monkeypatch
):
    build(APP, "app:1", app="x")
    stored = builder.store.get("app:1")
    asked = []

    def resolve(self, wanted):
        asked.append((self._mirror, str(wanted)))
        return stored

    monkeypatch.setattr(Registry, "resolve", resolve)
    monkeypatch.setattr(Registry, "fetch", lambda self, wanted, resolved, store: resolved)
    nodes = cluster(mirror="mirror:5000")
    assert (await nodes.pull(reference("app:1"))).rootfs
    assert asked == [("mirror:5000", "docker.io/library/app:1")]
    await nodes.pull(reference("python:3"))
    assert len(asked) == 1


async def test_a_registry_that_cannot_be_reached_is_said_in_containerds_words(cluster, reference):
    with pytest.raises(PullError) as error:
        await cluster(mirror="").pull(reference("no-such.invalid/app:1"))
    assert error.value.message == (
        'failed to pull and unpack image "no-such.invalid/app:1": failed to resolve reference '
        '"no-such.invalid/app:1": failed to do request: Head '
        '"https://no-such.invalid/v2/app/manifests/1": dial tcp: lookup no-such.invalid: no such '
        "host"
    )


def test_a_damaged_list_is_an_empty_one(tmp_path):
    (tmp_path / "loaded.json").write_text("{")
    loaded = Loaded(tmp_path / "loaded.json")
    assert loaded.names() == {}
    loaded.put("a", {"digest": "x"})
    assert json.loads((tmp_path / "loaded.json").read_text()) == {"a": {"digest": "x"}}


async def test_an_image_that_is_removed_is_on_no_node_also_after_a_restart(cluster, build):
    build(APP, "shop:1", app="print(1)")
    images = cluster()
    await images.load("shop:1")
    images.remove("shop:1")
    images.remove("shop:1")
    assert images.find(Reference.parse("shop:1")) is None
    assert cluster().find(Reference.parse("shop:1")) is None
