"""What nslookup is asked instead."""

import socket

import pytest

from kubelearn.containers.shim import podlookup
from kubelearn.containers.shim.podlookup import rewrite


class Names:
    """A resolver that knows one name."""

    servers = ["127.64.128.10"]

    def find(self, name):
        if name != "web":
            raise socket.gaierror(-2, "no")
        return "web.default.svc.cluster.local", ["127.64.128.9"]


@pytest.fixture(autouse=True, params=[53, 8053], ids=["root", "ordinary user"])
def server(request, monkeypatch):
    """The pod's server, as root and as somebody who may not have its port."""
    monkeypatch.setattr(podlookup, "real_port", lambda host, port: request.param)
    return "127.64.128.10" + (":8053" if request.param == 8053 else "")


def test_the_pods_server_is_asked_for_the_full_name(server):
    assert rewrite(["-type=a", "web"], Names()) == [
        *["-type=a", "web.default.svc.cluster.local", server]
    ]


def test_a_name_that_nobody_knows_and_an_address_are_asked_for_as_they_are(server):
    assert rewrite(["nosuch"], Names()) == ["nosuch", server]
    assert rewrite(["127.64.128.9"], Names()) == ["127.64.128.9", server]


def test_a_server_that_is_named_is_asked_itself():
    assert rewrite(["web", "192.0.2.1"], Names()) == ["web", "192.0.2.1"]
    assert rewrite([], Names()) == []
