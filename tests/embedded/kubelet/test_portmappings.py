"""Which ports of the node a pod asks for."""

from kubelearn.containers.runtime import PortMapping
from kubelearn.embedded.kubelet.portmappings import port_mappings


def test_ports_that_name_one_of_the_host_are_told_to_the_runtime():
    containers = [
        {"name": "a", "ports": [{"containerPort": 80, "hostPort": 8080}, {"containerPort": 81}]},
        {
            "name": "b",
            "ports": [
                {"containerPort": 53, "hostPort": 53, "protocol": "UDP", "hostIP": "127.0.0.1"}
            ],
        },
        {"name": "c"},
    ]
    assert port_mappings({"spec": {"containers": containers}}) == [
        PortMapping(8080, 80),
        PortMapping(53, 53, protocol="UDP", host_ip="127.0.0.1"),
    ]
