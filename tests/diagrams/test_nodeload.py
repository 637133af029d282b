"""What the scheduler looks at on nodes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kubelearn.diagrams.nodeload import Requests, format_taint, node_row, requests_of, takes_room


def container(cpu="", memory="", **more):
    asked = {name: value for name, value in (("cpu", cpu), ("memory", memory)) if value}
    return {"resources": {"requests": asked}, **more}


def pod(*containers, init=(), **more):
    return {"spec": {"containers": list(containers), "initContainers": list(init)}, **more}


def test_containers_run_together():
    found = requests_of(pod(container("100m", "64Mi"), container("1"), container()))
    assert found == Requests(Decimal("1.1"), Decimal(64 * 2**20))


def test_init_containers_run_one_by_one_beside_sidecars():
    sidecar = container("200m", restartPolicy="Always")
    first, last = container("2"), container("500m")
    assert requests_of(pod(container("1"), init=[first, sidecar, last])).cpu == 2
    assert requests_of(pod(container("1"), init=[sidecar, first])).cpu == Decimal("2.2")
    assert requests_of(pod(container("3"), init=[sidecar])).cpu == Decimal("3.2")


@pytest.mark.parametrize(
    ("phase", "node", "expected"),
    [
        ("Running", "n", True),
        ("Pending", "n", True),
        ("Succeeded", "n", False),
        ("Pending", "", False),
    ],
)
def test_finished_pods_and_those_without_a_node_take_no_room(phase, node, expected):
    assert takes_room({"spec": {"nodeName": node}, "status": {"phase": phase}}) is expected


def test_a_node_is_shown_with_its_room_its_taints_and_the_labels_that_matter():
    node = {
        "metadata": {
            "name": "n",
            "labels": {
                "kubernetes.io/hostname": "n",
                "beta.kubernetes.io/os": "linux",
                "disk": "ssd",
            },
        },
        "spec": {"unschedulable": True, "taints": [{"key": "a", "effect": "NoSchedule"}]},
        "status": {
            "conditions": [{"type": "Ready", "status": "True"}],
            "allocatable": {"cpu": "2", "memory": "2Gi", "pods": "110"},
        },
    }
    row = node_row(node, [Requests(Decimal("0.5"), Decimal(2**30))])
    assert row == {
        "name": "n",
        "ready": True,
        "cordoned": True,
        "taints": ["a:NoSchedule"],
        "labels": ["disk=ssd"],
        "cpu": [0.5, 2.0],
        "memory": [1024, 2048],
        "pods": [1, 110],
    }


def test_a_taint_is_written_as_kubectl_writes_it():
    assert format_taint({"key": "a", "value": "b", "effect": "NoExecute"}) == "a=b:NoExecute"
