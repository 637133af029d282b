"""JSON Web Tokens, signed with ES256: as much of RFC 7515 and 7519 as ServiceAccounts need.

Stands for the go-jose library behind k8s.io/kubernetes `pkg/serviceaccount/jwt.go`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

_HALF = 32  # bytes of each of the two numbers in a P-256 signature
_ALGORITHM = ec.ECDSA(hashes.SHA256())


class TokenError(ValueError):
    """A text that is no token of ours."""


class Signer:
    """Signs claims, and tells whether claims were signed by it."""

    def __init__(self, key: bytes | None = None) -> None:
        """`key` is a P-256 private key in PEM; without one, tokens end with this process."""
        private = load_pem_private_key(key, password=None) if key else None
        if private is None:
            private = ec.generate_private_key(ec.SECP256R1())
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise ValueError("the ServiceAccounts' signing key must be a P-256 key")
        self._private = private
        self._public = private.public_key()
        der = self._public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self._key_id = _encode(hashlib.sha256(der).digest())

    def sign(self, claims: dict[str, Any]) -> str:
        """A token with these claims."""
        header = {"alg": "ES256", "kid": self._key_id}
        signed = ".".join(_encode(orjson.dumps(part)) for part in (header, claims))
        r, s = decode_dss_signature(self._private.sign(signed.encode(), _ALGORITHM))
        signature = r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")
        return f"{signed}.{_encode(signature)}"

    def verify(self, token: str) -> dict[str, Any]:
        """The claims in a token; raises TokenError unless this signer made it."""
        signed, _, encoded = token.rpartition(".")
        try:
            header, claims = (orjson.loads(_decode(part)) for part in signed.split("."))
            signature = _decode(encoded)
            if header["alg"] != "ES256" or len(signature) != 2 * _HALF:
                raise TokenError("not a token of this cluster")
            r, s = signature[:_HALF], signature[_HALF:]
            der = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
            self._public.verify(der, signed.encode(), _ALGORITHM)
        except (ValueError, KeyError, TypeError, InvalidSignature) as error:
            raise TokenError("not a token of this cluster") from error
        if not isinstance(claims, dict):
            raise TokenError("not a token of this cluster")
        return claims


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise TokenError("not base64") from error
