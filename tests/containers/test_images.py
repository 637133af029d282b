"""Image names."""

import pytest

from kubelearn.containers.images import Image, InvalidImageName, Reference


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.27", "docker.io/library/nginx:1.27"),
        ("kubelearn/hello:1.0", "docker.io/kubelearn/hello:1.0"),
        ("docker.io/busybox", "docker.io/library/busybox:latest"),
        ("localhost/app", "localhost/app:latest"),
        ("no-such.invalid/app:1", "no-such.invalid/app:1"),
        ("localhost:5000/team/app:v2", "localhost:5000/team/app:v2"),
        ("app@sha256:" + "a" * 64, "docker.io/library/app@sha256:" + "a" * 64),
    ],
)
def test_a_short_name_stands_for_a_full_one(text, full):
    assert str(Reference.parse(text)) == full


def test_upper_case_is_refused_in_upstreams_words():
    with pytest.raises(InvalidImageName) as error:
        Reference.parse("UPPER case")
    assert error.value.message == (
        'Failed to apply default image tag "UPPER case": couldn\'t parse image name "UPPER case": '
        "invalid reference format: repository name (library/UPPER case) must be lowercase"
    )


@pytest.mark.parametrize("text", ["", ":1", "a b", "app:", "app@sha256:12", "-app", "a//b"])
def test_what_is_no_name_is_refused(text):
    with pytest.raises(InvalidImageName, match="invalid reference format"):
        Reference.parse(text)


def test_images_that_differ_have_different_ids():
    assert Image("a:1").id != Image("a:1", cmd=("sh",)).id
    assert Image("a:1").id == Image("a:1").id
