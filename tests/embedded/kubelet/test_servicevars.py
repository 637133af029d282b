"""Variables about services."""

from kubelearn.embedded.kubelet.servicevars import service_variables


def service(name, ip, *ports):
    return {"metadata": {"name": name}, "spec": {"clusterIP": ip, "ports": list(ports)}}


def test_a_service_is_told_in_both_forms():
    db = service(
        "my-db",
        "127.64.128.7",
        {"name": "sql", "port": 5432, "protocol": "TCP"},
        {"name": "admin", "port": 9000, "protocol": "UDP"},
    )
    assert service_variables([db]) == {
        "MY_DB_SERVICE_HOST": "127.64.128.7",
        "MY_DB_SERVICE_PORT": "5432",
        "MY_DB_SERVICE_PORT_SQL": "5432",
        "MY_DB_SERVICE_PORT_ADMIN": "9000",
        "MY_DB_PORT": "tcp://127.64.128.7:5432",
        "MY_DB_PORT_5432_TCP": "tcp://127.64.128.7:5432",
        "MY_DB_PORT_5432_TCP_PROTO": "tcp",
        "MY_DB_PORT_5432_TCP_PORT": "5432",
        "MY_DB_PORT_5432_TCP_ADDR": "127.64.128.7",
        "MY_DB_PORT_9000_UDP": "udp://127.64.128.7:9000",
        "MY_DB_PORT_9000_UDP_PROTO": "udp",
        "MY_DB_PORT_9000_UDP_PORT": "9000",
        "MY_DB_PORT_9000_UDP_ADDR": "127.64.128.7",
    }


def test_headless_services_are_not_told():
    assert service_variables([service("a", "None", {"port": 1}), service("b", "")]) == {}
