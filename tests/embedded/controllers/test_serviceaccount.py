from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.serviceaccount import (
    RootCACertPublisher,
    ServiceAccountsController,
)
from kubelearn.objects import CONFIG_MAPS, NAMESPACES, SERVICE_ACCOUNTS


@pytest.fixture
def publisher():
    return lambda context: RootCACertPublisher(context, root_ca="certificate")


def namespace(name, **meta):
    return {"metadata": {"name": name, **meta}}


async def test_each_namespace_gets_an_account_and_the_certificate(api, clock, start, publisher):
    await api.create(NAMESPACES, namespace("shop"))
    async with start(ServiceAccountsController, publisher):
        await clock.advance(1)
        account, found = api.one(SERVICE_ACCOUNTS), api.one(CONFIG_MAPS)
    assert (account["metadata"]["namespace"], account["metadata"]["name"]) == ("shop", "default")
    assert found["metadata"]["name"] == "kube-root-ca.crt"
    assert found["data"] == {"ca.crt": "certificate"}


async def test_both_come_back_when_somebody_removes_them(api, clock, start, publisher):
    await api.create(NAMESPACES, namespace("shop"))
    async with start(ServiceAccountsController, publisher):
        await clock.advance(1)
        await api.remove(SERVICE_ACCOUNTS, api.one(SERVICE_ACCOUNTS))
        await api.update(CONFIG_MAPS, {**api.one(CONFIG_MAPS), "data": {"ca.crt": "forged"}})
        await clock.advance(1)
        assert api.one(SERVICE_ACCOUNTS)["metadata"]["name"] == "default"
        assert api.one(CONFIG_MAPS)["data"] == {"ca.crt": "certificate"}


async def test_a_namespace_that_is_being_deleted_gets_nothing(api, clock, start, publisher):
    await api.create(NAMESPACES, namespace("shop", deletionTimestamp="now", finalizers=["x"]))
    async with start(ServiceAccountsController, publisher):
        await clock.advance(1)
    assert api.objects(SERVICE_ACCOUNTS) == api.objects(CONFIG_MAPS) == []
