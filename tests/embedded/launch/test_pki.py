"""The cluster's certificates."""

import ssl
import stat
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from kubelearn.embedded.addresses import Block
from kubelearn.embedded.launch import tls
from kubelearn.embedded.launch.identities import Identity, of_cluster
from kubelearn.embedded.launch.pki import prepare

NOW = datetime.now(UTC)
CLIENT = Identity("admin", "kubernetes-admin", ["kubeadm:cluster-admins"])
SERVER = Identity("apiserver", "kube-apiserver", hosts=["127.0.0.1", "localhost"])
EVERYBODY = [CLIENT, SERVER]


@pytest.fixture
def folder(tmp_path):
    prepare(tmp_path / "pki", EVERYBODY, now=NOW)
    return tmp_path / "pki"


def certificate(folder, name):
    return x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())


def test_a_new_folder_gets_an_authority_everybodys_certificate_and_the_tokens_key(tmp_path):
    assert prepare(tmp_path / "pki", EVERYBODY, now=NOW) == ["ca", "admin", "apiserver", "sa"]


def test_a_second_start_makes_nothing(folder):
    assert prepare(folder, EVERYBODY, now=NOW) == []


def test_keys_are_for_their_owner_alone(folder):
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_client_is_its_common_name_in_groups_that_are_its_organizations(folder):
    subject = certificate(folder, "admin").subject.rfc4514_string()
    assert subject == "CN=kubernetes-admin,O=kubeadm:cluster-admins"


def test_certificates_begin_a_day_early_because_clocks_jump(folder):
    assert certificate(folder, "admin").not_valid_before_utc <= NOW - timedelta(hours=23)


def test_what_ends_within_30_days_is_renewed(folder):
    later = NOW + timedelta(days=340)
    assert prepare(folder, EVERYBODY, now=later) == ["admin", "apiserver"]
    assert prepare(folder, EVERYBODY, now=later) == []


def test_a_new_authority_means_new_certificates_for_all(folder):
    later = NOW + timedelta(days=3640)
    assert prepare(folder, EVERYBODY, now=later) == ["ca", "admin", "apiserver"]


def test_a_server_with_another_name_gets_another_certificate(folder):
    moved = Identity("apiserver", "kube-apiserver", hosts=["127.0.0.2"])
    assert prepare(folder, [CLIENT, moved], now=NOW) == ["apiserver"]


@pytest.mark.parametrize("file", ["admin.crt", "admin.key"])
def test_damage_and_halves_of_two_pairs_are_mended(folder, file):
    (folder / file).write_text("rubbish")
    assert prepare(folder, EVERYBODY, now=NOW) == ["admin"]
    (folder / file).write_bytes((folder / file.replace("admin", "apiserver")).read_bytes())
    assert prepare(folder, EVERYBODY, now=NOW) == ["admin"]


def shake_hands(server, client):
    """A TLS handshake in memory; the answer is whom the server sees."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    serving = server.wrap_bio(to_server, to_client, server_side=True)
    asking = client.wrap_bio(to_client, to_server, server_hostname="127.0.0.1")
    for _ in range(5):
        for side in (asking, serving):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return serving.getpeercert()


def test_both_sides_trust_each_other_and_the_server_learns_who_asks(folder):
    seen = shake_hands(
        tls.server(folder, "apiserver", certificate_required=True), tls.client(folder, "admin")
    )
    assert (("commonName", "kubernetes-admin"),) in seen["subject"]


def test_a_client_of_another_cluster_is_refused(folder, tmp_path):
    other = tmp_path / "other"
    prepare(other, EVERYBODY, now=NOW)
    stranger = tls.client(other, "admin")
    stranger.check_hostname, stranger.verify_mode = False, ssl.CERT_NONE
    with pytest.raises(ssl.SSLError):
        shake_hands(tls.server(folder, "apiserver", certificate_required=True), stranger)


def test_everybody_in_a_cluster_has_an_identity():
    found = {each.file: each for each in of_cluster(["a", "b"], Block(64))}
    assert found["kubelet-client-b"].user == "system:node:b"
    assert found["kubelet-client-b"].groups == ["system:nodes"]
    assert found["kubelet-b"].hosts == ["127.64.0.3", "b"]
    assert {"127.0.0.1", "127.64.128.1", "kubernetes.default.svc"} <= set(found["apiserver"].hosts)
    assert found["scheduler"].user == "system:kube-scheduler"
