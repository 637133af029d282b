"""ShipChecklist, kernel side."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from kubelearn.errors import ContainerError
from kubelearn.objects import DEPLOYMENTS, NODES, SERVICES
from kubelearn.widgets import shipchecklist as module
from kubelearn.widgets.shipchecklist import ShipChecklist, visit


class Images:
    """What a builder has."""

    def __init__(self):
        self.names = ["kubelearn/hello:1.0"]

    def images(self):
        if self.names is None:
            raise ContainerError("the builder does not answer")
        return [type("Image", (), {"name": name}) for name in self.names]


@pytest.fixture
def images():
    return Images()


@pytest.fixture
def answers():
    return {"http://192.0.2.1:30080/": (200, "Hello")}


@pytest.fixture
def folder(tmp_path):
    for name in ("app.py", "Dockerfile", "k8s.yaml"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.fixture
def widget(watches, courier, cluster, folder, images, answers, monkeypatch):
    monkeypatch.setattr(module, "courier", courier)
    monkeypatch.setattr(ShipChecklist, "look_every", 0)
    made = ShipChecklist(
        cluster,
        "web",
        "demo",
        folder=folder,
        image="kubelearn/hello:1.0",
        images=images,
        visit=lambda url: answers.get(url, (0, "refused")),
    )
    yield made
    made.close()


def states(widget):
    widget.look()
    return {key: row["state"] for key, row in widget.document.section("steps").items()}


def test_it_ticks_what_the_cluster_has_without_being_told(widget):
    assert widget.line() == "web: 7 of 7 steps done"
    assert widget.picture().startswith("<svg")


def test_a_file_that_goes_takes_its_tick_away(widget, folder):
    (folder / "Dockerfile").unlink()
    assert states(widget)["folder"] == "next"
    assert "missing: Dockerfile" in widget.document.get("steps", "folder")["seen"]


def test_an_image_is_known_by_any_way_of_writing_its_name(widget, images):
    images.names = ["docker.io/kubelearn/hello:1.0"]
    assert states(widget)["image"] == "done"
    images.names = ["kubelearn/hello:2.0"]
    assert states(widget)["image"] == "next"


def test_a_builder_that_does_not_answer_is_no_tick_and_no_failure(widget, images):
    images.names = None
    assert states(widget)["image"] == "next"


def test_the_nodes_tell_themselves_whether_they_have_the_image(widget, cluster, watches):
    node = cluster.get(NODES, "simulated-worker")
    node["status"]["images"] = []
    cluster.put(node)
    watches.tell()
    assert states(widget)["nodes"] == "moving"


def test_a_deployment_that_goes_takes_its_tick_away(widget, cluster, watches):
    cluster.remove(cluster.get(DEPLOYMENTS, "web"))
    watches.tell()
    assert states(widget)["pods"] == "next"


def test_an_image_that_cannot_be_had_is_a_failure(widget, cluster, watches):
    pod = cluster.all(module.PODS)[0]
    pod["status"]["containerStatuses"][0]["state"] = {"waiting": {"reason": "ImagePullBackOff"}}
    pod["status"]["conditions"] = [{"type": "Ready", "status": "False"}]
    cluster.put(pod)
    watches.tell()
    assert states(widget)["pods"] == "failed"
    assert "1 ImagePullBackOff" in widget.document.get("steps", "pods")["seen"]


def test_without_an_answer_the_public_is_not_in(widget, answers):
    answers.clear()
    assert states(widget)["public"] == "moving"
    assert widget.document.get("steps", "public")["seen"].endswith("no answer refused")


def test_a_service_without_a_node_port_has_no_public_address(widget, cluster, watches):
    service = cluster.get(SERVICES, "web")
    service["spec"]["ports"] = [{"port": 80}]
    cluster.put(service)
    watches.tell()
    assert widget.urls() == []
    assert states(widget)["public"] == "next"


def test_strangers_in_the_namespace_are_not_counted(widget, cluster, watches):
    pod = cluster.all(module.PODS)[0]
    pod["metadata"] |= {"name": "stranger", "ownerReferences": []}
    cluster.put(pod)
    watches.tell()
    assert len(widget._seen.pods) == 3


def test_visit_asks_for_real_and_tells_code_and_first_line():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/" else 503, "too busy")
            self.end_headers()
            self.wfile.write(b"\nHello\nworld\n")

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert visit(f"{url}/") == (200, "Hello")
        assert visit(f"{url}/busy") == (503, "too busy")
        server.shutdown()
    code, words = visit(f"{url}/")
    assert code == 0
    assert "refused" in words
