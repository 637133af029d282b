"""What is inside a CertificateSigningRequest: PEM, and in it a request by PKCS #10.

Stands for k8s.io/kubernetes `pkg/apis/certificates/helpers.go`. The API server checks requests and
the signer answers them, so both need it. The library is loaded with the first request: most
clusters never see one.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from kubelearn.objects import Object

if TYPE_CHECKING:
    from cryptography.x509 import CertificateSigningRequest

API_SERVER_CLIENT = "kubernetes.io/kube-apiserver-client"
KUBELET_CLIENT = "kubernetes.io/kube-apiserver-client-kubelet"
KUBELET_SERVING = "kubernetes.io/kubelet-serving"

_NOT_PEM = "PEM block type must be CERTIFICATE REQUEST"


def parse_request(csr: Object) -> CertificateSigningRequest:
    """The request that an object carries. Raises ValueError, in upstream's words."""
    from cryptography import x509

    try:
        pem = base64.b64decode(csr["spec"].get("request") or "")
    except binascii.Error:
        raise ValueError(_NOT_PEM) from None
    if b"-----BEGIN CERTIFICATE REQUEST-----" not in pem:
        raise ValueError(_NOT_PEM)
    return x509.load_pem_x509_csr(pem)


def subject(request: CertificateSigningRequest) -> tuple[str, list[str]]:
    """The user and the groups that a certificate for this request would speak for."""
    from cryptography.x509.oid import NameOID

    names = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    groups = request.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return (str(names[-1].value) if names else "", [str(group.value) for group in groups])


def conditions(csr: Object, *kinds: str) -> list[Object]:
    """The conditions of these types; of all types without one."""
    found = (csr.get("status") or {}).get("conditions") or []
    return [each for each in found if not kinds or each.get("type") in kinds]
