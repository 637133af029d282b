"""The graph of a living namespace in JupyterLab."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from kubelearn.clusters.transport import send
from kubelearn.objects import CONFIG_MAPS, DEPLOYMENTS, PODS
from tests.browser.conftest import is_dark

CONNECT = "import kubelearn as kl\ncluster = kl.connect()"
GRAPH = "graph = kl.ObjectGraph(cluster, 'browser')\ngraph"
PODS_SHOWN = '.kl-object-graph .kl-box[data-kind="Pod"]'


@pytest.fixture(scope="module", autouse=True)
def notebook(server, web, lab):
    server.write("objectgraph.ipynb", [CONNECT, GRAPH])
    lab.open("objectgraph.ipynb")
    lab.run_all()


def box(lab, name):
    return lab(f'.kl-object-graph .kl-box[data-id="{name}"]')


def test_the_graph_goes_from_the_deployment_to_its_pods(lab, web):
    expect(lab(f'{PODS_SHOWN}[data-status="Running"]')).to_have_count(3, timeout=60_000)
    expect(box(lab, "Deployment-web")).to_have_attribute("data-status", "Healthy", timeout=30_000)
    expect(lab('.kl-object-graph .kl-line[data-kind="owns"]')).to_have_count(4)


def test_a_pod_deleted_in_the_picture_is_replaced_in_the_cluster(lab, web):
    name = sorted(web.ready())[0]
    box(lab, f"Pod-{name}").click()
    expect(lab(".kl-object-graph .kl-facts")).to_contain_text(name)
    # JupyterLab's own rules for such lists must not narrow them.
    heights = lab(".kl-object-graph .kl-facts dt").evaluate_all(
        "all => all.map(e => e.offsetHeight)"
    )
    assert max(heights) < 30, heights
    lab(".kl-object-graph .kl-delete").click()
    lab(".kl-object-graph .kl-really").click()
    expect(lab(".kl-object-graph .kl-command").first).to_have_text(
        f"kubectl delete pod {name} -n browser", timeout=30_000
    )
    expect(box(lab, f"Pod-{name}")).to_have_count(0, timeout=60_000)
    expect(lab(f'{PODS_SHOWN}[data-status="Running"]')).to_have_count(3, timeout=60_000)
    assert name not in web.ready()


def test_a_settings_file_that_a_pod_needs_is_missing_until_it_is_there(lab, web):
    volume = {"name": "settings", "configMap": {"name": "settings"}}
    container = {"name": "hello", "image": "kubelearn/hello:1.0"}
    body = {
        "metadata": {"name": "reader"},
        "spec": {"containers": [container], "volumes": [volume]},
    }
    send(web.api, "POST", PODS.path(web.namespace), body=body).checked()
    settings = box(lab, "ConfigMap-settings")
    expect(settings).to_have_attribute("data-status", "Missing", timeout=60_000)
    body = {"metadata": {"name": "settings"}, "data": {"colour": "blue"}}
    send(web.api, "POST", CONFIG_MAPS.path(web.namespace), body=body).checked()
    expect(settings).to_have_attribute("data-status", "", timeout=60_000)


def test_with_the_deployment_all_that_it_owns_goes(lab, web):
    box(lab, "Deployment-web").click()
    lab(".kl-object-graph .kl-delete").click()
    expect(lab(".kl-object-graph .kl-question")).to_contain_text("all their pods go with it")
    lab(".kl-object-graph .kl-really").click()
    expect(lab('.kl-object-graph .kl-box[data-kind="ReplicaSet"]')).to_have_count(0, timeout=60_000)
    expect(lab(PODS_SHOWN)).to_have_count(1, timeout=60_000)
    assert send(web.api, "GET", DEPLOYMENTS.path(web.namespace, "web")).code == 404


def test_the_picture_follows_the_theme(lab, dark):
    assert is_dark(lab(".kl-object-graph")) == dark
