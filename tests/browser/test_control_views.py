"""The views of what decides in JupyterLab, on a living cluster: requests, the scheduler, loops."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from kubelearn.clusters.transport import send
from kubelearn.objects import PODS

CONNECT = "import kubelearn as kl\ncluster = kl.connect()"
REQUEST = "request = kl.RequestXray(cluster, 'browser')\nrequest"


@pytest.fixture(scope="module", autouse=True)
def notebooks(server, web, lab):
    server.write("control.ipynb", [CONNECT, REQUEST])
    lab.open("control.ipynb")
    lab.run_all()


def test_a_request_is_followed_through_all_stages_to_etcd_and_the_watch(lab, web):
    lab(".kl-request .kl-send").click()
    expect(lab(".kl-request .kl-outcome")).to_have_text("201, through all stages", timeout=30_000)
    stages = lab(".kl-request .kl-stage")
    expect(stages.nth(7)).to_contain_text("A watch of the collection told", timeout=30_000)
    assert set(lab(".kl-request .kl-state").all_inner_texts()) == {"passed"}
    expect(stages.nth(0)).to_contain_text("kubernetes-admin")
    expect(stages.nth(1)).to_contain_text("allowed by ClusterRoleBinding")
    expect(stages.nth(3)).to_contain_text("dnsPolicy: ClusterFirst")
    expect(stages.nth(4)).to_contain_text("/var/run/secrets/kubernetes.io/serviceaccount")
    made = send(web.api, "GET", PODS.path(web.namespace, "xray")).checked()
    expect(stages.nth(6)).to_contain_text("/registry/pods/browser/xray")
    assert made["spec"]["dnsPolicy"] == "ClusterFirst"


def test_whoever_may_only_view_is_stopped_by_authorization(lab, web):
    pick = lab(".kl-request .kl-examples")
    for example, expected in (
        ("jane", "403, refused by authorization"),
        ("grant", "201, through all stages"),
        ("jane", "200, through all stages"),
    ):
        pick.select_option(example)
        expect(lab(".kl-request .kl-outcome")).to_contain_text("Not sent yet", timeout=30_000)
        lab(".kl-request .kl-send").click()
        expect(lab(".kl-request .kl-outcome")).to_have_text(expected, timeout=30_000)
    rule = lab(".kl-request .kl-stage").nth(1)
    expect(rule).to_contain_text('RoleBinding "jane-views/browser" of ClusterRole "view"')
    expect(rule).to_contain_text("rule: ")
