from __future__ import annotations

import hashlib

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from kubelearn.embedded.apiserver.authentication import (
    Authenticator,
    Certificate,
    User,
    certificate_user,
)
from kubelearn.embedded.apiserver.status import StatusError

CERTIFICATE = Certificate(
    {
        "subject": (
            (("organizationName", "system:nodes"),),
            (("organizationName", "extra"),),
            (("commonName", "system:node:worker"),),
        )
    },
    b"the whole certificate",
)


def headers(**fields: str) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict(fields))


def test_a_certificate_names_the_user_and_the_groups() -> None:
    user = certificate_user(CERTIFICATE)
    assert user.name == "system:node:worker"
    assert user.groups == ("system:nodes", "extra", "system:authenticated")
    digest = hashlib.sha256(b"the whole certificate").hexdigest()
    assert user.extra == {"authentication.kubernetes.io/credential-id": (f"X509SHA256={digest}",)}


def test_each_certificate_is_another_user() -> None:
    authenticator = Authenticator()
    other = Certificate({"subject": ((("commonName", "ada"),),)}, b"another one")
    for certificate, name in ((CERTIFICATE, "system:node:worker"), (other, "ada")) * 2:
        user = authenticator.authenticate(headers(), certificate)
        assert user.name == name


def test_a_front_proxy_says_who_a_request_is_from() -> None:
    proxy = Certificate({"subject": ((("commonName", "front-proxy-client"),),)}, b"a proxy's")
    said = CIMultiDict(
        [("X-Remote-User", "ada"), ("X-Remote-Group", "dev"), ("X-Remote-Group", "ops")]
    )
    user = Authenticator().authenticate(CIMultiDictProxy(said), proxy)
    assert user == User("ada", ("dev", "ops", "system:authenticated"))
    assert Authenticator().authenticate(headers(), proxy).name == "front-proxy-client"


def test_nobody_else_is_believed_who_says_so() -> None:
    said = headers(**{"X-Remote-User": "ada", "X-Remote-Group": "system:masters"})
    assert Authenticator().authenticate(said, CERTIFICATE).name == "system:node:worker"
    assert Authenticator().authenticate(said, None).name == "system:anonymous"


def test_a_certificate_without_a_name_is_no_credential() -> None:
    with pytest.raises(StatusError, match="Unauthorized"):
        certificate_user(Certificate({"subject": ()}, b"nobody's"))


def test_a_token_that_nobody_knows_is_refused() -> None:
    with pytest.raises(StatusError) as caught:
        Authenticator().authenticate(headers(Authorization="Bearer wrong"), None)
    assert caught.value.code == 401


@pytest.mark.parametrize("authorization", ["", "Basic abc", "Bearer", "Bearer  "])
def test_whoever_shows_nothing_is_anonymous(authorization) -> None:
    user = Authenticator().authenticate(headers(Authorization=authorization), None)
    assert user == User("system:anonymous", ("system:unauthenticated",))
