"""The certificate authority that signs requests.

Upstream: pkg/controller/certificates/authority. Of a request the subject, the key and the
alternative names are taken over; how long the certificate lasts and what it is good for, the
object says.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import (
        Certificate,
        CertificateBuilder,
        CertificateSigningRequest,
        ExtendedKeyUsage,
        KeyUsage,
    )

_LONGEST = timedelta(days=365)
_SHORTEST = timedelta(minutes=10)
# Clocks differ; for a life of less than this the five minutes would be too much at the end.
_BACKDATE = timedelta(minutes=5)
_SHORT = timedelta(hours=8)
_KEY_USAGES = {
    "signing": "digital_signature",
    "digital signature": "digital_signature",
    "content commitment": "content_commitment",
    "key encipherment": "key_encipherment",
    "key agreement": "key_agreement",
    "data encipherment": "data_encipherment",
    "cert sign": "key_cert_sign",
    "crl sign": "crl_sign",
    "encipher only": "encipher_only",
    "decipher only": "decipher_only",
}


class Authority:
    """A certificate and its key, both in PEM."""

    def __init__(self, certificate: bytes, key: bytes) -> None:
        self._certificate = certificate
        self._key = key

    def sign(
        self,
        request: CertificateSigningRequest,
        *,
        usages: Iterable[str],
        seconds: int | None,
        now: datetime,
    ) -> bytes:
        """A certificate in PEM, for as long as asked for but never longer than a year."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.serialization import Encoding

        certificate, key = self._loaded
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(request.subject)
            .issuer_name(certificate.subject)
            .public_key(request.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BACKDATE)
            .not_valid_after(min(_end(seconds, now), certificate.not_valid_after_utc))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(issuer, critical=False)
        )
        builder = _with_names(_with_usages(builder, [*usages]), request)
        return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)

    @cached_property
    def _loaded(self) -> tuple[Certificate, EllipticCurvePrivateKey]:
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        key = load_pem_private_key(self._key, password=None)
        assert isinstance(key, EllipticCurvePrivateKey)
        return x509.load_pem_x509_certificate(self._certificate), key


def _end(seconds: int | None, now: datetime) -> datetime:
    """When a certificate that is to last so long ends."""
    life = _LONGEST if seconds is None else timedelta(seconds=seconds)
    life = min(max(life, _SHORTEST), _LONGEST)
    return now + (life if life < _SHORT else life - _BACKDATE)


def _with_usages(builder: CertificateBuilder, usages: list[str]) -> CertificateBuilder:
    names = {_KEY_USAGES[each] for each in usages if each in _KEY_USAGES}
    if names:
        builder = builder.add_extension(_key_usage(names), critical=True)
    if extended := _extended_usage(usages):
        builder = builder.add_extension(extended, critical=False)
    return builder


def _key_usage(names: set[str]) -> KeyUsage:
    from cryptography import x509

    wanted = {name: name in names for name in _KEY_USAGES.values()}
    # These two say something about key agreement, and nothing without it.
    if not wanted["key_agreement"]:
        wanted |= {"encipher_only": False, "decipher_only": False}
    return x509.KeyUsage(**wanted)


def _extended_usage(usages: list[str]) -> ExtendedKeyUsage | None:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID as Oid

    known = {
        "any": Oid.ANY_EXTENDED_KEY_USAGE,
        "server auth": Oid.SERVER_AUTH,
        "client auth": Oid.CLIENT_AUTH,
        "code signing": Oid.CODE_SIGNING,
        "email protection": Oid.EMAIL_PROTECTION,
        "s/mime": Oid.EMAIL_PROTECTION,
        "ipsec end system": x509.ObjectIdentifier("1.3.6.1.5.5.7.3.5"),
        "ipsec tunnel": x509.ObjectIdentifier("1.3.6.1.5.5.7.3.6"),
        "ipsec user": x509.ObjectIdentifier("1.3.6.1.5.5.7.3.7"),
        "timestamping": Oid.TIME_STAMPING,
        "ocsp signing": Oid.OCSP_SIGNING,
        "microsoft sgc": x509.ObjectIdentifier("1.3.6.1.4.1.311.10.3.3"),
        "netscape sgc": x509.ObjectIdentifier("2.16.840.1.113730.4.1"),
    }
    found = dict.fromkeys(known[each] for each in usages if each in known)
    return x509.ExtendedKeyUsage(found) if found else None


def _with_names(
    builder: CertificateBuilder, request: CertificateSigningRequest
) -> CertificateBuilder:
    from cryptography import x509

    for extension in request.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            builder = builder.add_extension(extension.value, critical=extension.critical)
    return builder
