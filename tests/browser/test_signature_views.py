"""ApplyXray and TimeMachine in JupyterLab, on a living cluster."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.waiting import eventually

CONNECT = "import kubelearn as kl\ncluster = kl.connect()"
XRAY = "xray = kl.ApplyXray(cluster, 'web', 'browser')\nxray"
MACHINE = "machine = kl.TimeMachine(cluster, 'browser')\nmachine"


@pytest.fixture(scope="module", autouse=True)
def notebooks(server, web, lab):
    server.write("views.ipynb", [CONNECT, XRAY, MACHINE])
    lab.open("views.ipynb")
    lab.run_all()


def test_a_rollout_that_is_restarted_is_followed_to_its_first_ready_pod(lab):
    lab(".kl-xray .kl-restart").click()
    expect(lab(".kl-xray .kl-command").first).to_have_text(
        "kubectl rollout restart deployment/web -n browser"
    )
    expect(lab(".kl-xray .kl-select option").first).to_contain_text(
        "patches Deployment web", timeout=30_000
    )
    ready = lab(".kl-xray .kl-chip")
    expect(ready).to_contain_text("a pod was ready after", timeout=60_000)
    who = lab(".kl-xray .kl-who").all_inner_texts()
    assert who[0] == "Python as kubernetes-admin"
    assert who[1:4] == ["deployment-controller", "replicaset-controller", "kube-scheduler"]
    assert who[-1].startswith("kubelet of")
    lab.execute("assert 'a pod was ready after' in xray.line(), xray.line()")


def test_the_time_machine_goes_back_to_before_a_pod_was_lost_and_compares(lab, web):
    eventually(web.settled, within=60)  # after the restart that was watched before
    pods = lab(".kl-time .kl-pod[data-phase='Running']")
    expect(pods).to_have_count(3, timeout=60_000)
    victim = sorted(web.ready())[0]
    lab(".kl-time button.kl-mark").click()
    web.kill(victim)
    tile = lab(f".kl-time .kl-pod[data-key='browser/{victim}']")
    expect(tile).to_have_count(0, timeout=30_000)
    lab(".kl-time .kl-compare").click()
    titles = lab(".kl-time .kl-difference summary")
    expect(titles.filter(has_text=f"Pod browser/{victim}")).to_have_count(1, timeout=30_000)
    for _ in range(40):
        lab(".kl-time .kl-back").click()
        if tile.count():
            break
    expect(tile).to_have_count(1)
    lab(".kl-time .kl-now").click()
    expect(tile).to_have_count(0)
