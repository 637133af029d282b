from __future__ import annotations

from datetime import timedelta

import pytest

from kubelearn.embedded.kubelet.tokens import TokenManager
from kubelearn.objects import timestamp

POD = {
    "metadata": {"name": "web", "namespace": "shop", "uid": "1"},
    "spec": {"serviceAccountName": "robot"},
}


def source(**fields):
    return {"path": "token", "expirationSeconds": 1000, **fields}


class Issuer:
    """An API server that numbers the tokens it gives out."""

    def __init__(self, clock) -> None:
        self.clock = clock
        self.asked = []

    async def create(self, resource, body, namespace, *, name, sub):
        self.asked.append((f"{namespace}/{resource.plural}/{name}/{sub}", body["spec"]))
        end = self.clock.now() + timedelta(seconds=body["spec"]["expirationSeconds"])
        token = f"token {len(self.asked)}"
        return {"status": {"token": token, "expirationTimestamp": timestamp(end)}}


@pytest.fixture
def issuer(clock):
    return Issuer(clock)


@pytest.fixture
def tokens(issuer, clock):
    return TokenManager(issuer, clock=clock)


async def test_a_token_is_bound_to_its_pod(tokens, issuer) -> None:
    await tokens.get(POD, source(audience="vault"))
    [(path, spec)] = issuer.asked
    assert path == "shop/serviceaccounts/robot/token"
    assert spec["audiences"] == ["vault"]
    assert spec["boundObjectRef"] == {"apiVersion": "v1", "kind": "Pod", "name": "web", "uid": "1"}


async def test_a_token_is_renewed_when_four_fifths_of_its_life_are_over(tokens, clock) -> None:
    assert await tokens.get(POD, source()) == "token 1"
    await clock.advance(799)
    assert await tokens.get(POD, source()) == "token 1"
    await clock.advance(1)
    assert await tokens.get(POD, source()) == "token 2"


async def test_tokens_for_others_or_for_longer_are_others(tokens) -> None:
    wanted = [source(), source(audience="vault"), source(expirationSeconds=2000)]
    found = {await tokens.get(POD, each) for each in wanted * 2}
    assert found == {"token 1", "token 2", "token 3"}


async def test_a_pod_that_has_gone_is_forgotten(tokens) -> None:
    await tokens.get(POD, source())
    tokens.forget("1")
    assert await tokens.get(POD, source()) == "token 2"
