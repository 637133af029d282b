from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kubelearn.embedded.apiserver.serviceaccounts.jwt import InvalidToken, SigningKey


def pem(key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


async def test_a_key_knows_its_own_tokens_only() -> None:
    claims = {"sub": "ada"}
    key = pem(ec.generate_private_key(ec.SECP256R1()))
    token = await SigningKey(key).sign(claims)
    assert SigningKey(key).verify(token) == claims
    with pytest.raises(InvalidToken):
        SigningKey().verify(token)


@pytest.mark.parametrize(
    "text", ["", "a.b.c", "a.b", "..", "e30.e30.e30", "\N{SNOWMAN}", "W10.e30.a"]
)
def test_other_texts_are_no_tokens(text) -> None:
    with pytest.raises(InvalidToken):
        SigningKey().verify(text)


async def test_a_token_that_was_changed_is_refused() -> None:
    key = SigningKey()
    header, _, signature = (await key.sign({"sub": "ada"})).split(".")
    forged = base64.urlsafe_b64encode(b'{"sub":"root"}').rstrip(b"=").decode()
    with pytest.raises(InvalidToken):
        key.verify(f"{header}.{forged}.{signature}")


async def test_the_key_must_fit_the_algorithm() -> None:
    with pytest.raises(ValueError, match="elliptic curve"):
        await SigningKey(pem(rsa.generate_private_key(65537, 2048))).sign({})
