"""What names mean, by Services and EndpointSlices."""

import pytest

from kubelearn.dnsmessage import AAAA, CNAME, NS, PTR, SRV, TXT, A
from kubelearn.embedded.dns import zone
from kubelearn.embedded.dns.zone import Zone
from kubelearn.embedded.endpointslices import service_keys
from kubelearn.embedded.indexer import Indexer
from kubelearn.objects import SERVICE_NAME

WEB = "web.shop.svc.cluster.local"
DB = "db.shop.svc.cluster.local"


def service(name, **spec):
    spec = {"clusterIP": "127.64.128.9", "clusterIPs": ["127.64.128.9"], "ports": [], **spec}
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": spec}


def headless(name):
    return service(name, clusterIP="None", clusterIPs=["None"])


def piece(name, *endpoints, ports=()):
    labels = {SERVICE_NAME: name}
    return {
        "metadata": {"name": f"{name}-1", "namespace": "shop", "labels": labels},
        "ports": list(ports),
        "endpoints": list(endpoints),
    }


def endpoint(ip, *, ready=True, **fields):
    return {"addresses": [ip], "conditions": {"ready": ready}, **fields}


HTTP = {"name": "http", "port": 80, "protocol": "TCP"}


class Directory:
    """A zone, and the objects that it reads."""

    def __init__(self):
        self.services, self.slices, self.namespaces = Indexer(), Indexer(), Indexer()
        self.services.add_index("ip", zone.service_ips)
        self.slices.add_index("ip", zone.slice_ips)
        self.slices.add_index("service", service_keys)
        self.namespaces.put({"metadata": {"name": "shop"}})
        self.zone = Zone(services=self.services, slices=self.slices, namespaces=self.namespaces)

    def put(self, *objects):
        for obj in objects:
            (self.services if "spec" in obj else self.slices).put(obj)

    def find(self, name, kind=A):
        """The data of the answers; None for a name that is none."""
        found = self.zone.find(name, kind)
        return found and [record.data for record in found.answers]


@pytest.fixture
def directory():
    return Directory()


def test_a_service_is_its_address_however_it_is_written(directory):
    directory.put(service("web", ports=[HTTP]))
    assert directory.find(WEB) == ["127.64.128.9"]
    [record] = directory.zone.find("WEB.shop.svc.Cluster.Local", A).answers
    assert record.name == "WEB.shop.svc.Cluster.Local"


def test_a_service_has_no_other_kind_of_address_but_it_is_there(directory):
    directory.put(service("web", ports=[HTTP]))
    assert directory.find(WEB, AAAA) == []
    assert directory.find(WEB, TXT) == []


@pytest.mark.parametrize(
    "name",
    [
        "nosuch.shop.svc.cluster.local",
        "web.nosuch.svc.cluster.local",
        "web.shop.cluster.local",
        "a.b.c.web.shop.svc.cluster.local",
        "web",
        "example.com",
    ],
)
def test_other_names_are_none(directory, name):
    directory.put(service("web", ports=[HTTP]))
    assert directory.find(name) is None


@pytest.mark.parametrize(
    "name",
    ["cluster.local", "svc.cluster.local", "shop.svc.cluster.local", "shop.pod.cluster.local"],
)
def test_names_above_others_are_there_and_empty(directory, name):
    assert directory.find(name) == []


def test_a_headless_service_is_all_of_its_ready_pods(directory):
    slices = piece("db", endpoint("127.64.1.2"), endpoint("127.64.2.2"),
                   endpoint("127.64.2.3", ready=False), {"addresses": ["127.64.2.4"]})  # fmt: skip
    directory.put(headless("db"), slices)
    assert directory.find(DB) == ["127.64.1.2", "127.64.2.2", "127.64.2.4"]


def test_a_headless_service_without_a_ready_pod_is_no_name(directory):
    directory.put(headless("db"), piece("db", endpoint("127.64.1.2", ready=False)))
    assert directory.find(DB) is None


def test_a_pod_of_a_headless_service_has_its_hostname_or_its_address(directory):
    named = endpoint("127.64.1.2", hostname="db-0")
    directory.put(headless("db"), piece("db", named, endpoint("127.64.2.2")))
    assert directory.find(f"db-0.{DB}") == ["127.64.1.2"]
    assert directory.find(f"127-64-2-2.{DB}") == ["127.64.2.2"]
    assert directory.find(f"127-64-1-2.{DB}") is None


def test_a_port_of_a_service_is_a_record_of_its_own(directory):
    directory.put(service("web", ports=[HTTP, {"name": "dns", "port": 53, "protocol": "UDP"}]))
    assert directory.find(f"_http._tcp.{WEB}", SRV) == [f"0 100 80 {WEB}"]
    assert directory.find(f"_dns._udp.{WEB}", SRV) == [f"0 100 53 {WEB}"]
    assert directory.find(f"_dns._tcp.{WEB}", SRV) is None
    assert directory.find(WEB, SRV) == [f"0 50 80 {WEB}", f"0 50 53 {WEB}"]
    [more] = directory.zone.find(f"_http._tcp.{WEB}", SRV).additionals
    assert (more.name, more.data) == (WEB, "127.64.128.9")


def test_ports_of_a_headless_service_lead_to_its_pods(directory):
    pods = endpoint("127.64.1.2", hostname="db-0"), endpoint("127.64.2.2", hostname="db-1")
    ports = [{"name": "sql", "port": 5432, "protocol": "TCP"}]
    directory.put(headless("db"), piece("db", *pods, ports=ports))
    found = directory.zone.find(f"_sql._tcp.{DB}", SRV)
    assert [record.data for record in found.answers] == [
        f"0 50 5432 db-0.{DB}",
        f"0 50 5432 db-1.{DB}",
    ]
    assert [record.data for record in found.additionals] == ["127.64.1.2", "127.64.2.2"]


def external(name, target):
    return service(name, type="ExternalName", externalName=target, clusterIP="", clusterIPs=[])


def test_an_external_name_is_an_alias_of_a_name_elsewhere(directory):
    directory.put(external("docs", "example.com."))
    found = directory.zone.find("docs.shop.svc.cluster.local", A)
    assert [(record.type, record.data) for record in found.answers] == [(CNAME, "example.com")]
    assert found.elsewhere == "example.com"


def test_an_alias_within_the_cluster_is_followed(directory):
    directory.put(service("web", ports=[HTTP]), external("shortcut", WEB))
    assert directory.find("shortcut.shop.svc.cluster.local") == [WEB, "127.64.128.9"]
    assert directory.find("shortcut.shop.svc.cluster.local", CNAME) == [WEB]


def test_aliases_that_lead_in_a_circle_or_nowhere_say_nothing(directory):
    a, b = (f"{name}.shop.svc.cluster.local" for name in "ab")
    directory.put(external("a", b), external("b", a), external("lost", WEB))
    assert directory.find(a) == []
    assert directory.find("lost.shop.svc.cluster.local") == []


def test_an_external_name_that_is_an_address_is_none(directory):
    directory.put(external("raw", "10.0.0.1"))
    assert directory.find("raw.shop.svc.cluster.local") is None


def test_addresses_have_the_names_of_services_and_of_endpoints(directory):
    directory.put(service("web", ports=[HTTP]), headless("db"))
    directory.put(piece("db", endpoint("127.64.1.2", hostname="db-0")))
    assert directory.find("9.128.64.127.in-addr.arpa", PTR) == [WEB]
    assert directory.find("2.1.64.127.in-addr.arpa", PTR) == [f"db-0.{DB}"]
    assert directory.find("3.1.64.127.in-addr.arpa", PTR) is None
    assert directory.find("1.64.127.in-addr.arpa", PTR) is None


def test_a_pods_name_is_its_address_whether_there_is_such_a_pod_or_not(directory):
    assert directory.find("127-64-1-2.shop.pod.cluster.local") == ["127.64.1.2"]
    assert directory.find("127-64-1-2.nosuch.pod.cluster.local") is None
    assert directory.find("web.shop.pod.cluster.local") is None


def test_the_zone_tells_of_itself(directory):
    assert directory.find("dns-version.cluster.local", TXT) == ["1.1.0"]
    assert directory.find("cluster.local", NS) == ["ns.dns.cluster.local"]
    assert directory.zone.soa("x.cluster.local", 7).data == (
        "ns.dns.cluster.local hostmaster.cluster.local 7 7200 1800 86400 30"
    )
