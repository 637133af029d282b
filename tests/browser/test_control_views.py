"""The views of what decides in JupyterLab, on a living cluster: requests, the scheduler, loops."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from kubelearn.clusters.transport import send
from kubelearn.objects import PODS
from tests.waiting import eventually

CONNECT = "import kubelearn as kl\ncluster = kl.connect()"
REQUEST = "request = kl.RequestXray(cluster, 'browser')\nrequest"

LOOP = "loop = kl.ReconcileLoop(cluster, 'web', 'browser')\nloop"
MATRIX = "matrix = kl.SchedulerMatrix(cluster, 'browser')\nmatrix"


@pytest.fixture(scope="module", autouse=True)
def notebooks(server, web, lab):
    server.write("control.ipynb", [CONNECT, REQUEST, MATRIX, LOOP])
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


def test_one_chooses_first_and_then_sees_what_the_scheduler_thought(lab, cluster, web):
    choose = lab(".kl-matrix .kl-choose")
    expect(choose.first).to_be_visible(timeout=30_000)
    choose.last.click()
    expect(choose.last).to_have_attribute("aria-pressed", "true", timeout=30_000)
    assert lab(".kl-matrix .kl-part").count() == 0
    lab(".kl-matrix .kl-compare").click()
    verdict = lab(".kl-matrix .kl-verdict")
    expect(verdict).to_contain_text("the scheduler", timeout=30_000)
    if cluster.backend == "embedded":
        chosen = lab(".kl-matrix tr[data-kind='chosen'] td:not(:empty)")
        expect(chosen).to_have_count(1, timeout=30_000)
        expect(lab(".kl-matrix tr[data-kind='filter']").first).to_contain_text("✕ node(s) had")
    else:  # it says why not, and how the scheduler would tell more
        expect(lab(".kl-matrix")).to_contain_text("Scores are not shown: ", timeout=30_000)
    expect(lab(".kl-matrix .kl-command").first).to_have_text(
        "kubectl create -f sample.yaml -n browser"
    )
    node = send(web.api, "GET", PODS.path(web.namespace, "sample")).checked()["spec"]["nodeName"]
    mine = choose.last.inner_text().splitlines()[0]
    expect(verdict).to_contain_text("so did the scheduler" if mine == node else node)


def test_a_pod_that_fits_nowhere_shows_the_words_of_the_scheduler(lab):
    lab(".kl-matrix .kl-another").click()
    expect(lab(".kl-matrix .kl-pod")).to_have_text("sample-2", timeout=30_000)
    lab(".kl-matrix .kl-form .kl-input").first.fill("4000")
    lab(".kl-matrix .kl-nowhere").click()
    expect(lab(".kl-matrix .kl-compare")).to_be_enabled(timeout=30_000)
    lab(".kl-matrix .kl-compare").click()
    failed = lab(".kl-matrix .kl-failed-scheduling")
    expect(failed).to_contain_text("Insufficient cpu", timeout=30_000)
    expect(failed).to_contain_text("NodeResourcesFit")
    expect(lab(".kl-matrix .kl-verdict")).to_have_text(
        "You chose nowhere, and so does the scheduler."
    )


@pytest.mark.usefixtures("_embedded")
def test_a_paused_loop_takes_one_step_and_shows_what_it_sent(lab, web):
    card = lab(".kl-reconcile").get_by_role("group", name="replicaset-controller", exact=True)
    expect(lab(".kl-reconcile .kl-chip").first).to_have_text("all as wanted", timeout=60_000)
    before = web.ready()
    card.locator(".kl-pause").click()
    expect(card.locator(".kl-state")).to_have_text("paused", timeout=30_000)
    lab(".kl-reconcile .kl-scale-up").click()
    expect(card.locator(".kl-queue")).to_contain_text("browser/web-", timeout=30_000)
    expect(card.get_by_role("row", name="≠ replicas")).to_be_visible(timeout=30_000)
    assert web.ready() == before
    card.locator(".kl-step").click()
    expect(card.locator(".kl-did")).to_contain_text("Step 1: browser/web-", timeout=30_000)
    sent = (
        lab(".kl-reconcile").get_by_role("group", name="Requests of the loops").get_by_role("row")
    )
    made = sent.filter(has_text="creates Pod web-")
    expect(made).to_contain_text("replicaset-controller", timeout=30_000)
    expect(made.get_by_role("cell").nth(1)).to_have_text("1")
    lab.execute("loop.close()")
    eventually(lambda: web.ready() > before, within=60)
    lab.execute("assert not [s for s in cluster.internals.controllers() if s.paused]")
