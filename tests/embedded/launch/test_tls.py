"""TLS between the components."""

import ssl
from datetime import UTC, datetime

import pytest

from kubelearn.embedded.launch import tls
from kubelearn.embedded.launch.identities import Identity
from kubelearn.embedded.launch.pki import prepare


@pytest.fixture
def folder(tmp_path):
    server = Identity("apiserver", "kube-apiserver", hosts=["127.0.0.1"])
    client = Identity("admin", "kubernetes-admin", ["system:masters"])
    prepare(tmp_path / "pki", [server, client], now=datetime.now(UTC))
    return tmp_path / "pki"


def shake_hands(client, server):
    """Both ends of a connection in memory, after the handshake and a byte from the server."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname="127.0.0.1"),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    waiting = list(ends)
    while waiting:
        end = waiting.pop(0)
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            waiting.append(end)
    ends[1].write(b"!")
    assert ends[0].read(1) == b"!"
    return ends


def test_both_ends_know_each_other_and_no_ticket_is_made_that_nobody_would_use(folder):
    client, server = shake_hands(
        tls.client(folder, "admin"), tls.server(folder, "apiserver", certificate_required=True)
    )
    assert ((("organizationName", "system:masters"),)) in server.getpeercert()["subject"]
    assert client.getpeercert()["subject"] == ((("commonName", "kube-apiserver"),),)
    assert client.version() == "TLSv1.3"
    assert not client.session.has_ticket
