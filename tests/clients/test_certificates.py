"""Somebody becomes a user of the cluster, as Kubernetes' documentation tells it.

Jane makes a key and a request, an administrator approves it and binds a role, and Jane works with
the certificate that she gets.
"""

import base64
import json
import re

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

MANIFEST = """
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {{name: {name}}}
spec:
  request: {request}
  signerName: kubernetes.io/kube-apiserver-client
  expirationSeconds: 86400
  usages: [client auth]
"""


def request_for(key, user, *groups):
    names = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    names.append(x509.NameAttribute(NameOID.COMMON_NAME, user))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names))
    made = builder.sign(key, hashes.SHA256())
    return base64.b64encode(made.public_bytes(Encoding.PEM)).decode()


@pytest.fixture(scope="module")
def key():
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module", autouse=True)
def asked(kubectl, key):
    for name in ("jane", "mallory"):
        manifest = MANIFEST.format(name=name, request=request_for(key, name, "developers"))
        said = kubectl("apply", "-f", "-", stdin=manifest)
        assert said == f"certificatesigningrequest.certificates.k8s.io/{name} created\n"
    yield
    kubectl("delete", "csr", "jane", "mallory")


@pytest.fixture(scope="module")
def jane(kubectl, key, tmp_path_factory):
    """What follows kubectl's flags so that it speaks for Jane."""
    kubectl("certificate", "approve", "jane")
    issued = "--for=jsonpath={.status.certificate}"
    kubectl("wait", "csr/jane", issued, "--timeout=60s")
    folder = tmp_path_factory.mktemp("jane")
    encoded = kubectl("get", "csr", "jane", "-o=jsonpath={.status.certificate}")
    certificate, file = folder / "jane.crt", folder / "jane.key"
    certificate.write_bytes(base64.b64decode(encoded))
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    config = json.loads(kubectl("config", "view", "--minify", "--raw", "-o", "json"))
    user = {"client-certificate": str(certificate), "client-key": str(file)}
    config["users"] = [{"name": config["users"][0]["name"], "user": user}]
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(json.dumps(config))
    return f"--kubeconfig={kubeconfig}"


def test_a_request_waits_and_shows_who_asks(kubectl):
    heading, *rows = kubectl("get", "csr", "mallory").splitlines()
    assert heading.split() == [
        "NAME", "AGE", "SIGNERNAME", "REQUESTOR", "REQUESTEDDURATION", "CONDITION",
    ]  # fmt: skip
    signer, user, life, state = rows[0].split()[2:]
    assert (signer, life) == ("kubernetes.io/kube-apiserver-client", "24h")
    assert user == kubectl("auth", "whoami", "-o=jsonpath={.status.userInfo.username}")
    assert state == "Pending"


def test_describe_reads_the_subject_from_the_request(kubectl):
    said = kubectl("describe", "csr", "mallory")
    assert re.search(r"Common Name:\s+mallory", said)
    assert re.search(r"Organization:\s+developers", said)
    assert re.search(r"Status:\s+Pending", said)


def test_a_denied_request_is_not_signed(kubectl):
    said = kubectl("certificate", "deny", "mallory")
    assert said == "certificatesigningrequest.certificates.k8s.io/mallory denied\n"
    assert kubectl("get", "csr", "mallory", "--no-headers").split()[-1] == "Denied"
    said = kubectl("certificate", "approve", "mallory", code=1)
    assert said == 'error: certificate signing request "mallory" is already Denied\n'


def test_the_certificate_speaks_for_its_subject(kubectl, jane):
    said = json.loads(kubectl(jane, "auth", "whoami", "-o", "json"))["status"]["userInfo"]
    assert said["username"] == "jane"
    assert said["groups"] == ["developers", "system:authenticated"]
    assert kubectl("get", "csr", "jane", "--no-headers").split()[-1] == "Approved,Issued"


def test_a_new_user_may_do_what_a_role_allows(kubectl, jane):
    said = kubectl(jane, "get", "pods", code=1)
    assert 'pods is forbidden: User "jane" cannot list resource "pods"' in said
    assert kubectl(jane, "auth", "can-i", "list", "pods", code=1) == "no\n"
    kubectl("create", "role", "reader", "--verb=get,list", "--resource=pods")
    kubectl("create", "rolebinding", "jane-reads", "--role=reader", "--user=jane")
    assert kubectl(jane, "auth", "can-i", "list", "pods") == "yes\n"
    assert kubectl(jane, "get", "pods").startswith("No resources found")
    assert 'cannot delete resource "pods"' in kubectl(jane, "delete", "pod", "x", code=1)


def test_nobody_becomes_an_administrator_that_way(kubectl, key):
    manifest = MANIFEST.format(name="root", request=request_for(key, "root", "system:masters"))
    said = kubectl("apply", "-f", "-", stdin=manifest, code=1)
    assert "signer with system:masters group is not allowed" in said


def test_a_request_without_proof_of_the_key_is_refused(kubectl):
    manifest = MANIFEST.format(name="fake", request=base64.b64encode(b"no request").decode())
    said = kubectl("apply", "-f", "-", stdin=manifest, code=1)
    assert "spec.request: Invalid value" in said
    assert "PEM block type must be CERTIFICATE REQUEST" in said
