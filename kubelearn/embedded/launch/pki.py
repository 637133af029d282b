"""The cluster's certificates: an authority of its own, and one certificate for each part.

Stands for kubeadm's `cmd/kubeadm/app/phases/certs` and uses its file names. Components prove who
they are with a client certificate: the common name is the user, each organization a group. Left
out: separate authorities for etcd and the front proxy, and renewal while the cluster runs (each
start renews what ends soon).

The daemon runs this module as a process of its own beside its start: that takes no longer, and the
library that makes certificates needs 7 MB which the daemon then never uses again.
"""

from __future__ import annotations

import ipaddress
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kubelearn.embedded.launch.identities import Identity

AUTHORITY = "ca"
SERVICE_ACCOUNTS = "sa"
_AUTHORITY_LIFE = timedelta(days=3650)
_LIFE = timedelta(days=365)
_RENEW_BEFORE_END = timedelta(days=30)
# Clocks of virtual machines jump; a certificate that is valid only tomorrow helps nobody.
_STARTS_EARLIER = timedelta(days=1)


@dataclass(frozen=True)
class _Pair:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def prepare(folder: Path, identities: Sequence[Identity], *, now: datetime) -> list[str]:
    """Make what is missing, damaged or about to end; tells which files' pairs are new.

    A new authority means new certificates for all.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    made = []
    authority = _load(folder, AUTHORITY)
    if authority is None or _ends_soon(authority, now):
        authority = _sign_authority(now)
        _save(folder, AUTHORITY, authority)
        made.append(AUTHORITY)
    for identity in identities:
        pair = None if made[:1] == [AUTHORITY] else _load(folder, identity.file)
        if pair is None or _ends_soon(pair, now) or not _says(pair, identity):
            _save(folder, identity.file, _sign(identity, authority, now))
            made.append(identity.file)
    # What service accounts' tokens are signed with: a key without a certificate, kept for ever, as
    # another one would end all tokens that pods hold.
    if _load_key(folder, SERVICE_ACCOUNTS) is None:
        _save_key(folder, SERVICE_ACCOUNTS, ec.generate_private_key(ec.SECP256R1()))
        made.append(SERVICE_ACCOUNTS)
    return made


def _sign_authority(now: datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes")])
    builder = (
        _builder(name, key, now=now, life=_AUTHORITY_LIFE)
        .issuer_name(name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
    )
    return _Pair(builder.sign(key, hashes.SHA256()), key)


def _sign(identity: Identity, authority: _Pair, now: datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = authority.certificate.subject
    uses = [ExtendedKeyUsageOID.SERVER_AUTH if identity.hosts else ExtendedKeyUsageOID.CLIENT_AUTH]
    builder = (
        _builder(_subject(identity), key, now=now, life=_LIFE)
        .issuer_name(issuer)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(), critical=True)
        .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
            critical=False,
        )
    )
    if identity.hosts:
        names = x509.SubjectAlternativeName([_general_name(host) for host in identity.hosts])
        builder = builder.add_extension(names, critical=False)
    return _Pair(builder.sign(authority.key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _STARTS_EARLIER)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _subject(identity: Identity) -> x509.Name:
    groups = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in identity.groups]
    return x509.Name([*groups, x509.NameAttribute(NameOID.COMMON_NAME, identity.user)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_usage(*, signs_certificates: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _ends_soon(pair: _Pair, now: datetime) -> bool:
    return pair.certificate.not_valid_after_utc < now + _RENEW_BEFORE_END


def _says(pair: _Pair, identity: Identity) -> bool:
    certificate = pair.certificate
    hosts: list[str] = []
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            hosts = [str(name.value) for name in extension.value]
    return certificate.subject == _subject(identity) and hosts == list(identity.hosts)


def _load(folder: Path, name: str) -> _Pair | None:
    key = _load_key(folder, name)
    try:
        certificate = x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    # The two files are not replaced at one blow; a crash in between leaves halves of two pairs.
    if key is None or certificate.public_key() != key.public_key():
        return None
    return _Pair(certificate, key)


def _load_key(folder: Path, name: str) -> ec.EllipticCurvePrivateKey | None:
    try:
        key = load_pem_private_key((folder / f"{name}.key").read_bytes(), password=None)
    except (FileNotFoundError, ValueError):
        return None
    return key if isinstance(key, ec.EllipticCurvePrivateKey) else None


def _save(folder: Path, name: str, pair: _Pair) -> None:
    _save_key(folder, name, pair.key)
    _replace(folder / f"{name}.crt", pair.certificate.public_bytes(Encoding.PEM))


def _save_key(folder: Path, name: str, key: ec.EllipticCurvePrivateKey) -> None:
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _replace(folder / f"{name}.key", content)


def _replace(path: Path, content: bytes) -> None:
    new = path.with_name(f"{path.name}.new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    new.replace(path)


def main() -> None:
    """Prepare the folder in the first argument for the identities on standard input, as JSON."""
    os.umask(0o077)
    identities = [Identity(**each) for each in json.load(sys.stdin)]
    json.dump(prepare(Path(sys.argv[1]), identities, now=datetime.now(UTC)), sys.stdout)


if __name__ == "__main__":
    main()
