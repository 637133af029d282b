"""A cluster whose parts may be replaced, and programs that take a component's place."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from kubernetes import client

from kubelearn.clusters import Cluster, EmbeddedCluster
from tests import waiting

ROOT = Path(__file__).resolve().parents[2]
UPSTREAM = Path(os.environ.get("KUBELEARN_UPSTREAM") or ROOT / ".cache" / "upstream")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of this module's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBELEARN_STATE", str(tmp_path_factory.mktemp("state")))
        patch.delenv("KUBELEARN_BACKEND", raising=False)
        embedded = EmbeddedCluster("alone", nodes=2)
        embedded.up()
        yield embedded
        embedded.delete()


@pytest.fixture(scope="module")
def core(cluster: Cluster) -> client.CoreV1Api:
    return client.CoreV1Api(cluster.api_client)


@pytest.fixture(scope="module")
def upstream() -> Callable[[str], str]:
    """The path of one of Kubernetes' own programs; without it the test is skipped."""

    def find(name: str) -> str:
        path = UPSTREAM / name
        if not path.exists():
            pytest.skip(f"no {path}: `make upstream` builds it from source, which takes a while")
        return str(path)

    return find


@pytest.fixture
def ours(cluster: Cluster) -> Callable[..., list[str]]:
    """The words that run one of our components by itself."""

    def words(component: str, *options: str) -> list[str]:
        config = f"--kubeconfig={cluster.kubeconfig}"
        return [sys.executable, "-m", "kubelearn", "component", component, config, *options]

    return words


@pytest.fixture
def running(tmp_path: Path) -> Callable[..., object]:
    """Run a program for the time of a block; it has to end by itself when it is told to."""

    @contextmanager
    def started(words: list[str]) -> Iterator[None]:
        log = tmp_path / "program.log"
        with log.open("w") as file:
            process = subprocess.Popen(words, stdout=file, stderr=file)
        try:
            yield
            assert process.poll() is None, log.read_text()[-4000:]
        finally:
            process.terminate()
            process.wait(30)
        assert "Traceback" not in log.read_text(), log.read_text()[-4000:]

    return started


@pytest.fixture(scope="session")
def eventually() -> Callable[..., object]:
    """Ask again until the answer is true, and return it."""
    return waiting.eventually


@pytest.fixture(scope="session")
def answers() -> Callable[[str, int], bool]:
    """Whether somebody speaks HTTP there."""

    def ask(host: str, port: int) -> bool:
        connection = HTTPConnection(host, port, timeout=5)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    return ask
