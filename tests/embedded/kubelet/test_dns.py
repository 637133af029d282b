"""What pods' resolv.conf say."""

import pytest

from kubelearn.containers.runtime import DnsConfig
from kubelearn.embedded.kubelet.dns import DnsConfigurer, parse

MACHINE = """
# comment
nameserver 192.0.2.1
nameserver 192.0.2.2
search old.example
search corp.example. .
options timeout:3 rotate
options timeout:5
"""
CLUSTER = ["default.svc.cluster.local", "svc.cluster.local", "cluster.local"]


class Recorder:
    def __init__(self):
        self.events = []

    def event(self, obj, kind, reason, message):
        self.events.append((reason, message))


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def configure(recorder, tmp_path, pod_of):
    """The configuration of a pod with these fields, on a machine with servers of its own."""
    file = tmp_path / "resolv.conf"
    file.write_text(MACHINE)

    def call(*, cluster_dns="127.64.128.10", **spec):
        made = DnsConfigurer(recorder, cluster_dns=cluster_dns, resolv_conf=file)
        return made.for_pod(pod_of(**spec))

    return call


def test_a_machines_file_is_read_as_resolvers_read_it():
    assert parse(MACHINE) == DnsConfig(
        ["192.0.2.1", "192.0.2.2"], ["corp.example"], ["timeout:5", "rotate"]
    )
    assert parse("") == DnsConfig([], [], [])


def test_names_are_looked_for_in_the_cluster_first(configure):
    expected = DnsConfig(["127.64.128.10"], [*CLUSTER, "corp.example"], ["ndots:5"])
    assert configure() == expected
    assert configure(dnsPolicy="ClusterFirst") == expected


def test_a_pod_on_the_hosts_network_has_the_hosts_servers_unless_it_says_otherwise(configure):
    assert configure(hostNetwork=True, dnsPolicy="ClusterFirst") == parse(MACHINE)
    found = configure(hostNetwork=True, dnsPolicy="ClusterFirstWithHostNet")
    assert found.servers == ["127.64.128.10"]


def test_the_default_policy_is_the_machines_servers(configure):
    assert configure(dnsPolicy="Default") == parse(MACHINE)


def test_without_a_policy_only_the_pods_own_configuration_counts(configure):
    own = {
        "nameservers": ["192.0.2.9"],
        "searches": ["a.example"],
        "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}],
    }
    assert configure(dnsPolicy="None", dnsConfig=own) == DnsConfig(
        ["192.0.2.9"], ["a.example"], ["ndots:2", "edns0"]
    )


def test_a_pods_own_configuration_adds_to_its_policys_and_options_replace_it(configure):
    own = {
        "nameservers": ["192.0.2.9", "127.64.128.10"],
        "searches": ["a.example", "cluster.local"],
        "options": [{"name": "ndots", "value": "2"}],
    }
    assert configure(dnsConfig=own) == DnsConfig(
        ["127.64.128.10", "192.0.2.9"], [*CLUSTER, "corp.example", "a.example"], ["ndots:2"]
    )


def test_too_many_servers_are_cut_and_told(configure, recorder):
    own = {"nameservers": ["192.0.2.7", "192.0.2.8", "192.0.2.9"]}
    assert configure(dnsConfig=own).servers == ["127.64.128.10", "192.0.2.7", "192.0.2.8"]
    assert recorder.events == [
        (
            "DNSConfigForming",
            "Nameserver limits were exceeded, some nameservers have been omitted, the applied "
            "nameserver line is: 127.64.128.10 192.0.2.7 192.0.2.8",
        )
    ]


def test_too_long_a_search_path_is_cut_and_told(configure, recorder):
    own = {"searches": ["x" * 300, *(f"{i}.{'y' * 200}" for i in range(40))]}
    found = configure(dnsConfig=own).searches
    assert found[:5] == [*CLUSTER, "corp.example", f"0.{'y' * 200}"]
    assert len(" ".join(found)) <= 2048
    [(reason, message)] = recorder.events
    assert reason == "DNSConfigForming"
    assert message == (
        "Search Line limits were exceeded, some search paths have been omitted, the applied "
        f"search line is: {' '.join(found)}"
    )


def test_a_node_that_knows_no_cluster_dns_falls_back_and_tells(configure, recorder):
    assert configure(cluster_dns="") == parse(MACHINE)
    [(reason, message)] = recorder.events
    assert reason == "MissingClusterDNS"
    assert message == (
        'pod: "p_default(uid-of-p)". kubelet does not have ClusterDNS IP configured and cannot '
        'create Pod using "ClusterFirst" policy. Falling back to "Default" policy.'
    )
