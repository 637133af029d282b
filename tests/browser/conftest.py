"""One JupyterLab for all tests, and one browser and one page for those of a module."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kubelearn.clusters import Cluster, transport
from kubelearn.objects import DEPLOYMENTS, NAMESPACES, PODS, is_active, is_ready
from tests.waiting import eventually
from tools.lab import LabPage, LabServer

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = "browser"
WINDOW = {"width": 1300, "height": 1000}


@pytest.fixture(scope="session")
def started(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """A JupyterLab whose kernels find the tests' cluster: the one of their state that runs."""
    folder = tmp_path_factory.mktemp("lab") / "server"
    server = LabServer(folder, environment={"KUBELEARN_BACKEND": ""})
    yield server
    server.stop()


@pytest.fixture(scope="module")
def server(started: LabServer) -> Iterator[LabServer]:
    """It, without the notebooks and kernels of other modules."""
    yield started
    started.clear()


@pytest.fixture
def _embedded(cluster: Cluster) -> None:
    """Skip a test of what only the embedded cluster can do or tell."""
    if cluster.backend != "embedded":
        pytest.skip(f"a {cluster.backend} cluster does not let its scheduler and loops be watched")


@pytest.fixture(scope="module")
def page(chromium: Any) -> Iterator[Any]:
    """The one page; no script of ours may fail in it unnoticed."""
    opened = chromium.new_page(viewport=WINDOW)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error.stack)))
    yield opened
    opened.close()
    # Widgets are loaded from blobs; JupyterLab itself complains now and then, as when a kernel is
    # restarted or a cell with output runs again.
    assert [error for error in errors if "blob:" in error] == []


@pytest.fixture(scope="module")
def lab(page: Any, server: LabServer) -> LabPage:
    """JupyterLab in the page."""
    return LabPage(page, server)


@pytest.fixture(params=["Dark", "Light"])
def dark(request: pytest.FixtureRequest, page: Any, lab: LabPage) -> bool:
    """JupyterLab in one theme after the other: whether it is the dark one now."""
    wanted = request.param == "Dark"
    lab.command("apputils:change-theme", theme=f"JupyterLab {request.param}")
    page.wait_for_function(
        "dark => (document.body.dataset.jpThemeLight === 'false') === dark", arg=wanted
    )
    return wanted


def is_dark(place: Any) -> bool:
    """Whether an element has a dark background."""
    colour = place.evaluate("element => getComputedStyle(element).backgroundColor")
    return int(re.findall(r"\d+", colour)[0]) < 60


@pytest.fixture
def narrow(page: Any) -> Iterator[None]:
    """The window is narrow for a while."""
    page.set_viewport_size({"width": 760, "height": 900})
    yield
    page.set_viewport_size(WINDOW)


@pytest.fixture(scope="module")
def web(cluster: Cluster) -> Iterator[Any]:
    """A Deployment `web` of three pods with a Service, in a namespace of its own."""
    running = Web(cluster)
    running.create()
    yield running
    running.delete()


class Web:
    """The app that the widgets of these tests look at, seen through the API."""

    namespace = NAMESPACE

    def __init__(self, cluster: Cluster) -> None:
        self.api = cluster.api_client

    def create(self) -> None:
        """Create it, and wait for its pods."""
        body = {"metadata": {"name": NAMESPACE}}
        transport.send(self.api, "POST", NAMESPACES.path(), body=body).checked()
        container = {"name": "hello", "image": "kubelearn/hello:1.0"}
        spec = {
            "replicas": 3,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [container], "terminationGracePeriodSeconds": 2},
            },
        }
        body = {"metadata": {"name": "web"}, "spec": spec}
        transport.send(self.api, "POST", DEPLOYMENTS.path(NAMESPACE), body=body).checked()

    def delete(self) -> None:
        """Remove it with its namespace, and wait until both are gone."""
        path = NAMESPACES.path(name=NAMESPACE)
        transport.send(self.api, "DELETE", path).checked()
        eventually(lambda: transport.send(self.api, "GET", path).code == 404, within=120)

    def ready(self, namespace: str = NAMESPACE) -> set[str]:
        """The names of the pods that are ready and stay."""
        pods = transport.send(self.api, "GET", PODS.path(namespace)).checked()["items"]
        return {p["metadata"]["name"] for p in pods if is_ready(p) and is_active(p)}

    def settled(self) -> bool:
        """Whether a rollout is over and only its pods are left."""
        found = transport.send(self.api, "GET", DEPLOYMENTS.path(NAMESPACE, "web")).checked()
        counts = [found["status"].get(f"{kind}eplicas") for kind in ("r", "updatedR", "readyR")]
        observed = found["status"].get("observedGeneration") == found["metadata"]["generation"]
        return observed and counts == [3, 3, 3]

    def kill(self, name: str) -> None:
        """Delete a pod, not through a widget."""
        transport.send(self.api, "DELETE", PODS.path(NAMESPACE, name)).checked()


@pytest.fixture(scope="module")
def lesson_05(server: LabServer) -> str:
    """The name of a copy of lesson 05 that ends with a map and does not clear up."""
    notebook = json.loads((ROOT / "lessons" / "05-deployments.ipynb").read_text())
    cells = [c for c in notebook["cells"] if "teardown" not in c["metadata"].get("tags", [])]
    look = {
        "cell_type": "code",
        "id": "look",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": "kl.ClusterMap(cluster, namespace)",
    }
    notebook["cells"] = [*cells, look]
    (server.notebooks / "05.ipynb").write_text(json.dumps(notebook))
    return "05.ipynb"
