"""Pods' /etc/hosts."""

from kubelearn.embedded.kubelet.etchosts import hosts_file, put_on_disk


def lines(pod, **options):
    return hosts_file(pod, hostname="p", ip="127.64.1.2", **options).splitlines()


def test_a_pod_knows_localhost_and_itself(pod_of):
    found = lines(pod_of())
    assert found[0] == "# Kubernetes-managed hosts file."
    assert "127.0.0.1\tlocalhost" in found
    assert found[-1] == "127.64.1.2\tp"


def test_a_pod_with_a_subdomain_has_its_full_name_first(pod_of):
    assert lines(pod_of(subdomain="db"))[-1] == "127.64.1.2\tp.db.default.svc.cluster.local\tp"


def test_host_aliases_come_last(pod_of):
    aliases = [{"ip": "192.0.2.1", "hostnames": ["a", "b"]}, {"ip": "192.0.2.2"}]
    assert lines(pod_of(hostAliases=aliases))[-4:] == [
        "",
        "# Entries added by HostAliases.",
        "192.0.2.1\ta\tb",
        "192.0.2.2",
    ]


def test_a_pod_on_the_hosts_network_has_the_hosts_file(pod_of, tmp_path):
    (tmp_path / "hosts").write_text("127.0.0.1 me\n")
    pod = pod_of(hostNetwork=True, hostAliases=[{"ip": "192.0.2.1", "hostnames": ["a"]}])
    assert lines(pod, machine=tmp_path / "hosts") == [
        "# Kubernetes-managed hosts file (host network).",
        "127.0.0.1 me",
        "",
        "# Entries added by HostAliases.",
        "192.0.2.1\ta",
    ]


def test_a_nodes_disk_has_the_machines_file_and_keeps_its_own(tmp_path):
    (tmp_path / "machine").write_text("127.0.0.1 localhost\n")
    put_on_disk(tmp_path / "disk", machine=tmp_path / "machine")
    file = tmp_path / "disk/etc/hosts"
    assert file.read_text() == "127.0.0.1 localhost\n"
    file.write_text("changed")
    put_on_disk(tmp_path / "disk", machine=tmp_path / "machine")
    assert file.read_text() == "changed"
