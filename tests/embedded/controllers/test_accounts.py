"""The accounts in whose names controllers act."""

from __future__ import annotations

import asyncio

from kubelearn.embedded.controllers.accounts import make_accounts
from kubelearn.errors import Unreachable
from kubelearn.objects import SERVICE_ACCOUNTS


def account(name):
    return {"metadata": {"name": name, "namespace": "kube-system"}}


async def test_accounts_that_are_missing_are_made_a_moment_later(api, clock):
    kept = await api.create(SERVICE_ACCOUNTS, account("job-controller"))
    task = asyncio.create_task(make_accounts(api, ["job-controller", "ttl", "ttl"], clock=clock))
    await clock.advance(0.5)
    assert api.objects(SERVICE_ACCOUNTS) == [kept]
    await clock.advance(1)
    await task
    found = {each["metadata"]["name"]: each for each in api.objects(SERVICE_ACCOUNTS)}
    assert found.keys() == {"job-controller", "ttl"}
    assert found["job-controller"] == kept


async def test_an_api_server_that_does_not_answer_is_asked_again(api, clock, monkeypatch):
    async def fail(*_, **__):
        raise Unreachable({"message": "nobody is there"})

    with monkeypatch.context() as broken:
        broken.setattr(api, "list", fail)
        task = asyncio.create_task(make_accounts(api, ["ttl"], clock=clock))
        await clock.advance(3)
        assert not task.done()
    await clock.advance(1)
    await task
    assert api.one(SERVICE_ACCOUNTS)["metadata"]["name"] == "ttl"
