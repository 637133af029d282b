"""What several test folders need: a living cluster, and programs that a machine may not have."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kubelearn.clusters import Cluster, EmbeddedCluster, connect
from kubelearn.clusters.doctor.programs import BROWSERS
from kubelearn.clusters.kind import KindCluster, stock
from kubelearn.containers import dockerengine
from kubelearn.embedded.state import StateFolder
from kubelearn.errors import ContainerError
from tests import permissions

if TYPE_CHECKING:
    from docker import DockerClient
    from playwright.sync_api import Browser

_KIND_IMAGE = "kubelearn/node:v1.36.3"  # what `make kind-image` builds
_IMAGES = ("busybox:1.37", "busybox:1.36", "python:3.12-slim", "nginx:1.29")


@pytest.fixture(scope="session")
def cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """A cluster of the tests' own, or the one that KUBELEARN_BACKEND names.

    KUBELEARN_RUNTIME says what runs its containers, if not the best that this machine allows.
    """
    backend = os.environ.get("KUBELEARN_BACKEND", "embedded")
    if backend == "kind":
        real: KindCluster = request.getfixturevalue("kind_cluster")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("KUBELEARN_STATE", str(real.folder.parent.parent))
            yield real
        return
    if backend != "embedded":
        yield connect()
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBELEARN_STATE", str(tmp_path_factory.mktemp("state")))
        embedded = EmbeddedCluster("tests", runtime=os.environ.get("KUBELEARN_RUNTIME"))
        embedded.up()
        yield embedded
        embedded.delete()


@pytest.fixture(scope="session")
def kind_image(docker_engine: DockerClient) -> str:
    """The image of kind's nodes; the test is skipped where kind or its image is not at hand."""
    if not shutil.which("kind"):
        pytest.skip("no kind: tools/newest FOLDER kind fetches Debian's newest")
    name = os.environ.get("KUBELEARN_KIND_IMAGE", _KIND_IMAGE)
    if not docker_engine.images.list(name):
        pytest.skip(f"Docker has no node image {name}: make kind-image")
    return name


@pytest.fixture(scope="session")
def kind_cluster(
    docker_engine: DockerClient, kind_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KindCluster]:
    """Real Kubernetes with the images that tests use. One called `tests` is taken, and left."""
    with pytest.MonkeyPatch.context() as patch:
        # Only while it is made: other tests of this process have clusters and states of their own.
        patch.setenv("KUBELEARN_STATE", str(tmp_path_factory.mktemp("state")))
        found = KindCluster("tests", image=kind_image)
    ours = not found.exists()
    found.up()
    stock.provide(docker_engine, _IMAGES)
    found.load_image(*_IMAGES)
    yield found
    if ours:
        found.delete()


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state folder of the test's own; no cluster in it outlives the test."""
    folder = tmp_path / "state"
    monkeypatch.setenv("KUBELEARN_STATE", str(folder))
    monkeypatch.delenv("KUBELEARN_BACKEND", raising=False)
    yield folder
    for left in StateFolder.all():
        EmbeddedCluster(left.name).delete()


@pytest.fixture
def kubelearn(state: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command `kubelearn` in a process of its own; it never raises for an exit code."""

    def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "kubelearn", *words],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def taken_port() -> Iterator[None]:
    """Somebody listens on the API server's port 6443."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Who has it already does as well.
        with contextlib.suppress(OSError):
            other.bind(("127.0.0.1", 6443))
            other.listen()
        yield


@pytest.fixture
def modes_count() -> Iterator[None]:
    """The modes of files and folders count for the test, even if root runs it."""
    with permissions.obeyed():
        yield


def required(found: str | None, reason: str) -> str:
    """What was found. Without it the test is skipped, but in CI it must run."""
    if found:
        return found
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[DockerClient]:
    """A client of a Docker Engine; without one the test is skipped."""
    try:
        client = dockerengine.connect()
    except ContainerError as error:
        pytest.skip(f"no Docker Engine (tools/docker-engine start): {error.message}")
    yield client
    client.close()


@pytest.fixture(scope="session")
def kubectl_path() -> str:
    """The command's path; without one the test is skipped, but in CI it must run."""
    found = os.environ.get("KUBELEARN_KUBECTL") or shutil.which("kubectl")
    return required(
        found,
        "no kubectl: tools/kubectl FOLDER fetches Debian's newest; KUBELEARN_KUBECTL names one",
    )


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser's path; without one the test is skipped, but in CI it must run."""
    named = os.environ.get("KUBELEARN_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    reason = "no Chromium: apt-get install chromium, or set KUBELEARN_CHROMIUM to its path"
    return required(found, reason)


@pytest.fixture(scope="module")
def chromium(chromium_path: str) -> Iterator[Browser]:
    """A running browser. One a module: while it is open, no other event loop may run."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path,
            # As root, Chromium refuses to start with its sandbox.
            args=["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])],
        )
        yield browser
        browser.close()
