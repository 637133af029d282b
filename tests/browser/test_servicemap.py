"""A Service that is broken and healed in the picture, on a living cluster."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from kubelearn.clusters.transport import send
from kubelearn.objects import SERVICES
from tests.browser.conftest import is_dark

CONNECT = "import kubelearn as kl\ncluster = kl.connect()"
MAP = "services = kl.ServiceMap(cluster, 'web', 'browser')\nservices"
PODS = ".kl-service-map .kl-pod-line"
ENDPOINTS = f'{PODS}[data-state="endpoint"]'
COMMAND = ".kl-service-map .kl-command"


@pytest.fixture(scope="module", autouse=True)
def notebook(server, web, lab):
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    body = {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": ports}}
    send(web.api, "POST", SERVICES.path(web.namespace), body=body).checked()
    server.write("servicemap.ipynb", [CONNECT, MAP])
    lab.open("servicemap.ipynb")
    lab.run_all()


def spec(web):
    return send(web.api, "GET", SERVICES.path(web.namespace, "web")).checked()["spec"]


def change(lab, label, value):
    field = lab(f'.kl-service-map .kl-input[aria-label="{label}"]')
    field.fill(value)
    field.press("Enter")


def test_every_ready_pod_answers_and_is_counted(lab, web):
    expect(lab(ENDPOINTS)).to_have_count(3, timeout=60_000)
    lab(".kl-service-map .kl-ask-20").click()
    lab(".kl-service-map .kl-ask-20").click()
    expect(lab(".kl-service-map .kl-last")).to_contain_text("200: ", timeout=30_000)
    lab.execute("assert sum(services.ask(30).values()) >= 30, services.answers")
    lab.execute("assert len(services.answers) == 3, services.answers")
    lab.execute("assert 'nobody' not in services.answers, services.answers")


def test_a_wrong_selector_leaves_no_endpoint_and_healing_brings_them_back(lab, web):
    change(lab, "Value of app in the selector", "wep")
    expect(lab(COMMAND).first).to_have_text(
        """kubectl patch service web -p '{"spec":{"selector":{"app":"wep"}}}' -n browser""",
        timeout=30_000,
    )
    expect(lab(f'{PODS}[data-state="other"]')).to_have_count(3, timeout=60_000)
    expect(lab(PODS).first).to_contain_text("the selector asks for app=wep")
    expect(lab(".kl-service-map .kl-slices")).to_contain_text("0 of 0 ready", timeout=60_000)
    lab(".kl-service-map .kl-ask-1").click()
    expect(lab(".kl-service-map .kl-nobody")).to_be_visible(timeout=30_000)
    expect(lab(".kl-service-map .kl-last")).to_contain_text("no endpoints available")
    lab(".kl-service-map .kl-heal").click()
    expect(lab(ENDPOINTS)).to_have_count(3, timeout=60_000)
    assert spec(web)["selector"] == {"app": "web"}


def test_a_wrong_target_port_shows_only_when_asked(lab, web):
    change(lab, "Target port of 80", "9")
    expect(lab(".kl-service-map .kl-slices")).to_contain_text("ports http 9", timeout=60_000)
    expect(lab(ENDPOINTS)).to_have_count(3)
    lab(".kl-service-map .kl-ask-1").click()
    expect(lab(".kl-service-map .kl-last")).to_contain_text(
        "connect: connection refused", timeout=30_000
    )
    assert spec(web)["ports"][0]["targetPort"] == 9
    change(lab, "Target port of 80", "htpp")
    expect(lab(PODS).first).to_contain_text(
        "no container of it has a port named htpp", timeout=60_000
    )
    lab(".kl-service-map .kl-heal").click()
    expect(lab(ENDPOINTS)).to_have_count(3, timeout=60_000)
    assert spec(web)["ports"][0]["targetPort"] == 8080


def test_the_picture_follows_the_theme(lab, dark):
    assert is_dark(lab(".kl-service-map")) == dark
