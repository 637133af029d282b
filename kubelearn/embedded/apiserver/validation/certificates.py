"""Rules for CertificateSigningRequests (upstream `pkg/apis/certificates/validation`).

Left out: what upstream tolerates in objects that older versions have stored.
"""

from __future__ import annotations

import base64
import binascii

from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.names import dns_label, dns_subdomain
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    FieldError,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
    too_long,
)
from kubelearn.embedded.apiserver.validation.metadata import NameRule, metadata, metadata_update
from kubelearn.embedded.apiserver.validation.rules import on_create, on_status_update, on_update
from kubelearn.embedded.certificates import conditions, parse_request
from kubelearn.objects import Object

_TYPE = "certificates.v1.CertificateSigningRequest"
_USAGES = (
    "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign",
    "data encipherment", "decipher only", "digital signature", "email protection", "encipher only",
    "ipsec end system", "ipsec tunnel", "ipsec user", "key agreement", "key encipherment",
    "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime", "server auth", "signing",
    "timestamping",
)  # fmt: skip
_LEGACY_SIGNER = "kubernetes.io/legacy-unknown"
_DECISIONS = ("Approved", "Denied")
_FINAL = (*_DECISIONS, "Failed")
_SHORTEST = 600
_DOMAIN, _LABEL = 253, 63
_CONDITIONS = "status.conditions"


@on_create(_TYPE)
def signing_request(obj: Object) -> Errors:
    """A new request; its signature proves that whoever asks has the key."""
    yield from metadata(obj, lambda _: [], namespaced=False)
    spec = obj["spec"]
    yield from _request(obj)
    usages = spec.get("usages") or []
    if not usages:
        yield required("spec.usages")
    for i, usage in enumerate(usages):
        if usage not in _USAGES:
            yield not_supported(f"spec.usages[{i}]", usage, _USAGES)
    for i, usage in enumerate(usages):
        if usage in usages[:i]:
            yield duplicate(f"spec.usages[{i}]", usage)
    yield from _signer(spec.get("signerName", ""))
    seconds = spec.get("expirationSeconds")
    if seconds is not None and seconds < _SHORTEST:
        detail = "may not specify a duration less than 600 seconds (10 minutes)"
        yield invalid("spec.expirationSeconds", seconds, detail)
    yield from _conditions(obj)
    yield from _certificate(obj)


def _request(obj: Object) -> Errors:
    try:
        request = parse_request(obj)
        problem = "" if request.is_signature_valid else "x509: invalid signature"
    except ValueError as error:
        problem = str(error)
    if problem:
        yield invalid("spec.request", obj["spec"].get("request", ""), problem)


def _signer(name: str) -> Errors:
    field = "spec.signerName"
    if name == _LEGACY_SIGNER:
        yield invalid(field, name, "the legacy signerName is not allowed via this API version")
        return
    if not name:
        yield required(field)
        return
    domain, slash, path = name.partition("/")
    if not slash or "/" in path:
        form = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
        yield invalid(field, name, form)
        return
    if len(domain) > _DOMAIN:
        yield too_long(field, _DOMAIN)
    yield from _labels(field, domain, dns_label)
    if "." not in domain:
        detail = "should be a domain with at least two segments separated by dots"
        yield invalid(field, domain, detail)
    yield from _labels(field, path, dns_subdomain)
    if len(name) > 2 * _DOMAIN + _LABEL + 2:
        yield too_long(field, 2 * _DOMAIN + _LABEL + 2)


def _labels(field: str, text: str, rule: NameRule) -> Errors:
    """What is wrong with the first bad part of a dotted name."""
    for label in text.split("."):
        if problems := rule(label):
            for problem in problems:
                yield invalid(field, text, f'validating label "{label}": {problem}')
            return


def _conditions(obj: Object) -> Errors:
    seen: set[str] = set()
    for i, each in enumerate(conditions(obj)):
        kind, status = each.get("type", ""), each.get("status", "")
        if not kind:
            yield required(f"{_CONDITIONS}[{i}].type")
        allowed = ("True",) if kind in _FINAL else ("False", "True", "Unknown")
        if not status:
            yield required(f"{_CONDITIONS}[{i}].status")
        elif status not in allowed:
            yield not_supported(f"{_CONDITIONS}[{i}].status", status, allowed)
        if kind in _DECISIONS and seen & ({*_DECISIONS} - {kind}):
            detail = "Approved and Denied conditions are mutually exclusive"
            yield invalid(_CONDITIONS, kind, detail)
        if kind in seen:
            yield duplicate(f"{_CONDITIONS}[{i}].type", kind)
        seen.add(kind)


def _certificate(obj: Object) -> Errors:
    if problem := _certificate_problem(obj["status"].get("certificate") or ""):
        yield invalid("status.certificate", "<certificate data>", problem)


def _certificate_problem(encoded: str) -> str:
    from cryptography import x509

    if not encoded:
        return ""
    try:
        pem = base64.b64decode(encoded)
    except binascii.Error:
        pem = b""
    if b"-----BEGIN CERTIFICATE-----" not in pem:
        return "must contain at least one CERTIFICATE PEM block"
    try:
        x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        return str(error)
    return ""


# --- changes -------------------------------------------------------------------------------------


@on_update(_TYPE)
def signing_request_update(new: Object, old: Object) -> Errors:
    """A request again."""
    yield from _change(new, old)


@on_status_update(_TYPE)
def signing_request_status(new: Object, old: Object) -> Errors:
    """What a signer writes."""
    yield from _change(new, old, signs=True)


def validate_approval(_: Kind, new: Object, old: Object) -> list[FieldError]:
    """What an approver writes; for the subresource `approval`."""
    return [*_change(new, old, decides=True)]


def _change(new: Object, old: Object, *, signs: bool = False, decides: bool = False) -> Errors:
    yield from signing_request(new)
    for kind in _FINAL:
        if len(conditions(new, kind)) < len(conditions(old, kind)):
            detail = f'updates may not remove a condition of type "{kind}"'
            yield forbidden(_CONDITIONS, detail)
    if not decides:
        for kind in _DECISIONS:
            if len(conditions(new, kind)) > len(conditions(old, kind)):
                yield forbidden(_CONDITIONS, f'updates may not add a condition of type "{kind}"')
    before, after = (each["status"].get("certificate") for each in (old, new))
    if before != after:
        if not signs:
            yield forbidden("status.certificate", "updates may not set certificate content")
        elif before:
            detail = "updates may not modify existing certificate content"
            yield forbidden("status.certificate", detail)
    yield from metadata_update(new, old)
