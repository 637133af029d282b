"""A cluster whose nodes have no machines."""

import pytest
from kubernetes import client
from kubernetes.stream import stream

from kubelearn.clusters import EmbeddedCluster
from kubelearn.errors import ClusterError, NotAvailable
from tests.waiting import eventually

NODES = 150  # more than there could be with machines


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBELEARN_STATE", str(tmp_path_factory.mktemp("state")))
        found = EmbeddedCluster("hollow", nodes=NODES, runtime="fake")
        found.up()
        yield found
        found.delete()


@pytest.fixture(scope="module")
def core(cluster):
    return client.CoreV1Api(cluster.api_client)


def is_ready(obj):
    return any(c.type == "Ready" and c.status == "True" for c in obj.status.conditions or [])


@pytest.fixture(scope="module")
def pod(core):
    """A pod that seems to run on one of the nodes."""
    body = {
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "a", "image": "nothing/of-that-name:1"}]},
    }
    eventually(lambda: core.read_namespaced_service_account("default", "default"))
    core.create_namespaced_pod("default", body)
    return eventually(lambda: is_ready(found := core.read_namespaced_pod("p", "default")) and found)


def test_all_nodes_are_ready(core):
    eventually(lambda: sum(map(is_ready, core.list_node().items)) == NODES)


def test_a_pod_runs_whatever_its_image(pod):
    assert pod.status.pod_ip.startswith("127.")
    assert pod.status.container_statuses[0].state.running


def test_there_is_no_log_and_nothing_to_run_a_command_in(cluster, core, pod):
    assert core.read_namespaced_pod_log("p", "default") == ""
    exec_ = client.CoreV1Api(cluster.api_client).connect_get_namespaced_pod_exec
    with pytest.raises(client.ApiException, match="no process runs in pod p_default"):
        stream(exec_, "p", "default", command=["ls"], stdout=True)


def test_a_node_can_be_switched_off_and_on(cluster):
    cluster.internals.stop_node("hollow-worker7")
    cluster.internals.start_node("hollow-worker7")


def test_there_is_no_machine_to_look_into(cluster):
    for look in (cluster.internals.containers, cluster.internals.processes):
        with pytest.raises(NotAvailable, match="no machine behind node hollow-worker7"):
            look("hollow-worker7")


def test_its_nodes_keep_their_runtime(cluster):
    cluster.down()
    with pytest.raises(ClusterError, match="that cannot change"):
        EmbeddedCluster("hollow", runtime="process").up()
    with pytest.raises(ClusterError, match="1001 nodes are not possible"):
        EmbeddedCluster("hollow", nodes=1001).up()
    cluster.up()
    assert cluster.status()["ready"]
