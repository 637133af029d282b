"""A container's folder without a root file system."""

from datetime import UTC, datetime

import pytest

from kubelearn.containers.bundle import make_bundle
from kubelearn.containers.images import Image
from kubelearn.containers.runtime import ContainerConfig, LinuxUser, Mount, Sandbox, SandboxConfig


@pytest.fixture
def bundle(tmp_path):
    root = tmp_path / "rootfs"
    (root / "app/data").mkdir(parents=True)
    (root / "app/data/old").write_text("image")
    (root / "app/app.py").write_text("image")
    (tmp_path / "volume").mkdir()
    image = Image("app", files={"/app": root / "app"}, rootfs=root)
    config = ContainerConfig(
        name="app",
        image=image,
        log_path=tmp_path / "log",
        mounts=[Mount("/app/data", tmp_path / "volume")],
    )
    sandbox = Sandbox(
        "s", SandboxConfig("default", "a", "u", "a", host_network=True), "", datetime.now(UTC)
    )
    made = make_bundle(tmp_path / "c", config, sandbox=sandbox, files={}, user=LinuxUser(0, 0, []))
    yield made
    if made.namespaces:
        made.namespaces.close()


def test_what_the_image_adds_is_a_copy(bundle, tmp_path):
    (bundle.paths.place("/app") / "app.py").write_text("changed")
    assert (tmp_path / "rootfs/app/app.py").read_text() == "image"


def test_a_volume_hides_what_the_image_has_there(bundle, tmp_path):
    (bundle.paths.place("/app/data") / "new").write_text("x")
    assert [path.name for path in (tmp_path / "volume").iterdir()] == ["new"]
    assert (tmp_path / "rootfs/app/data/old").read_text() == "image"
