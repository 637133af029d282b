"""Command lines of BusyBox's applets, with addresses for names."""

import socket

import pytest

from kubelearn.containers.shim import podapplet
from kubelearn.containers.shim.podapplet import Unknown, rewrite


class Names:
    """A resolver that knows one name inside and one outside of the cluster."""

    servers = ["127.64.128.10"]

    def addresses(self, name):
        return self.find(name)[1]

    def find(self, name):
        known = {"web": "127.64.128.9", "127.64.1.1": "127.64.1.1", "example.com": "192.0.2.1"}
        if name not in known:
            raise socket.gaierror(-2, "no")
        return f"{name}.default.svc.cluster.local", [known[name]]


@pytest.fixture(autouse=True, params=[0, 1024], ids=["root", "ordinary user"])
def shift(request, monkeypatch):
    """How much higher low ports are: everything is done as root, and as an ordinary user."""
    monkeypatch.setattr(
        podapplet, "real_port", lambda host, port: port + 8000 * (port < request.param)
    )
    return 8000 if request.param else 0


def test_wget_is_given_the_address_and_tells_the_server_its_name(shift):
    port = ":8080" if shift else ""
    assert rewrite("wget", ["-q", "-O", "-", "http://web/a?b=http://c"], Names()) == [
        *["-q", "-O", "-", "--header", "Host: web", f"http://127.64.128.9{port}/a?b=http://c"]
    ]
    assert rewrite("wget", ["web:8080"], Names())[-2:] == [
        "Host: web:8080",
        "127.64.128.9:8080",
    ]


def test_options_are_not_taken_for_hosts():
    words = ["--header", "A: b", "-T", "5", "--post-data=x", "-O", "web", "http://web:9000/"]
    assert rewrite("wget", words, Names())[:-3] == [
        *["--header=A: b", "-T", "5", "--post-data=x", "-O", "web"]
    ]


def test_names_outside_and_what_is_no_name_are_left_alone(shift):
    for url in ("https://example.com/x", "http://127.64.1.1:8080/x"):
        assert rewrite("wget", ["-q", url], Names()) == ["-q", url] or shift
    assert rewrite("wget", ["--no-such-option", "web"], Names()) == ["--no-such-option", "web"]


def test_hosts_and_ports_of_other_applets_are_found(shift):
    assert rewrite("nc", ["-w", "1", "web", "80"], Names()) == [
        *["-w", "1", "127.64.128.9", str(80 + shift)]
    ]
    assert rewrite("ping", ["-c", "1", "web"], Names()) == ["-c", "1", "127.64.128.9"]
    assert rewrite("nc", ["-l", "-p", "80"], Names()) == ["-l", "-p", "80"]


def test_nslookup_asks_the_pods_server_for_the_full_name(shift):
    server = "127.64.128.10" + (":8053" if shift else "")
    assert rewrite("nslookup", ["-type=a", "web"], Names()) == [
        *["-type=a", "web.default.svc.cluster.local", server]
    ]
    assert rewrite("nslookup", ["nosuch"], Names()) == ["nosuch", server]
    assert rewrite("nslookup", ["web", "192.0.2.1"], Names()) == ["web", "192.0.2.1"]


def test_a_host_that_nobody_knows_is_said():
    with pytest.raises(Unknown, match="nosuch"):
        rewrite("wget", ["nosuch"], Names())
