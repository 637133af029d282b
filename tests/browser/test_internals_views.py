"""The views of what lies behind the API in JupyterLab, on a living cluster."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from kubelearn.clusters.transport import MERGE_PATCH, send
from kubelearn.objects import DEPLOYMENTS, PODS, SERVICES

CONNECT = "import kubelearn as kl\ncluster = kl.connect()"
SWITCHES = "switches = kl.ControlPlaneSwitches(cluster)\nswitches"
INSPECTOR = """
from kubelearn.clusters.transport import send
pod = send(cluster.api_client, 'GET', '/api/v1/namespaces/browser/pods').checked()['items'][0]
inspector = kl.NodeInspector(cluster, pod['spec']['nodeName'])
inspector
"""
ETCD = "etcd = kl.EtcdBrowser(cluster)\netcd"
TRACE = "trace = kl.PacketTrace(cluster, 'web', 'browser')\ntrace"


@pytest.fixture(scope="module", autouse=True)
def notebooks(page, server, web, lab):
    server.write("internals.ipynb", [CONNECT, SWITCHES, INSPECTOR, ETCD, TRACE])
    await_pods(page, web, lambda _pods: len(web.ready()) == 3)
    lab.open("internals.ipynb")
    lab.run_all()


def await_pods(page, web, condition):
    """Wait until the pods of the app are so."""
    for _ in range(300):
        pods = send(web.api, "GET", PODS.path(web.namespace)).checked()["items"]
        if condition(pods):
            return
        page.wait_for_timeout(100)
    raise AssertionError([pod["status"] for pod in pods])


def waiting(pods):
    return [pod for pod in pods if not pod["spec"].get("nodeName")]


def test_without_a_scheduler_a_new_pod_waits_and_with_it_goes_on(page, lab, web):
    switch = lab('.kl-switches .kl-switch[aria-label="kube-scheduler"]')
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false", timeout=30_000)
    expect(lab(".kl-switches .kl-command").first).to_have_text(
        'cluster.internals.stop("kube-scheduler")'
    )
    web.kill(sorted(web.ready())[0])
    await_pods(page, web, waiting)
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true", timeout=30_000)
    await_pods(page, web, lambda pods: not waiting(pods) and len(web.ready()) == 3)


def test_a_node_shows_its_containers_even_without_its_kubelet(lab):
    node = lab(".kl-inside-node")
    running = node.get_by_role("group", name="Containers").get_by_role("row", name="hello")
    expect(running.first).to_contain_text("Running", timeout=30_000)
    lab(".kl-do-kubelet").click()
    expect(lab(".kl-do-kubelet")).to_have_text("Start the kubelet", timeout=30_000)
    expect(running.first).to_contain_text("Running")
    lab(".kl-do-kubelet").click()
    expect(lab(".kl-do-kubelet")).to_have_text("Stop the kubelet", timeout=30_000)


def test_a_change_of_an_object_is_a_change_of_its_key(lab, web):
    lab(".kl-etcd .kl-filter").fill("deployments/browser/web")
    key = lab(".kl-etcd .kl-key")
    expect(key).to_have_count(1, timeout=30_000)
    key.click()
    expect(lab(".kl-etcd .kl-whole")).to_contain_text("replicas: 3", timeout=30_000)
    path = DEPLOYMENTS.path(web.namespace, "web", "scale")
    body = {"spec": {"replicas": 4}}
    answer = send(web.api, "PATCH", path, body=body, content_type=MERGE_PATCH).checked()
    revision = answer["metadata"]["resourceVersion"]
    lines = lab(".kl-etcd").get_by_role("group", name="Changes", exact=True).get_by_role("row")
    expect(lines.filter(has_text=revision)).to_contain_text(
        "/registry/deployments/browser/web", timeout=30_000
    )
    expect(lab(".kl-etcd .kl-whole")).to_contain_text("replicas: 4", timeout=30_000)


def test_a_service_leads_to_its_ready_pods_as_soon_as_it_is_there(page, lab, web):
    await_pods(page, web, lambda pods: len(web.ready()) == len(pods) == 4)
    ports = [{"port": 80, "targetPort": 8080}]
    body = {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": ports}}
    send(web.api, "POST", SERVICES.path(web.namespace), body=body).checked()
    pods = lab(".kl-packets .kl-pod-name")
    expect(pods).to_have_count(4, timeout=60_000)
    expect(lab(".kl-packets .kl-target").first).to_contain_text("web-", timeout=30_000)
    assert set(pods.all_inner_texts()) == web.ready()
    lab(".kl-packets .kl-send-100").click()
    expect(lab(".kl-packets .kl-detail")).to_contain_text("100 packets so far")
