"""A Service's way through rules that a real kube-proxy 1.36 wrote."""

import pytest

from kubelearn.clusters.kind.iptables import service_path

SERVICE = {
    "metadata": {"name": "web", "namespace": "rec"},
    "spec": {
        "clusterIPs": ["10.96.105.88"],
        "ports": [{"port": 80, "nodePort": 31179, "protocol": "TCP"}],
    },
}
SAVED = """\
*nat
:KUBE-SERVICES - [0:0]
-A KUBE-EXT-QYX3 -m comment --comment "masquerade traffic for rec/web" -j KUBE-MARK-MASQ
-A KUBE-EXT-QYX3 -j KUBE-SVC-QYX3
-A KUBE-NODEPORTS -d 127.0.0.0/8 -p tcp -m comment --comment "rec/web" -m tcp --dport 31179 -m nfacct --nfacct-name localhost_nps_accepted_pkts -j KUBE-EXT-QYX3
-A KUBE-NODEPORTS -p tcp -m comment --comment "rec/web" -m tcp --dport 31179 -j KUBE-EXT-QYX3
-A KUBE-SEP-PPJK -s 10.244.2.44/32 -m comment --comment "rec/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-PPJK -p tcp -m comment --comment "rec/web" -m recent --set --name KUBE-SEP-PPJK -m tcp -j DNAT --to-destination 10.244.2.44:8080
-A KUBE-SEP-UFKI -s 10.244.1.47/32 -m comment --comment "rec/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-UFKI -p tcp -m comment --comment "rec/web" -m recent --set --name KUBE-SEP-UFKI -m tcp -j DNAT --to-destination 10.244.1.47:8080
-A KUBE-SEP-YYUA -s 10.244.1.46/32 -m comment --comment "rec/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-YYUA -p tcp -m comment --comment "rec/web" -m recent --set --name KUBE-SEP-YYUA -m tcp -j DNAT --to-destination 10.244.1.46:8080
-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m comment --comment "default/kubernetes:https cluster IP" -m tcp --dport 443 -j KUBE-SVC-NPX4
-A KUBE-SERVICES -d 10.96.105.88/32 -p tcp -m comment --comment "rec/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-QYX3
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-QYX3 ! -s 10.244.0.0/16 -d 10.96.105.88/32 -p tcp -m comment --comment "rec/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-QYX3 -m comment --comment "rec/web -> 10.244.1.46:8080" -m recent --rcheck --seconds 60 --reap --name KUBE-SEP-YYUA -j KUBE-SEP-YYUA
-A KUBE-SVC-QYX3 -m comment --comment "rec/web -> 10.244.1.47:8080" -m recent --rcheck --seconds 60 --reap --name KUBE-SEP-UFKI -j KUBE-SEP-UFKI
-A KUBE-SVC-QYX3 -m comment --comment "rec/web -> 10.244.2.44:8080" -m recent --rcheck --seconds 60 --reap --name KUBE-SEP-PPJK -j KUBE-SEP-PPJK
-A KUBE-SVC-QYX3 -m comment --comment "rec/web -> 10.244.1.46:8080" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-YYUA
-A KUBE-SVC-QYX3 -m comment --comment "rec/web -> 10.244.1.47:8080" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-UFKI
-A KUBE-SVC-QYX3 -m comment --comment "rec/web -> 10.244.2.44:8080" -j KUBE-SEP-PPJK
COMMIT
"""  # noqa: E501
ENDPOINTS = ["10.244.1.46:8080", "10.244.1.47:8080", "10.244.2.44:8080"]


@pytest.fixture
def path():
    return service_path(SERVICE, SAVED, node="worker", node_ip="172.18.0.2")


@pytest.fixture
def entries(path):
    return {entry.kind: entry for entry in path.entries}


def test_both_ways_in_are_entries(path, entries):
    assert (path.service, path.node, path.mode) == ("rec/web", "worker", "iptables")
    assert entries["ClusterIP"].address == "10.96.105.88:80"
    assert entries["NodePort"].address == "172.18.0.2:31179"


@pytest.mark.parametrize("kind", ["ClusterIP", "NodePort"])
def test_each_endpoint_has_the_same_chance_though_the_rules_name_others(entries, kind):
    targets = entries[kind].targets
    assert [each.address for each in targets] == ENDPOINTS
    assert [each.chance for each in targets] == pytest.approx([1 / 3] * 3)


def test_affinity_is_read_from_the_rule_that_remembers(entries):
    assert {each.affinity_seconds for each in entries.values()} == {60}


def test_the_rules_are_those_that_a_connection_may_meet(path, entries):
    assert "default/kubernetes" not in path.rules
    assert all(target.rule in path.rules for target in entries["NodePort"].targets)
    assert path.rules.count("DNAT") == 3


def test_without_endpoints_an_address_leads_nowhere():
    service = {**SERVICE, "spec": {"clusterIPs": ["10.96.253.129"], "ports": [{"port": 80}]}}
    [entry] = service_path(service, SAVED, node="worker", node_ip="172.18.0.2").entries
    assert (entry.address, entry.targets) == ("10.96.253.129:80", ())


def test_a_headless_service_has_no_way():
    service = {**SERVICE, "spec": {"clusterIPs": ["None"], "ports": [{"port": 80}]}}
    assert service_path(service, SAVED, node="worker", node_ip="172.18.0.2").entries == ()
