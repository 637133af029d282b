"""Ports of nodes, and who is in whose way."""

import pytest

from kubelearn.embedded.hostports import conflict, host_ports


def test_only_ports_of_the_host_are_host_ports():
    ports = [{"containerPort": 80}, {"containerPort": 81, "hostPort": 8081}]
    sidecar = {"name": "s", "restartPolicy": "Always", "ports": [{"hostPort": 8082}]}
    init = {"name": "i", "ports": [{"hostPort": 8083}]}
    spec = {"containers": [{"name": "c", "ports": ports}], "initContainers": [sidecar, init]}
    assert host_ports({"spec": spec}) == {("0.0.0.0", "TCP", 8081), ("0.0.0.0", "TCP", 8082)}


@pytest.mark.parametrize(
    ("other", "conflicts"),
    [
        (("10.0.0.1", "TCP", 80), True),
        (("0.0.0.0", "TCP", 80), True),
        (("10.0.0.2", "TCP", 80), False),
        (("10.0.0.1", "UDP", 80), False),
        (("10.0.0.1", "TCP", 81), False),
    ],
)
def test_ports_conflict_at_one_address_or_at_all(other, conflicts):
    assert conflict(("10.0.0.1", "TCP", 80), other) is conflicts
