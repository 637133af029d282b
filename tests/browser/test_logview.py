"""LogView in JupyterLab, on a living cluster."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from kubelearn.clusters.transport import send
from kubelearn.objects import PODS
from kubelearn.widgets.logview import LogView

CONNECT = "import kubelearn as kl\ncluster = kl.connect()"
OF_ALL = "kl.LogView(cluster, 'deployment/web', 'browser')"
OF_ONE = "kl.LogView(cluster, 'lone', 'browser')"
COUNT = "i=0; while true; do echo line $i; i=$((i+1)); sleep 0.02; done"


def make_pod(web, name, script):
    container = {"name": "app", "image": "busybox:1.37", "command": ["sh", "-c", script]}
    spec = {"containers": [container], "terminationGracePeriodSeconds": 1}
    body = {"metadata": {"name": name}, "spec": spec}
    send(web.api, "POST", PODS.path(web.namespace), body=body).checked()


def numbers(view):
    rows = view.document.section("lines").values()
    return [int(row["text"].split()[1]) for row in rows if row["text"].startswith("line ")]


def await_(condition, page):
    for _ in range(600):
        if condition():
            return
        page.wait_for_timeout(100)
    raise AssertionError(condition)


def test_all_pods_of_a_deployment_are_followed_and_one_that_starts_again(lab, server, web):
    make_pod(web, "lone", "echo begins; sleep 2; echo ends; exit 3")
    server.write("logs.ipynb", [CONNECT, OF_ALL, OF_ONE])
    lab.open("logs.ipynb")
    lab.run_all()
    of_all, of_one = lab(".kl-logs").nth(0), lab(".kl-logs").nth(1)
    listens = of_all.locator(".kl-text").filter(has_text="listens on port 8080")
    expect(listens).to_have_count(3, timeout=60_000)
    told = set(of_all.locator(".kl-podname").all_inner_texts())
    pods = send(web.api, "GET", PODS.path(web.namespace)).checked()["items"]
    assert told == {p["metadata"]["name"] for p in pods if p["metadata"]["name"] != "lone"}
    note = of_one.locator(".kl-note").filter(has_text="was restarted: exit code 3, Error")
    expect(note.first).to_be_visible(timeout=60_000)
    texts = of_one.locator(".kl-text").all_inner_texts()
    assert texts[:2] == ["begins", "ends"]
    of_one.get_by_role("button", name="Previous run").click()
    expect(of_one.locator(".kl-streamstate")).to_contain_text("ended", timeout=60_000)
    expect(of_one.locator(".kl-text")).to_have_text(["begins", "ends"], timeout=60_000)


def test_no_line_is_lost_or_doubled_when_the_api_server_stops_and_starts(cluster, page, web):
    if cluster.backend != "embedded":
        pytest.skip("the API server of a shared cluster is not stopped")
    make_pod(web, "count", COUNT)
    view = LogView(cluster, "count", web.namespace, last=1_000)
    await_(lambda: len(numbers(view)) > 20, page)
    cluster.internals.stop("kube-apiserver")
    await_(lambda: "no answer" in view.disconnected, page)
    cluster.internals.start("kube-apiserver")
    await_(lambda: not view.disconnected, page)
    before = len(numbers(view))
    await_(lambda: len(numbers(view)) > before + 50, page)
    view.detach()
    view.attach()
    before = numbers(view)[-1]
    await_(lambda: numbers(view)[-1] > before, page)
    seen = numbers(view)
    assert seen == list(range(seen[0], seen[-1] + 1))
    view.close()
