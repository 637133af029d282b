"""The same images in Docker Engine and in our own store, and both builders side by side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from kubelearn.containers import stock
from kubelearn.containers.dockerbuilder import DockerBuilder
from kubelearn.containers.images import Reference
from kubelearn.containers.ownbuilder import OwnBuilder

BASE = "kubelearn-test/python:1"


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> OwnBuilder:
    """Our own builder, with the image `kubelearn-test/python:1` to build on."""
    builder = OwnBuilder(tmp_path_factory.mktemp("images"), mirror=None)
    reference = Reference.parse("python:3.12-slim")
    image = stock.describe(reference)
    assert image
    builder.store.tag(BASE, builder.stand_ins.make(reference, image).manifest)
    return builder


@pytest.fixture(scope="session")
def engine(
    docker_engine: docker.DockerClient, own: OwnBuilder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DockerBuilder]:
    """Docker Engine as a builder, with the same image; what tests build there is removed."""
    file = tmp_path_factory.mktemp("base") / "base.tar"
    own.save(BASE, file)
    builder = DockerBuilder(docker_engine, why="the test says so")
    assert builder.load(file) == [BASE]
    yield builder
    for summary in builder.images():
        if summary.name.startswith("kubelearn-test/"):
            docker_engine.images.remove(summary.name, force=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to build."""
    made = tmp_path / "app"
    made.mkdir()
    return made
