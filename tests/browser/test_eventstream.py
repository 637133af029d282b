"""EventStream in JupyterLab, on a living cluster."""

from __future__ import annotations

from playwright.sync_api import expect

from kubelearn.clusters.transport import send
from kubelearn.objects import PODS

CONNECT = "import kubelearn as kl\ncluster = kl.connect()"
STREAM = "stream = kl.EventStream(cluster, 'browser')\nstream"


def test_a_pod_that_finds_no_image_is_told_of_as_a_warning(lab, server, web):
    server.write("events.ipynb", [CONNECT, STREAM])
    lab.open("events.ipynb")
    lab.run_all()
    rows = lab(".kl-events tbody tr")
    expect(rows.filter(has_text="ScalingReplicaSet")).to_have_count(1, timeout=60_000)
    lab(".kl-events .kl-pause").click()
    containers = [{"name": "app", "image": "no-such-image:1.0", "imagePullPolicy": "Never"}]
    body = {"metadata": {"name": "lone"}, "spec": {"containers": containers}}
    send(web.api, "POST", PODS.path(web.namespace), body=body).checked()
    expect(lab(".kl-events .kl-pause")).to_contain_text("new", timeout=60_000)
    expect(rows.filter(has_text="Pod lone")).to_have_count(0)
    lab(".kl-events .kl-pause").click()
    lab(".kl-events").get_by_role("button", name="Warnings").click()
    warned = rows.filter(has_text="ErrImageNeverPull")
    expect(warned.first).to_contain_text("Pod lone", timeout=60_000)
    warned.first.get_by_role("button").click()
    expect(lab(".kl-events .kl-detail code")).to_have_text("$ kubectl describe pod lone -n browser")
    events = send(web.api, "GET", f"/api/v1/namespaces/{web.namespace}/events").checked()["items"]
    assert "ErrImageNeverPull" in {event["reason"] for event in events}
