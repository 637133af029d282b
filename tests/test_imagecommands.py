"""The commands `kubelearn images ...`, as a shell runs them."""

import json
import time

import pytest

from kubelearn.clusters import EmbeddedCluster, transport
from kubelearn.containers.ownbuilder import OwnBuilder
from kubelearn.errors import NotAvailable
from tests.containers.imagestore.conftest import serve_registry
from tests.waiting import eventually

PODS = "/api/v1/namespaces/default/pods"


@pytest.fixture
def app(tmp_path):
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\nARG V=1\nLABEL v=$V\nCOPY app.py /\n")
    (folder / "app.py").write_text("print(1)\n")
    return folder


@pytest.fixture
def images(kubelearn):
    def run(*words):
        done = kubelearn("images", *map(str, words))
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_there_are_none_at_first(images):
    assert "There are no images yet" in images()


def test_a_folder_becomes_an_image_that_is_listed(images, app):
    printed = images("build", app, "--tag", "shop:1", "--build-arg", "V=2")
    assert "[4/4] COPY app.py /\n" in printed
    assert "nothing was built from this folder before" in printed
    assert printed.splitlines()[-1].startswith("shop:1 is built: ")
    assert images().startswith("shop:1 ")
    assert json.loads(images("inspect", "shop:1"))["config"]["Labels"] == {"v": "2"}
    assert images("layers", "shop:1").splitlines()[-1].endswith("COPY app.py /")


def test_a_second_build_says_what_changed(images, app):
    images("build", app, "-t", "shop:1")
    (app / "app.py").write_text("print(100)\n")
    assert "app.py changed (it has 11 B, and had 9 B)" in images("build", app, "-t", "shop:1")


def test_an_image_travels_in_a_file(images, app, tmp_path):
    images("build", app, "-t", "shop:1")
    images("export", "shop:1", "-o", tmp_path / "shop.tar")
    images("remove", "shop:1")
    assert "are free again" in images("prune")
    assert "There are no images yet" in images()
    assert images("import", tmp_path / "shop.tar") == "shop:1\n"
    assert images().startswith("shop:1 ")


def test_an_error_is_a_message_with_the_line_and_no_traceback(kubelearn, app):
    (app / "Dockerfile").write_text("FROM scratch\nCOYP app.py /\n")
    done = kubelearn("images", "build", str(app))
    assert done.returncode == 1
    assert done.stderr == (
        "kubelearn: Dockerfile:2: unknown instruction COYP\n    COYP app.py /\n"
        "  → did you mean COPY?\n"
    )


def wait_until_gone(cluster):
    eventually(lambda: transport.send(cluster.api_client, "GET", f"{PODS}/shop").code == 404)


@pytest.fixture
def cluster(state):
    made = EmbeddedCluster("tests")
    made.up(say=lambda _: None)
    return made


@pytest.fixture
def run(cluster):
    """Run a pod of an image; gives a function that waits for what its status says."""

    def start(image):
        container = {"name": "shop", "image": image}
        pod = {
            "metadata": {"name": "shop"},
            "spec": {"restartPolicy": "Never", "containers": [container]},
        }
        transport.send(cluster.api_client, "POST", PODS, body=pod).checked()
        return wait

    def wait(found):
        deadline = time.monotonic() + 90
        while True:
            seen = transport.send(cluster.api_client, "GET", f"{PODS}/shop").checked()["status"]
            if found(seen):
                return seen
            assert time.monotonic() < deadline, seen
            time.sleep(0.2)

    return start


def succeeded(status):
    return status["phase"] == "Succeeded"


def waits(status):
    states = [each["state"].get("waiting", {}) for each in status.get("containerStatuses", [])]
    return any(each.get("reason") == "ImagePullBackOff" for each in states)


def test_an_image_that_is_built_runs_once_it_is_loaded(cluster, run, state, app):
    (app / "Dockerfile").write_text(
        'FROM python:3.12-slim\nWORKDIR /srv/app\nCOPY app.py .\nCMD ["python", "app.py"]\n'
    )
    (app / "app.py").write_text("print(open('/srv/app/app.py').read())\n")
    OwnBuilder(state / "images").build(app, "shop:1")
    wait = run("shop:1")
    wait(waits)
    said: list[str] = []
    cluster.load_image("shop:1", say=said.append)
    assert said == ["  ✔ shop:1 is on all nodes"]
    ended = wait(succeeded)
    built = OwnBuilder(state / "images").store.get("shop:1")
    assert ended["containerStatuses"][0]["imageID"] == built.id
    cluster.remove_image("shop:1", say=said.append)
    assert said[1:] == ["  ✔ shop:1 is on no node"]
    transport.send(cluster.api_client, "DELETE", f"{PODS}/shop").checked()
    wait_until_gone(cluster)
    run("shop:1")(waits)


def test_an_image_is_pulled_from_the_registry_that_its_name_says(
    cluster, run, images, app, tmp_path
):
    if cluster.status()["runtime"].split(":")[0] != "namespaces":
        pytest.skip("an image from elsewhere needs a root of its own")
    (app / "Dockerfile").write_text('FROM busybox\nCOPY app.py /\nCMD ["cat", "/app.py"]\n')
    with serve_registry(tmp_path) as registry:
        images("build", app, "-t", f"{registry}/team/shop:1")
        images("push", f"{registry}/team/shop:1")
        images("remove", f"{registry}/team/shop:1")
        images("prune")
        run(f"{registry}/team/shop:1")(succeeded)


def test_nodes_without_machines_take_no_images(state, app):
    cluster = EmbeddedCluster("tests", runtime="fake", nodes=1)
    cluster.up(say=lambda _: None)
    OwnBuilder(state / "images").build(app, "shop:1")
    with pytest.raises(NotAvailable, match="nodes without machines have no images"):
        cluster.load_image("shop:1")
