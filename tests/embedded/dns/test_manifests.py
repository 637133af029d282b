"""The objects of the cluster's DNS."""

import pytest

from kubelearn.embedded.client import Client
from kubelearn.embedded.dns import install
from kubelearn.objects import ENDPOINT_SLICES, SERVICES


class Recording(Client):
    """A client that keeps what is applied."""

    def __init__(self):
        super().__init__("https://nobody.asked")
        self.applied = {}

    async def patch(self, resource, name, body, namespace=None, **options):
        assert (options["kind"], options["force"]) == ("apply", "true")
        self.applied[resource, namespace, name] = body


@pytest.fixture
async def applied():
    client = Recording()
    await install(client, ip="127.64.128.10", server=("127.64.0.2", 10053))
    return client.applied


def test_the_dns_has_the_service_that_kubeadm_makes(applied):
    service = applied[SERVICES, "kube-system", "kube-dns"]
    assert service["spec"]["clusterIP"] == "127.64.128.10"
    assert service["metadata"]["labels"]["k8s-app"] == "kube-dns"


def test_the_service_leads_to_where_the_server_listens(applied):
    piece = applied[ENDPOINT_SLICES, "kube-system", "kube-dns"]
    assert piece["metadata"]["labels"] == {"kubernetes.io/service-name": "kube-dns"}
    assert piece["endpoints"][0]["addresses"] == ["127.64.0.2"]
    named = {port["name"]: port["port"] for port in piece["ports"]}
    assert named == {"dns": 10053, "dns-tcp": 10053}
    names = {port["name"] for port in applied[SERVICES, "kube-system", "kube-dns"]["spec"]["ports"]}
    assert named.keys() <= names


def test_the_server_may_only_read(applied):
    [role] = [body for (_, _, name), body in applied.items() if "rules" in body]
    assert all(rule["verbs"] == ["list", "watch"] for rule in role["rules"])
