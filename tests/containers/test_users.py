"""Whom a container's program runs as."""

from dataclasses import replace

import pytest

from kubelearn.containers.images import Image
from kubelearn.containers.runtime import LinuxUser, SecurityContext
from kubelearn.containers.users import resolve
from kubelearn.errors import ContainerError


@pytest.fixture
def image(tmp_path):
    """An image with a few users and groups."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text(
        "root:x:0:0:root:/root:/bin/sh\nweb:x:101:102:a comment:/srv:/bin/sh\nbroken\n"
    )
    (tmp_path / "etc/group").write_text("root:x:0:\nweb:x:102:\nlogs:x:103:other,web\n")
    return Image("a:1", rootfs=tmp_path)


def test_the_default_is_root_at_its_home(image):
    user = resolve(image, SecurityContext())
    assert (user.linux, user.home) == (LinuxUser(0, 0, [0]), "/root")


def test_the_image_names_a_user_who_is_in_groups(image):
    user = resolve(replace(image, user="web"), SecurityContext())
    assert (user.linux, user.home) == (LinuxUser(101, 102, [102, 103]), "/srv")
    assert resolve(replace(image, user="101:root"), SecurityContext()).linux.gid == 0


def test_the_pod_counts_more_than_the_image(image):
    security = SecurityContext(run_as_user=7, run_as_group=8, groups=[9])
    user = resolve(replace(image, user="web"), security)
    assert (user.linux, user.home) == (LinuxUser(7, 8, [8, 9]), "/")


def test_the_images_groups_can_be_left_out(image):
    security = SecurityContext(run_as_user=101, merge_groups=False)
    assert resolve(image, security).linux == LinuxUser(101, 102, [102])


def test_an_image_without_files_knows_numbers_alone(tmp_path):
    image = Image("a:1", user="5:6", rootfs=tmp_path)
    assert resolve(image, SecurityContext()).linux == LinuxUser(5, 6, [6])
    with pytest.raises(ContainerError, match="unable to find user web: no matching entries"):
        resolve(replace(image, user="web"), SecurityContext())
    with pytest.raises(ContainerError, match="unable to find group web"):
        resolve(replace(image, user="5:web"), SecurityContext())
