from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kubelearn.embedded.certificates import parse_request
from kubelearn.embedded.controllers.certificates.authority import Authority
from kubelearn.embedded.controllers.certificates.signer import CertificateSigningController
from kubelearn.embedded.launch import pki
from kubelearn.objects import CERTIFICATE_SIGNING_REQUESTS as CSRS

CLIENT = "kubernetes.io/kube-apiserver-client"
KUBELET = "kubernetes.io/kube-apiserver-client-kubelet"
SERVING = "kubernetes.io/kubelet-serving"
APPROVED = {"type": "Approved", "status": "True"}
NODE = ("system:node:n1", ["system:nodes"])
NODE_CLIENT = ["digital signature", "client auth"]
NODE_SERVER = ["digital signature", "key encipherment", "server auth"]


@pytest.fixture
def authority(tmp_path, clock):
    pki.prepare(tmp_path, [], now=clock.now())
    return Authority(*((tmp_path / f"ca.{end}").read_bytes() for end in ("crt", "key")))


@pytest.fixture
def signer(authority):
    return lambda context: CertificateSigningController(context, authority=authority)


def request(user, groups=(), names=()):
    subject = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    subject.append(x509.NameAttribute(NameOID.COMMON_NAME, user))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    made = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return base64.b64encode(made.public_bytes(Encoding.PEM)).decode()


def csr(sent, *conditions, signer=CLIENT, usages=("client auth",), **spec):
    return {
        "metadata": {"name": "jane"},
        "spec": {"request": sent, "signerName": signer, "usages": [*usages], **spec},
        "status": {"conditions": [*conditions]},
    }


async def status_after(api, clock, start, signer, obj):
    await api.create(CSRS, obj)
    async with start(signer):
        await clock.advance(1)
        while not (found := api.one(CSRS)["status"]).keys() - {"conditions"}:
            if len(found["conditions"]) > len(obj["status"]["conditions"]):
                break
            await clock.advance(1)
    return api.one(CSRS)["status"]


def certificate_in(status):
    return x509.load_pem_x509_certificate(base64.b64decode(status["certificate"]))


async def test_an_approved_request_is_signed_for_its_subject(api, clock, start, signer):
    sent = csr(request("jane", ["developers"]), APPROVED, expirationSeconds=3600)
    status = await status_after(api, clock, start, signer, sent)
    made = certificate_in(status)
    assert made.subject.rfc4514_string() == "CN=jane,O=developers"
    assert made.issuer.rfc4514_string() == "CN=kubernetes"
    usage = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [*usage] == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert status["conditions"] == [APPROVED]


async def test_a_certificate_lasts_as_long_as_was_asked_for(api, clock, start, signer):
    now = clock.now().replace(microsecond=0)
    sent = csr(request("jane"), APPROVED, expirationSeconds=3600)
    made = certificate_in(await status_after(api, clock, start, signer, sent))
    assert now - made.not_valid_before_utc <= timedelta(minutes=5)
    assert timedelta(hours=1) <= made.not_valid_after_utc - now < timedelta(hours=1, seconds=9)


@pytest.mark.parametrize(
    ("seconds", "life"),
    [(None, timedelta(days=365)), (10**9, timedelta(days=365)), (86400, timedelta(days=1))],
)
def test_a_long_life_ends_early_and_never_after_a_year(authority, clock, seconds, life):
    pem = authority.sign(
        parse_request(csr(request("jane"))),
        usages=["client auth"],
        seconds=seconds,
        now=clock.now(),
    )
    made = x509.load_pem_x509_certificate(pem)
    assert made.not_valid_after_utc - made.not_valid_before_utc == life


async def test_a_request_waits_for_approval_and_ends_with_denial(api, clock, start, signer):
    await api.create(CSRS, csr(request("jane")))
    async with start(signer):
        await clock.advance(1)
        assert "certificate" not in api.one(CSRS)["status"]
        denied = {**api.one(CSRS), "status": {"conditions": [{**APPROVED, "type": "Denied"}]}}
        await api.update(CSRS, denied, sub="status")
        await clock.advance(1)
    assert "certificate" not in api.one(CSRS)["status"]


async def test_other_signers_are_left_to_others(api, clock, start, signer):
    await api.create(CSRS, csr(request("jane"), APPROVED, signer="example.com/mine"))
    async with start(signer):
        await clock.advance(1)
    assert api.one(CSRS)["status"] == {"conditions": [APPROVED]}


@pytest.mark.parametrize(
    ("sent", "signer_name", "usages", "problem"),
    [
        (request("jane"), CLIENT, ["server auth"], "invalid usage for client certificate: server"),
        (request("jane"), CLIENT, ["digital signature"], "missing required usage for client"),
        (request("jane"), KUBELET, NODE_CLIENT, "subject organization is not system:nodes"),
        (request("jane", NODE[1]), KUBELET, NODE_CLIENT, "subject common name does not begin with"),
        (request(*NODE), KUBELET, ["client auth"], "usages did not match [client auth digital"),
        (request(*NODE), SERVING, NODE_SERVER, "DNS or IP subjectAltName is required"),
        (request(*NODE, [x509.DNSName("n1")]), KUBELET, NODE_CLIENT, "DNS subjectAltNames are not"),
    ],
)
async def test_what_a_signer_does_not_sign_fails_and_says_why(
    api, clock, start, signer, sent, signer_name, usages, problem
):
    asked = csr(sent, APPROVED, signer=signer_name, usages=usages)
    status = await status_after(api, clock, start, signer, asked)
    failed = status["conditions"][-1]
    assert (failed["type"], failed["reason"]) == ("Failed", "SignerValidationFailure")
    assert failed["message"].startswith(problem)
    assert "certificate" not in status


async def test_a_kubelet_gets_a_certificate_for_its_names(api, clock, start, signer):
    sent = request(*NODE, [x509.DNSName("n1")])
    asked = csr(sent, APPROVED, signer=SERVING, usages=NODE_SERVER)
    made = certificate_in(await status_after(api, clock, start, signer, asked))
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["n1"]
