"""PodTimeline in JupyterLab, on a living cluster."""

from __future__ import annotations

from playwright.sync_api import expect

from kubelearn.clusters.transport import send
from kubelearn.objects import PODS

CONNECT = "import kubelearn as kl\ncluster = kl.connect()"
LIFE = "life = kl.PodTimeline(cluster, 'lone', 'browser')\nlife"


def test_a_pod_that_is_made_starts_and_goes_before_the_eyes(lab, server, web):
    server.write("life.ipynb", [CONNECT, LIFE])
    lab.open("life.ipynb")
    lab.run_all()
    expect(lab(".kl-life .kl-empty")).to_be_visible(timeout=30_000)
    containers = [{"name": "hello", "image": "kubelearn/hello:1.0"}]
    spec = {"containers": containers, "terminationGracePeriodSeconds": 1}
    body = {"metadata": {"name": "lone"}, "spec": spec}
    send(web.api, "POST", PODS.path(web.namespace), body=body).checked()
    expect(lab(".kl-life .kl-chip")).to_contain_text("Running for", timeout=60_000)
    started = lab(".kl-life .kl-table tbody tr").filter(has_text="Started")
    expect(started).to_have_count(1, timeout=60_000)
    for _ in range(2):
        lab(".kl-life .kl-delete").click()
    expect(lab(".kl-life .kl-command").first).to_have_text("kubectl delete pod lone -n browser")
    expect(lab(".kl-life .kl-chip")).to_have_text("gone", timeout=60_000)
