"""Our own builder, with this machine's programs to build on."""

from pathlib import Path

import pytest

import kubelearn.containers
from kubelearn.containers import imagebuilder, stock
from kubelearn.containers.images import Reference
from kubelearn.containers.ownbuilder import OwnBuilder
from kubelearn.errors import ContainerError

APPS = Path(kubelearn.containers.__file__).parent / "apps"


@pytest.fixture(scope="module")
def builder(tmp_path_factory):
    return OwnBuilder(tmp_path_factory.mktemp("images"), mirror=None)


@pytest.mark.parametrize(
    ("app", "tag", "arguments"),
    [
        ("hello", "kubelearn/hello:1.0", {}),
        ("hello", "kubelearn/hello:2.0", {"VERSION": "2.0"}),
        ("nginx", "nginx:1.27", {}),
    ],
)
def test_a_stock_image_is_what_its_dockerfile_says(builder, app, tag, arguments):
    builder.build(APPS / app, tag, build_args=arguments)
    built = builder.store.image(builder.store.get(tag))
    said = stock.describe(Reference.parse(tag))
    for key in ("name", "entrypoint", "cmd", "env", "working_dir", "user"):
        assert getattr(built, key) == getattr(said, key), key
    made = builder.stand_ins.roots.make(stock.recipe(Reference.parse(tag).path))
    for path in ("app", "usr/share/nginx"):
        ours = sorted(str(each.relative_to(made)) for each in (made / path).rglob("*"))
        theirs = sorted(str(e.relative_to(built.rootfs)) for e in (built.rootfs / path).rglob("*"))
        assert ours == theirs


def test_a_stand_in_says_so(builder):
    report = builder.build(APPS / "hello", "hello")
    assert "python:3.12-slim is not here: this machine's Python 3." in report.steps[0].why


def test_an_image_from_elsewhere_goes_before_a_stand_in(builder, tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM scratch\nLABEL real=yes\n")
    builder.build(tmp_path, "python:3.99")
    (tmp_path / "Dockerfile").write_text("FROM python:3.99\n")
    report = builder.build(tmp_path, "app")
    assert "not here" not in report.steps[0].why
    assert builder.store.get("app").run_config["Labels"] == {"real": "yes"}


def test_lists_show_what_was_built_and_not_what_stands_in(builder):
    builder.build(APPS / "hello", "shown:1")
    names = [summary.name for summary in builder.images()]
    assert "shown:1" in names
    assert not [name for name in names if "machine" in name]


def test_layers_are_told_with_the_instructions_that_made_them(builder):
    builder.build(APPS / "hello", "hello")
    layers = builder.layers("hello")
    assert [(layer.created_by, bool(layer.digest)) for layer in layers] == [
        ("this machine's programs, for library/python", True),
        ("ARG VERSION=1.0", False),
        ("ENV VERSION=${VERSION}", False),
        ("WORKDIR /app", True),
        ("COPY app.py .", True),
        ("USER 1000", False),
        ("EXPOSE 8080", False),
        ('CMD ["python", "app.py"]', False),
    ]


def test_two_images_are_compared_layer_by_layer(builder):
    builder.build(APPS / "hello", "hello")
    builder.build(APPS / "nginx", "web")
    found = imagebuilder.compare(builder, "hello", "web")
    counts = [len(each) for each in (found.shared, found.only_first, found.only_second)]
    assert counts == [1, 2, 2]
    assert str(found).startswith("in both: 1 layers, ")


def test_an_image_from_nowhere_is_named_with_line_and_next_step(builder, tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM postgres:17\n")
    with pytest.raises(ContainerError, match=r"Dockerfile:1: there is no image postgres:17 here"):
        builder.build(tmp_path)


def test_a_stock_image_needs_no_build(builder, tmp_path):
    assert builder.run("busybox", ["echo", "hi"]).output == "hi\n"
    builder.save("busybox:1.37", tmp_path / "busybox.tar")
    other = OwnBuilder(tmp_path / "other", mirror=None)
    assert list(other.load(tmp_path / "busybox.tar")) == ["busybox:1.37"]
    with pytest.raises(ContainerError, match="there is no image never:1"):
        builder.run("never:1")


def test_docker_that_is_asked_for_in_vain_is_an_error(builder, tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(ContainerError, match="Docker is"):
        imagebuilder.choose(tmp_path, prefer="docker")
    chosen = imagebuilder.choose(tmp_path)
    assert isinstance(chosen, OwnBuilder)
    assert "Docker is" in chosen.why
    assert imagebuilder.choose(tmp_path, prefer="own").why == "you asked for it"
