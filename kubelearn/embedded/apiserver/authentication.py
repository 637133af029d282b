"""Who sends a request: a client certificate, a bearer token, or nobody.

Stands for k8s.io/apiserver `pkg/authentication/request/{headerrequest,x509,bearertoken,anonymous}`.
The certificate was verified by the TLS handshake already (our CA signs both ends), so only its
names are read here. Who shows nothing is `system:anonymous`, as with upstream's default
`--anonymous-auth`, and may read what the role `system:public-info-viewer` allows. Left out: the
static token file, and a front proxy's word about a user's uid and other attributes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from multidict import CIMultiDictProxy

from kubelearn.embedded.apiserver.status import unauthorized

_REMEMBERED = 1024
FRONT_PROXY = "front-proxy-client"
"""Whose word is taken for who a request is from: kubeadm's `--requestheader-allowed-names`."""
_CREDENTIAL = "authentication.kubernetes.io/credential-id"


@dataclass(frozen=True, slots=True)
class User:
    """An authenticated identity."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))
# What the server itself acts as.
LOOPBACK = User("system:apiserver", ("system:masters", "system:authenticated"))


class Certificate(NamedTuple):
    """A client's certificate: what Python's library reads in it, and the whole."""

    content: Mapping[str, Any]
    der: bytes


class TokenAuthenticator(Protocol):
    """Whoever can tell the user behind a bearer token."""

    def authenticate(self, token: str) -> User | None:
        """The user, or None for a token that this authenticator does not know."""
        ...


class Authenticator:
    """A front proxy's word first, then client certificates, then tokens, then anonymity."""

    def __init__(self, tokens: list[TokenAuthenticator] | None = None) -> None:
        self.tokens = tokens or []
        # A connection shows the same certificate with each request.
        self._certificates: dict[bytes, User] = {}

    def authenticate(self, headers: CIMultiDictProxy[str], certificate: Certificate | None) -> User:
        """The user behind a request; raises 401 for a token that nobody knows."""
        if certificate:
            user = self._certified(certificate)
            if user.name == FRONT_PROXY and (name := headers.get("X-Remote-User")):
                groups = headers.getall("X-Remote-Group", [])
                return User(name, (*groups, "system:authenticated"))
            return user
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            return self._bearer(token.strip())
        return ANONYMOUS

    def _certified(self, certificate: Certificate) -> User:
        known = self._certificates.get(certificate.der)
        if known is None:
            if len(self._certificates) >= _REMEMBERED:
                self._certificates.clear()
            known = self._certificates[certificate.der] = certificate_user(certificate)
        return known

    def _bearer(self, token: str) -> User:
        for authenticator in self.tokens:
            user = authenticator.authenticate(token)
            if user is not None:
                return user
        raise unauthorized()


def certificate_user(certificate: Certificate) -> User:
    """Common name is the user, each organization a group (`x509.CommonNameUserConversion`)."""
    name, groups = "", []
    for relative_name in certificate.content.get("subject", ()):
        for attribute, value in relative_name:
            if attribute == "commonName":
                name = value
            elif attribute == "organizationName":
                groups.append(value)
    if not name:
        raise unauthorized()
    fingerprint = f"X509SHA256={hashlib.sha256(certificate.der).hexdigest()}"
    return User(name, (*groups, "system:authenticated"), extra={_CREDENTIAL: (fingerprint,)})
