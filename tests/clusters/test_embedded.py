"""The embedded cluster as Python sees it."""

import time

import pytest
from kubernetes import client

from kubelearn.clusters import EmbeddedCluster, KubeconfigCluster
from kubelearn.errors import ClusterError, NotAvailable
from tests.waiting import eventually


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBELEARN_STATE", str(tmp_path_factory.mktemp("state")))
        found = EmbeddedCluster()
        found.up()
        yield found
        found.delete()


def make_config_map(cluster, name):
    client.CoreV1Api(cluster.api_client).create_namespaced_config_map(
        "default", {"metadata": {"name": name}}
    )


def config_maps(cluster):
    found = client.CoreV1Api(cluster.api_client).list_namespaced_config_map("default").items
    return {each.metadata.name for each in found}


def test_info_says_what_it_is(cluster):
    info = cluster.info()
    assert (info.backend, info.name) == ("embedded", "kubelearn")
    assert info.version.startswith("v1.36.")
    assert info.server.startswith("https://127.0.0.1:")
    assert info.nodes == ("kubelearn-control-plane", "kubelearn-worker", "kubelearn-worker2")
    assert info.why


def test_objects_and_clients_outlive_a_stop_and_a_start(cluster):
    make_config_map(cluster, "outlives")
    held = cluster.api_client
    cluster.down()
    assert not cluster.ready()
    cluster.up()
    assert cluster.api_client is held
    assert "outlives" in config_maps(cluster)


def test_a_reset_forgets_everything_and_goes_on_with_the_same_client(cluster):
    make_config_map(cluster, "forgotten")
    server = cluster.api_client.configuration.host
    cluster.reset()
    assert cluster.api_client.configuration.host == server
    assert "forgotten" not in config_maps(cluster)


def test_another_handle_of_the_same_cluster_sees_the_same(cluster):
    make_config_map(cluster, "shared")
    assert "shared" in config_maps(EmbeddedCluster())


def test_a_proxy_of_the_company_is_not_asked_for_this_machine(cluster, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    assert EmbeddedCluster().info().name == "kubelearn"


def test_its_kubeconfig_works_as_any_other(cluster):
    other = KubeconfigCluster(cluster.kubeconfig)
    assert other.ready()
    assert other.name == "kubelearn"
    assert other.info().nodes == cluster.info().nodes


def test_components_stop_and_start_alone(cluster):
    internals = cluster.internals
    names = {each.name for each in internals.components()}
    assert {"etcd", "kube-apiserver", "kube-scheduler", "kube-proxy"} <= names
    internals.stop("kube-scheduler")
    states = {each.name: each.state for each in internals.components()}
    assert states["kube-scheduler"] == "stopped"
    assert states["kube-controller-manager"] == "running"
    core = client.CoreV1Api(cluster.api_client)
    eventually(lambda: core.list_namespaced_service_account("default").items)
    container = {"name": "c", "image": "pause"}
    core.create_namespaced_pod(
        "default", {"metadata": {"name": "waits"}, "spec": {"containers": [container]}}
    )
    time.sleep(0.5)
    assert core.read_namespaced_pod("waits", "default").spec.node_name is None
    internals.start("kube-scheduler")
    eventually(lambda: core.read_namespaced_pod("waits", "default").spec.node_name)


def test_the_api_server_stops_and_starts_and_the_others_find_it_again(cluster):
    cluster.internals.stop("kube-apiserver")
    assert cluster.status() is not None
    cluster.internals.start("kube-apiserver")
    eventually(lambda: len(cluster.info().nodes) == 3)


def test_without_etcd_the_api_server_is_not_ready(cluster):
    cluster.internals.stop("etcd")
    with pytest.raises(client.ApiException, match="etcdserver"):
        config_maps(cluster)
    cluster.internals.start("etcd")
    assert config_maps(cluster) is not None


def test_without_etcd_no_key_can_be_read_and_a_watch_ends_with_the_reason(cluster):
    internals = cluster.internals
    events = internals.watch_keys(seconds=60)
    internals.stop("etcd")
    try:
        with pytest.raises(ClusterError, match="etcd is stopped"):
            internals.keys()
        with pytest.raises(ClusterError, match="etcd is stopped"):
            list(events)
    finally:
        internals.start("etcd")
    assert internals.keys()


def test_a_watch_of_keys_does_not_keep_a_cluster_from_ending(cluster):
    events = cluster.internals.watch_keys(seconds=60)
    cluster.down()
    list(events)
    cluster.up()


def test_a_node_that_is_switched_off_comes_back(cluster):
    cluster.internals.stop_node("kubelearn-worker")
    states = {each.name: each.state for each in cluster.internals.components()}
    assert states["kubelet@kubelearn-worker"] == "stopped"
    cluster.internals.start_node("kubelearn-worker")
    states = {each.name: each.state for each in cluster.internals.components()}
    assert states["kubelet@kubelearn-worker"] == "running"


@pytest.mark.parametrize("forbidden", ["stop", "start_node"])
def test_what_does_not_exist_is_refused_with_what_does(cluster, forbidden):
    with pytest.raises(NotAvailable, match="one of: "):
        getattr(cluster.internals, forbidden)("nothing")


def test_the_internals_of_a_stopped_cluster_say_so(state):
    with pytest.raises(ClusterError, match="kubelearn up"):
        EmbeddedCluster().internals.components()


def test_the_log_can_be_read_by_component(cluster):
    log = cluster.folder.log
    with log.open("a") as file:
        file.write("2026-01-01 00:00:00,000 W kube-proxy: something\n")
    assert cluster.logs("kube-proxy").endswith(" W kube-proxy: something\n")
    assert "something" not in cluster.logs("kube-scheduler")
    assert "something" in cluster.logs()
