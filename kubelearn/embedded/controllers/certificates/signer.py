"""Signs approved CertificateSigningRequests: how somebody gets to be a user of the cluster.

Upstream: pkg/controller/certificates/signer/signer.go, where each of Kubernetes' own signers is a
controller; here one does the work of all three. Left out: approving by itself what kubelets ask for
(theirs are made with the cluster), and removing old requests.
"""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, ClassVar

from kubelearn.embedded.certificates import (
    API_SERVER_CLIENT,
    KUBELET_CLIENT,
    KUBELET_SERVING,
    conditions,
    parse_request,
    subject,
)
from kubelearn.embedded.controller import Controller, ControllerContext
from kubelearn.embedded.controllers.certificates.authority import Authority
from kubelearn.objects import CERTIFICATE_SIGNING_REQUESTS, Object, timestamp

if TYPE_CHECKING:
    from cryptography.x509 import CertificateSigningRequest

_SIGNERS = (API_SERVER_CLIENT, KUBELET_CLIENT, KUBELET_SERVING)
_SIGNATURE, _ENCIPHERMENT = "digital signature", "key encipherment"


class CertificateSigningController(Controller):
    """Answers what was approved, for the signers that are Kubernetes' own."""

    name: ClassVar[str] = "certificatesigningrequest-signing-controller"
    account: ClassVar[str] = "certificate-controller"
    workers: ClassVar[int] = 1

    def __init__(self, context: ControllerContext, *, authority: Authority) -> None:
        super().__init__(context)
        self._authority = authority
        self._requests = self.informer(CERTIFICATE_SIGNING_REQUESTS)
        self._requests.follow(self.enqueue)

    async def sync(self, object_key: str) -> None:
        """Sign a request, or say in it why not."""
        csr = self._requests.get(object_key)
        if csr is None or not _awaits_signature(csr):
            return
        # Loading the library takes as long as a hundred requests, which need not wait for it.
        request = await asyncio.to_thread(parse_request, csr)
        if problem := unfit(request, csr["spec"]["signerName"], csr["spec"]["usages"]):
            await self._fail(csr, problem)
            return
        certificate = self._authority.sign(
            request,
            usages=csr["spec"]["usages"],
            seconds=csr["spec"].get("expirationSeconds"),
            now=self.clock.now(),
        )
        await self._write(csr, {"certificate": base64.b64encode(certificate).decode()})

    async def _fail(self, csr: Object, problem: str) -> None:
        failed = {
            "type": "Failed",
            "status": "True",
            "reason": "SignerValidationFailure",
            "message": problem,
            "lastUpdateTime": timestamp(self.clock.now()),
        }
        await self._write(csr, {"conditions": [*conditions(csr), failed]})

    async def _write(self, csr: Object, status: Object) -> None:
        changed = {**csr, "status": {**csr["status"], **status}}
        await self.client.update(CERTIFICATE_SIGNING_REQUESTS, changed, sub="status")


def _awaits_signature(csr: Object) -> bool:
    return (
        csr["spec"]["signerName"] in _SIGNERS
        and not csr["status"].get("certificate")
        and bool(conditions(csr, "Approved"))
        and not conditions(csr, "Denied", "Failed")
    )


# --- what each signer demands --------------------------------------------------------------------


def unfit(request: CertificateSigningRequest, signer: str, usages: list[str]) -> str:
    """Why this signer does not sign that request, in upstream's words; empty when it does."""
    if signer == API_SERVER_CLIENT:
        return _unfit_client(usages)
    purpose = "server auth" if signer == KUBELET_SERVING else "client auth"
    user, groups = subject(request)
    if groups != ["system:nodes"]:
        return "subject organization is not system:nodes"
    if problem := _unfit_names(request, serving=signer == KUBELET_SERVING):
        return problem
    if {*usages} - {_ENCIPHERMENT} != {_SIGNATURE, purpose}:
        wanted = sorted((_SIGNATURE, _ENCIPHERMENT, purpose))
        return f"usages did not match [{' '.join(wanted)}]"
    if not user.startswith("system:node:"):
        return "subject common name does not begin with system:node:"
    return ""


def _unfit_client(usages: list[str]) -> str:
    for usage in usages:
        if usage not in (_SIGNATURE, _ENCIPHERMENT, "client auth"):
            return f"invalid usage for client certificate: {usage}"
    if "client auth" not in usages:
        return "missing required usage for client certificate: client auth"
    return ""


def _unfit_names(request: CertificateSigningRequest, *, serving: bool) -> str:
    """A kubelet's certificate names machines if it serves, and nothing else ever."""
    found = _names(request)
    if serving and not {"DNS", "IP"} & found:
        return "DNS or IP subjectAltName is required"
    for kind in ("Email", "URI") if serving else ("DNS", "Email", "IP", "URI"):
        if kind in found:
            return f"{kind} subjectAltNames are not allowed"
    return ""


def _names(request: CertificateSigningRequest) -> set[str]:
    """Which kinds of alternative names a request has."""
    from cryptography import x509

    kinds: dict[type, str] = {
        x509.DNSName: "DNS",
        x509.IPAddress: "IP",
        x509.RFC822Name: "Email",
        x509.UniformResourceIdentifier: "URI",
    }
    for extension in request.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            return {kinds.get(type(name), "") for name in extension.value}
    return set()
