"""Dashboard in JupyterLab, on a living cluster."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from kubelearn.clusters.transport import send
from kubelearn.objects import DEPLOYMENTS, ROLE_BINDINGS, SECRETS

CONNECT = "import kubelearn as kl\ncluster = kl.connect()"
DASHBOARD = "dashboard = kl.Dashboard(cluster, 'browser')\ndashboard"


@pytest.fixture(scope="module", autouse=True)
def notebook(server, lab, web):
    body = {"metadata": {"name": "db"}, "stringData": {"password": "hunter2"}}
    send(web.api, "POST", SECRETS.path(web.namespace), body=body).checked()
    server.write("dashboard.ipynb", [CONNECT, DASHBOARD])
    lab.open("dashboard.ipynb")
    lab.run_all()
    expect(tile(lab, "Deployments")).to_contain_text("1 healthy", timeout=60_000)


def tile(lab, name):
    return lab(".kl-dashboard .kl-tile").filter(has_text=name).first


def kind(lab, plural):
    lab(f'.kl-dashboard .kl-link[data-kind="{plural}"]').click()


def become(lab, identity):
    lab(".kl-dashboard .kl-identity").select_option(identity)
    expect(lab(".kl-dashboard .kl-identity")).to_have_value(identity)
    user = "your kubeconfig" if identity == "yourself" else f"kubelearn:{identity}"
    expect(lab(".kl-dashboard .kl-meaning")).to_contain_text(user, timeout=30_000)


def replicas(web):
    found = send(web.api, "GET", DEPLOYMENTS.path(web.namespace, "web")).checked()
    return found["spec"]["replicas"]


def open_web(lab):
    kind(lab, "deployments")
    lab(".kl-dashboard .kl-objects").get_by_role("button", name="web", exact=True).click()
    expect(lab(".kl-dashboard .kl-scale")).to_be_visible(timeout=30_000)


def test_a_table_is_the_one_that_kubectl_prints(lab, web):
    kind(lab, "pods")
    rows = lab(".kl-dashboard .kl-objects tbody tr")
    expect(rows).to_have_count(3, timeout=30_000)
    heads = lab(".kl-dashboard .kl-objects th").all_inner_texts()
    assert heads[:5] == ["Name", "Ready", "Status", "Restarts", "Age"]
    assert set(lab(".kl-dashboard .kl-objects .kl-about").all_inner_texts()) == web.ready()
    expect(lab(".kl-dashboard .kl-command").first).to_have_text("kubectl get pods -n browser")


def test_a_deployment_is_scaled_and_its_pods_come(lab, web):
    open_web(lab)
    lab(".kl-dashboard .kl-count").fill("4")
    lab(".kl-dashboard .kl-scale").click()
    pods = lab(".kl-dashboard .kl-objectpage").get_by_role("group", name="Its pods")
    expect(pods.locator("tbody tr")).to_have_count(4, timeout=60_000)
    assert replicas(web) == 4
    lab(".kl-dashboard").get_by_role("button", name="Logs").click()
    listens = lab(".kl-dashboard .kl-text").filter(has_text="listens on port 8080")
    expect(listens).to_have_count(4, timeout=60_000)
    lab(".kl-dashboard .kl-count").fill("3")
    lab(".kl-dashboard .kl-scale").click()
    expect(lab(".kl-dashboard .kl-note")).to_contain_text("the pod is gone", timeout=60_000)


def test_the_values_of_a_secret_are_hidden(lab, page):
    kind(lab, "secrets")
    lab(".kl-dashboard .kl-objects").get_by_role("button", name="db", exact=True).click()
    lab(".kl-dashboard").get_by_role("button", name="YAML").click()
    expect(lab(".kl-dashboard .kl-yaml")).to_contain_text("(hidden: 7 bytes)", timeout=30_000)
    assert "aHVudGVyMg" not in page.content()


def test_who_may_only_look_is_refused_by_the_api_server_itself(lab, web):
    before = replicas(web)
    become(lab, "view")
    open_web(lab)
    lab(".kl-dashboard .kl-count").fill("9")
    lab(".kl-dashboard .kl-scale").click()
    refused = (
        'deployments.apps "web" is forbidden: User "kubelearn:view" cannot patch resource '
        '"deployments/scale" in API group "apps" in the namespace "browser"'
    )
    expect(lab(".kl-dashboard .kl-refused")).to_have_text(refused, timeout=30_000)
    expect(lab(".kl-dashboard .kl-command").first).to_have_text(
        "kubectl --as=kubelearn:view scale deployment/web --replicas=9 -n browser"
    )
    assert replicas(web) == before
    kind(lab, "")
    expect(tile(lab, "Secrets")).to_contain_text("403 Forbidden", timeout=30_000)
    expect(tile(lab, "Nodes")).to_contain_text("403 Forbidden", timeout=30_000)
    expect(tile(lab, "Deployments")).to_contain_text("1", timeout=30_000)


def test_who_may_edit_scales_and_nobody_keeps_the_role(lab, web):
    become(lab, "edit")
    open_web(lab)
    lab(".kl-dashboard .kl-count").fill("2")
    lab(".kl-dashboard .kl-scale").click()
    expect(lab(".kl-dashboard .kl-command").first).to_have_text(
        "kubectl --as=kubelearn:edit scale deployment/web --replicas=2 -n browser", timeout=30_000
    )
    expect(lab(".kl-dashboard .kl-http b").first).to_have_text("200")
    assert replicas(web) == 2
    become(lab, "none")
    kind(lab, "pods")
    expect(lab(".kl-dashboard .kl-objects .kl-notice")).to_contain_text(
        'User "kubelearn:none" cannot list resource "pods"', timeout=30_000
    )
    become(lab, "yourself")
    left = send(web.api, "GET", ROLE_BINDINGS.path(web.namespace)).checked()["items"]
    assert left == []
