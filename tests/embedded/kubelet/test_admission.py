"""Whether a pod may run on a node at all."""

import pytest

from kubelearn.embedded.kubelet.admission import rejection

ROOM = {"cpu": "2", "memory": "4Gi", "pods": "3", "example.com/seat": "1"}


@pytest.fixture
def judge(pod_of):
    def call(requests=None, *, others=(), **spec):
        def asking(wanted):
            return pod_of(container={"resources": {"requests": wanted or {}}}, **spec)

        return rejection(
            asking(requests),
            others=[asking(each) for each in others],
            labels={"disk": "ssd"},
            room=ROOM,
        )

    return call


def test_a_pod_that_fits_is_let_in(judge):
    assert judge({"cpu": "1500m", "memory": "4Gi"}, others=[{"cpu": "500m"}]) is None


def test_a_pod_that_asks_for_too_much_is_refused(judge):
    refused = judge({"cpu": "1600m"}, others=[{"cpu": "500m"}])
    assert refused.reason == "OutOfcpu"
    assert refused.message == (
        "Node didn't have enough resource: cpu, requested: 1600, used: 500, capacity: 2000"
    )
    assert judge({"memory": "5Gi"}).reason == "OutOfmemory"


def test_an_extended_resource_counts_where_the_node_has_it(judge):
    assert judge({"example.com/seat": "2"}).reason == "OutOfexample.com/seat"
    assert judge({"example.com/table": "2"}) is None


def test_a_node_takes_so_many_pods_and_no_more(judge):
    refused = judge(others=[None, None, None])
    assert refused.reason == "OutOfpods"


def test_a_node_selector_has_to_match(judge):
    assert judge(nodeSelector={"disk": "ssd"}) is None
    assert judge(nodeSelector={"disk": "tape"}).reason == "NodeAffinity"


def test_a_port_of_the_node_is_given_once(pod_of):
    def asking(port):
        return pod_of(container={"ports": [{"containerPort": 80, "hostPort": port}]})

    def judged(port):
        return rejection(asking(port), others=[asking(8080)], labels={}, room=ROOM)

    assert judged(8081) is None
    refused = judged(8080)
    assert refused.reason == "NodePorts"
    assert refused.message == (
        "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"
    )
