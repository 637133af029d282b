"""CertificateSigningRequests: asking, deciding and signing are three things."""

import base64
from collections import Counter

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from kubernetes import client

COLLECTION = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
CLIENT = "kubernetes.io/kube-apiserver-client"


@pytest.fixture(scope="module")
def certificates(api):
    return client.CertificatesV1Api(api)


@pytest.fixture
def ask(send, certificates):
    """Ask for a certificate; gives the answer and removes the request afterwards."""
    made = []

    def call(user="jane", **spec):
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, user)])
        key = ec.generate_private_key(ec.SECP256R1())
        builder = x509.CertificateSigningRequestBuilder().subject_name(name)
        pem = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
        base = {"request": base64.b64encode(pem).decode(), "signerName": CLIENT}
        body = {"metadata": {"generateName": "conformance-"}}
        body["spec"] = {**base, "usages": ["client auth"], **spec}
        answer = send("POST", COLLECTION, body=body)
        if answer.code == 201:
            made.append(answer.body["metadata"]["name"])
        return answer

    yield call
    for name in made:
        certificates.delete_certificate_signing_request(name)


@pytest.fixture
def decide(send):
    """Write a condition through the door for approvals."""

    def call(csr, kind="Approved", door="approval", status="True"):
        told = {"type": kind, "status": status, "reason": "Test", "message": "by a test"}
        body = {"status": {"conditions": [told]}}
        path = f"{COLLECTION}/{csr['metadata']['name']}/{door}"
        return send("PATCH", path, body=body, patch="merge")

    return call


@pytest.fixture
def approver(api):
    """The API as somebody who may write approvals, and approve for no signer."""
    rbac = client.RbacAuthorizationV1Api(api)
    resources = ["certificatesigningrequests", "certificatesigningrequests/approval"]
    rule = {"apiGroups": ["certificates.k8s.io"], "resources": resources, "verbs": ["*"]}
    role = rbac.create_cluster_role({"metadata": {"generateName": "approver-"}, "rules": [rule]})
    name = role.metadata.name
    body = {
        "metadata": {"name": name},
        "roleRef": {"kind": "ClusterRole", "name": name, "apiGroup": "rbac.authorization.k8s.io"},
        "subjects": [{"kind": "User", "name": name, "apiGroup": "rbac.authorization.k8s.io"}],
    }
    rbac.create_cluster_role_binding(body)
    with client.ApiClient(api.configuration) as other:
        other.default_headers = {**api.default_headers, "Impersonate-User": name}
        yield client.CertificatesV1Api(other)
    rbac.delete_cluster_role_binding(name)
    rbac.delete_cluster_role(name)


def causes(answer):
    return Counter(each["field"] for each in answer.body["details"]["causes"])


def test_the_server_writes_down_who_asks(ask):
    spec = ask(username="somebody-else", groups=["others"]).body["spec"]
    assert spec["username"] != "somebody-else"
    assert "system:authenticated" in spec["groups"]


def test_a_request_is_signed_once_it_is_approved(
    ask, decide, certificates, eventually, has_nodes, lacking
):
    csr = ask(expirationSeconds=3600).body
    approved = decide(csr).body["status"]["conditions"][0]
    assert approved["lastUpdateTime"]
    assert approved["lastTransitionTime"]
    if not has_nodes:
        lacking("this API server has neither nodes nor controllers")
    read = certificates.read_certificate_signing_request
    signed = eventually(lambda: read(csr["metadata"]["name"]).status.certificate)
    made = x509.load_pem_x509_certificate(base64.b64decode(signed))
    assert made.subject.rfc4514_string() == "CN=jane"


def test_a_decision_is_final(ask, decide):
    csr = ask().body
    assert decide(csr).code == 200
    answer = decide(csr, "Denied")
    assert answer.code == 422
    assert 'may not remove a condition of type "Approved"' in answer.body["message"]


def test_a_decision_has_a_door_of_its_own(ask, decide):
    answer = decide(ask().body, door="status")
    assert answer.code == 422
    assert 'updates may not add a condition of type "Approved"' in answer.body["message"]


def test_a_decision_is_never_false(ask, decide):
    answer = decide(ask().body, status="False")
    assert answer.code == 422
    assert 'Unsupported value: "False": supported values: "True"' in answer.body["message"]


def test_what_was_asked_for_does_not_change(ask, send):
    csr = ask().body
    path = f"{COLLECTION}/{csr['metadata']['name']}"
    answer = send("PATCH", path, body={"spec": {"usages": ["server auth"]}}, patch="merge")
    assert answer.body["spec"]["usages"] == ["client auth"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("spec.request", base64.b64encode(b"nothing").decode()),
        ("spec.usages", []),
        ("spec.usages[0]", ["reading minds"]),
        ("spec.usages[1]", ["client auth", "client auth"]),
        ("spec.signerName", "mine"),
        ("spec.signerName", "kubernetes.io/legacy-unknown"),
        ("spec.expirationSeconds", 599),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(ask, field, value):
    name = field.removeprefix("spec.").partition("[")[0]
    answer = ask(**{name: value})
    assert answer.code == 422
    assert causes(answer) == {field: 1}


def test_requests_are_found_by_their_signer(ask, certificates):
    mine = ask(signerName="example.com/conformance").body["metadata"]["name"]
    ask()
    selector = "spec.signerName=example.com/conformance"
    found = certificates.list_certificate_signing_request(field_selector=selector).items
    assert [each.metadata.name for each in found] == [mine]


def test_approving_takes_a_permission_for_the_signer(ask, approver, refused):
    csr = ask(signerName="example.com/conformance").body["metadata"]["name"]
    body = {"status": {"conditions": [{"type": "Approved", "status": "True", "reason": "Test"}]}}
    status = refused(approver.patch_certificate_signing_request_approval, csr, body)
    assert status["code"] == 403
    problem = 'user not permitted to approve requests with signerName "example.com/conformance"'
    assert problem in status["message"]
