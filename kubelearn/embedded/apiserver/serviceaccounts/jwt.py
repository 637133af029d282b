"""JSON Web Tokens (RFC 7519), signed with the cluster's key: `pkg/serviceaccount/jwt.go`.

kubeadm's key is RSA; this one is a curve's (ES256, which upstream takes as well), because it is
made and used in a tenth of the time. The library for it is loaded with the first token, not with
the server: it needs 14 MB, and a cluster without pods never uses it.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

from kubelearn.objects import Object

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

ALGORITHM = "ES256"
# A signature is two numbers of this many bytes.
_NUMBER = 32


class InvalidToken(Exception):
    """A token that is ours by its looks, and not valid; the text is upstream's."""


class SigningKey:
    """The key that signs and verifies; without one in PEM, one that lasts as long as this."""

    def __init__(self, pem: bytes | None = None) -> None:
        self._pem = pem

    async def sign(self, claims: Object) -> str:
        """A token with these claims."""
        # Loading the library takes as long as a hundred requests, which need not wait for it.
        await asyncio.to_thread(lambda: self._key)
        header = {"alg": ALGORITHM, "kid": self.key_id}
        signed = f"{_encoded(header)}.{_encoded(claims)}"
        return f"{signed}.{_base64(self._signature(signed.encode()))}"

    def verify(self, token: str) -> Object:
        """The claims of a token that this key has signed. Raises InvalidToken."""
        signed, _, signature = token.rpartition(".")
        header = _decoded(token.split(".")[0])
        if header.get("alg") != ALGORITHM or not self._is_signature(_bytes(signature), signed):
            raise InvalidToken("go-jose/go-jose: error in cryptographic primitive")
        return claims_of(token)

    def public(self) -> Object:
        """The public key as a JSON Web Key (RFC 7517)."""
        point = self._key.public_key().public_numbers()
        x, y = (_base64(number.to_bytes(_NUMBER, "big")) for number in (point.x, point.y))
        key = {"use": "sig", "kty": "EC", "kid": self.key_id, "crv": "P-256", "alg": ALGORITHM}
        return {**key, "x": x, "y": y}

    @cached_property
    def key_id(self) -> str:
        """The digest of the public key, as upstream names keys."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        public = self._key.public_key()
        der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return _base64(hashlib.sha256(der).digest())

    @cached_property
    def _key(self) -> EllipticCurvePrivateKey:
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        if self._pem is None:
            return ec.generate_private_key(ec.SECP256R1())
        key = load_pem_private_key(self._pem, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("the key of service accounts has to be one of an elliptic curve")
        return key

    def _signature(self, signed: bytes) -> bytes:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, utils

        der = self._key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return b"".join(
            number.to_bytes(_NUMBER, "big") for number in utils.decode_dss_signature(der)
        )

    def _is_signature(self, signature: bytes, signed: str) -> bool:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, utils

        if len(signature) != 2 * _NUMBER:
            return False
        r, s = (int.from_bytes(half, "big") for half in (signature[:_NUMBER], signature[_NUMBER:]))
        der = utils.encode_dss_signature(r, s)
        try:
            self._key.public_key().verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True


def claims_of(token: str) -> Object:
    """What a token claims, true or not; empty for anything that is no token."""
    parts = token.split(".")
    return _decoded(parts[1]) if len(parts) == 3 else {}


def _encoded(part: Object) -> str:
    return _base64(orjson.dumps(part, option=orjson.OPT_SORT_KEYS))


def _decoded(part: str) -> Object:
    try:
        content: Any = orjson.loads(_bytes(part))
    except orjson.JSONDecodeError:
        return {}
    return content if isinstance(content, dict) else {}


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
