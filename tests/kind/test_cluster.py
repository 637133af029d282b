"""The back end on the real kind: one cluster of three machines that the tests share."""

from __future__ import annotations

import io

import pytest
from kubernetes import client

from kubelearn.clusters import KubeconfigCluster, choose
from kubelearn.clusters.kind import KindCluster, audit
from kubelearn.clusters.kind.machines import run
from kubelearn.clusters.transport import send
from kubelearn.errors import ClusterError, NotAvailable

# Starting a part of Kubernetes takes a while on a busy machine.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def core(kind_cluster):
    return client.CoreV1Api(kind_cluster.api_client)


def states(cluster):
    return {each.name: each.state for each in cluster.internals.components()}


def test_it_says_what_it_is(kind_cluster):
    info = kind_cluster.info()
    assert (info.backend, info.name) == ("kind", "tests")
    assert info.nodes == ("tests-control-plane", "tests-worker", "tests-worker2")
    assert info.server.startswith("https://127.0.0.1:")


def test_up_is_harmless_when_it_runs(kind_cluster):
    said = []
    kind_cluster.up(say=said.append)
    assert said == ["cluster tests runs already"]


def test_its_kubeconfig_is_private_and_works_as_any_other(kind_cluster):
    assert kind_cluster.kubeconfig.stat().st_mode & 0o777 == 0o600
    assert KubeconfigCluster(kind_cluster.kubeconfig).info().nodes == kind_cluster.info().nodes


def test_its_number_of_nodes_cannot_change(kind_cluster):
    other = type(kind_cluster)("tests", nodes=5)
    with pytest.raises(ClusterError, match=r"has 3 nodes(?s:.*)--delete"):
        other.up()


@pytest.mark.parametrize("component", ["kube-scheduler", "kubelet@tests-worker", "coredns"])
def test_a_component_stops_and_starts(kind_cluster, component):
    kind_cluster.internals.stop(component)
    try:
        found = states(kind_cluster)
        assert found[component] == "stopped"
        assert found["kube-controller-manager"] == "running"
    finally:
        kind_cluster.internals.start(component)
    assert states(kind_cluster)[component] == "running"


def test_the_api_server_stops_and_answers_again(kind_cluster):
    kind_cluster.internals.stop("kube-apiserver")
    try:
        assert not kind_cluster.ready()
        assert states(kind_cluster)["kube-apiserver"] == "stopped"
    finally:
        kind_cluster.internals.start("kube-apiserver")
    assert kind_cluster.ready()


def test_what_does_not_exist_is_refused_with_what_does(kind_cluster):
    with pytest.raises(NotAvailable, match=r"one of: .*kube-scheduler"):
        kind_cluster.internals.stop("nothing")
    with pytest.raises(NotAvailable, match=r"one of: .*tests-worker2"):
        kind_cluster.internals.stop_node("nothing")


@pytest.mark.parametrize("component", ["kube-apiserver", "etcd", "kubelet@tests-worker2"])
def test_a_component_has_a_log(kind_cluster, component):
    assert kind_cluster.logs(component).count("\n") > 3


def test_connect_takes_it_where_no_embedded_cluster_runs(kind_cluster, monkeypatch):
    monkeypatch.delenv("KUBELEARN_BACKEND", raising=False)
    monkeypatch.setenv("KUBELEARN_STATE", str(kind_cluster.folder.parent.parent))
    found = choose()
    assert (found.backend, found.name, found.why) == ("kind", "tests", "it runs already")


def test_without_a_component_the_log_is_what_kind_said(kind_cluster):
    assert kind_cluster.logs()


def test_a_cluster_of_somebody_else_may_keep_no_audit_trail(kind_cluster):
    worker = kind_cluster.machines.running("tests-worker")
    with pytest.raises(NotAvailable, match="not created by kubelearn"):
        audit.events(worker, since=None, after="")


def test_an_image_of_docker_comes_to_all_nodes(kind_cluster, docker_engine, shell_image):
    said = []
    dockerfile = io.BytesIO(f'FROM {shell_image}\nCMD ["sh", "-c", "echo $((6 * 7))"]'.encode())
    docker_engine.images.build(fileobj=dockerfile, tag="kubelearn/answer:1", rm=True)
    try:
        kind_cluster.load_image("kubelearn/answer:1", say=said.append)
        assert said == ["  ✔ kubelearn/answer:1 is on all nodes"]
        for node in kind_cluster.info().nodes:
            machine = kind_cluster.machines.running(node)
            assert "kubelearn/answer" in run(machine, ["crictl", "images"])
    finally:
        docker_engine.images.remove("kubelearn/answer:1")


def test_an_image_comes_to_the_nodes_that_lack_it(kind_cluster, docker_engine, shell_image):
    docker_engine.images.get(shell_image).tag("kubelearn/lacking:1")
    try:
        kind_cluster.load_image("kubelearn/lacking:1", say=lambda line: None)
        worker = kind_cluster.machines.running("tests-worker")
        run(worker, ["crictl", "rmi", "kubelearn/lacking:1"])
        kind_cluster.load_image("kubelearn/lacking:1", say=lambda line: None)
        assert "kubelearn/lacking" in run(worker, ["crictl", "images"])
        assert run(worker, ["ls", "/var/tmp"]) == ""
    finally:
        docker_engine.images.remove("kubelearn/lacking:1")


def test_a_node_that_takes_no_image_is_named(kind_cluster, docker_engine, shell_image):
    worker = kind_cluster.machines.running("tests-worker")
    run(worker, ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", "/var/tmp"])
    docker_engine.images.get(shell_image).tag("kubelearn/roomless:1")
    try:
        with pytest.raises(ClusterError, match=r"tests-worker did not take .*No space left"):
            kind_cluster.load_image("kubelearn/roomless:1", say=lambda line: None)
    finally:
        docker_engine.images.remove("kubelearn/roomless:1")
        run(worker, ["umount", "/var/tmp"])


def test_a_cluster_that_does_not_run_takes_no_image(docker_engine):
    with pytest.raises(ClusterError, match="cluster nothing-there does not run"):
        KindCluster("nothing-there").load_image("busybox:1.37", say=lambda line: None)


def test_an_image_that_docker_lacks_is_refused_with_the_way_to_it(kind_cluster):
    with pytest.raises(ClusterError, match="docker build -t kubelearn/nothing:1"):
        kind_cluster.load_image("kubelearn/nothing:1")


def test_an_image_is_taken_off_all_nodes_again(kind_cluster, docker_engine, shell_image):
    docker_engine.images.get(shell_image).tag("kubelearn/passing:1")
    try:
        kind_cluster.load_image("kubelearn/passing:1", say=lambda line: None)
        kind_cluster.remove_image("kubelearn/passing:1", say=lambda line: None)
        for node in kind_cluster.info().nodes:
            machine = kind_cluster.machines.running(node)
            assert "kubelearn/passing" not in run(machine, ["crictl", "images"])
        assert docker_engine.images.list("kubelearn/passing:1")
    finally:
        docker_engine.images.remove("kubelearn/passing:1")


def test_a_stock_image_that_docker_lacks_has_a_stand_in(kind_cluster, docker_engine):
    name = "busybox:1.36.99-test"
    with pytest.raises(ClusterError, match=f"kubelearn images load --stand-in {name}"):
        kind_cluster.load_image(name)
    said = []
    kind_cluster.stand_in(name, "kubelearn/hello:1.0", say=said.append)
    try:
        assert said == [f"  ✔ {name} is made of this machine's own programs"]
        assert docker_engine.containers.run(name, ["echo", "it runs"], remove=True) == b"it runs\n"
        with pytest.raises(ClusterError, match="no stand-in for the image mysql:9"):
            kind_cluster.stand_in("mysql:9")
    finally:
        docker_engine.images.remove(name)


def test_etcd_keeps_objects_that_can_be_read(kind_cluster):
    [found] = kind_cluster.internals.keys("/registry/namespaces/default")
    assert found.object["metadata"]["name"] == "default"
    answer = send(kind_cluster.api_client, "GET", "/api/v1/namespaces/default")
    assert answer.checked()["metadata"]["resourceVersion"] == str(found.mod_revision)
