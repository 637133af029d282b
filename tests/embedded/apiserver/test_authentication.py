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


@pytest.mark.parametrize("authorization", ["Bearer wrong", "Basic abc", "Bearer"])
def test_a_bad_credential_is_refused_even_where_none_is_needed(authorization) -> None:
    with pytest.raises(StatusError) as caught:
        Authenticator().authenticate(path="/healthz", authorization=authorization, certificate=None)
    assert caught.value.code == 401


def test_nobody_may_ask_for_health_and_for_nothing_else() -> None:
    authenticator = Authenticator()
    user = authenticator.authenticate(path="/readyz", authorization="", certificate=None)
    assert user.name == "system:anonymous"
    with pytest.raises(StatusError):
        authenticator.authenticate(path="/api/v1/pods", authorization="", certificate=None)
