"""Components run by themselves against the API server, and upstream's own take our ones' place."""

import pytest
from kubernetes import client

CONTAINER = {"name": "a", "image": "busybox:1.37", "command": ["sleep", "600"]}
SPEC = {"terminationGracePeriodSeconds": 0, "containers": [CONTAINER]}


@pytest.fixture
def without(cluster):
    """Stop components for the time of a test."""
    stopped = []

    def stop(name):
        cluster.internals.stop(name)
        stopped.append(name)

    yield stop
    for name in stopped:
        cluster.internals.start(name)


@pytest.fixture(params=["ours", "upstream's"])
def scheduler(request, ours, upstream, cluster):
    if request.param == "ours":
        return ours("scheduler")
    config = str(cluster.kubeconfig)
    return [
        upstream("kube-scheduler"),
        f"--kubeconfig={config}",
        f"--authentication-kubeconfig={config}",
        f"--authorization-kubeconfig={config}",
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
    ]


@pytest.fixture(params=["ours", "upstream's"])
def controller_manager(request, ours, upstream, cluster):
    if request.param == "ours":
        return ours("controller-manager")
    config = str(cluster.kubeconfig)
    pki = cluster.folder.pki
    return [
        upstream("kube-controller-manager"),
        f"--kubeconfig={config}",
        f"--authentication-kubeconfig={config}",
        f"--authorization-kubeconfig={config}",
        f"--root-ca-file={pki / 'ca.crt'}",
        f"--service-account-private-key-file={pki / 'sa.key'}",
        "--use-service-account-credentials",
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
    ]


def test_a_scheduler_binds_pods(cluster, core, without, scheduler, running, eventually):
    without("kube-scheduler")
    meta = {"generateName": "waits-"}
    name = core.create_namespaced_pod("default", {"metadata": meta, "spec": SPEC}).metadata.name
    assert core.read_namespaced_pod(name, "default").spec.node_name is None
    with running(scheduler):
        eventually(lambda: core.read_namespaced_pod(name, "default").status.phase == "Running")
    said = core.list_namespaced_event(
        "default", field_selector=f"involvedObject.name={name},reason=Scheduled"
    ).items
    assert said[0].message == f"Successfully assigned default/{name} to alone-worker"
    core.delete_namespaced_pod(name, "default")


def test_controllers_make_a_deployment_real_and_clean_up(
    cluster, core, without, controller_manager, running, eventually
):
    without("kube-controller-manager")
    apps = client.AppsV1Api(cluster.api_client)
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": SPEC}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    with running(controller_manager):
        core.create_namespace({"metadata": {"name": "alone"}})
        eventually(lambda: core.list_namespaced_service_account("alone").items)
        eventually(lambda: core.list_namespaced_config_map("alone").items)
        apps.create_namespaced_deployment("alone", {"metadata": {"name": "web"}, "spec": spec})

        def available():
            return apps.read_namespaced_deployment("web", "alone").status.available_replicas == 2

        eventually(available)
        core.delete_namespace("alone")
        eventually(
            lambda: "alone" not in [each.metadata.name for each in core.list_namespace().items]
        )


def test_a_kubelet_is_a_node_of_its_own(core, ours, running, eventually, tmp_path):
    node = "alone-extra"
    body = {"metadata": {"name": "there"}, "spec": {**SPEC, "nodeName": node}}
    with running(ours("kubelet", f"--node={node}", f"--folder={tmp_path / 'node'}")):
        core.create_namespaced_pod("default", body)
        eventually(lambda: core.read_namespaced_pod("there", "default").status.phase == "Running")
        ready = {each.type: each.status for each in core.read_node(node).status.conditions}["Ready"]
        assert ready == "True"
        core.delete_namespaced_pod("there", "default")
        eventually(lambda: not core.list_namespaced_pod("default").items)
    core.delete_node(node)


def test_a_proxy_lets_a_service_answer(cluster, core, without, ours, running, eventually, answers):
    without("kube-proxy")
    hello = {"name": "a", "image": "kubelearn/hello:1.0"}
    pod = {"metadata": {"name": "web", "labels": {"app": "web"}}}
    core.create_namespaced_pod("default", {**pod, "spec": {**SPEC, "containers": [hello]}})
    ports = [{"port": 8080}]
    service = {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": ports}}
    address = core.create_namespaced_service("default", service).spec.cluster_ip
    assert not answers(address, 8080)
    with running(ours("proxy")):
        eventually(lambda: answers(address, 8080))
    core.delete_namespaced_service("web", "default")
    core.delete_namespaced_pod("web", "default")
