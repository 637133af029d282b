from __future__ import annotations

import pytest

from kubelearn.embedded.apiserver.authentication import (
    Authenticator,
    StaticTokens,
    User,
    certificate_user,
)
from kubelearn.embedded.apiserver.status import StatusError

CERTIFICATE = {
    "subject": (
        (("organizationName", "system:nodes"),),
        (("organizationName", "extra"),),
        (("commonName", "system:node:worker"),),
    )
}


def test_a_certificate_names_the_user_and_the_groups() -> None:
    user = certificate_user(CERTIFICATE)
    assert user.name == "system:node:worker"
    assert user.groups == ("system:nodes", "extra", "system:authenticated")


def test_a_certificate_without_a_name_is_no_credential() -> None:
    with pytest.raises(StatusError, match="Unauthorized"):
        certificate_user({"subject": ()})


def test_tokens_come_from_a_file(tmp_path) -> None:
    path = tmp_path / "tokens.csv"
    path.write_text('secret,ada,1,"dev,ops"\nother,bob,2\n')
    tokens = StaticTokens(path)
    assert tokens.authenticate("secret") == User("ada", ("dev", "ops", "system:authenticated"), "1")
    assert tokens.authenticate("other") == User("bob", ("system:authenticated",), "2")
    assert tokens.authenticate("nothing") is None


def test_a_token_that_nobody_knows_is_refused() -> None:
    with pytest.raises(StatusError) as caught:
        Authenticator().authenticate(authorization="Bearer wrong", certificate=None)
    assert caught.value.code == 401


@pytest.mark.parametrize("authorization", ["", "Basic abc", "Bearer", "Bearer  "])
def test_whoever_shows_nothing_is_anonymous(authorization) -> None:
    user = Authenticator().authenticate(authorization=authorization, certificate=None)
    assert user == User("system:anonymous", ("system:unauthenticated",))
