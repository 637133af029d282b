from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.resourcequota import ResourceQuotaController
from kubelearn.objects import PODS, RESOURCE_QUOTAS


@pytest.fixture
def quota():
    def make(**hard):
        hard = {name.replace("_", "."): value for name, value in hard.items()}
        return {"metadata": {"name": "q", "namespace": "default"}, "spec": {"hard": hard}}

    return make


def used(api):
    return api.one(RESOURCE_QUOTAS)["status"]["used"]


async def test_a_quota_says_what_is_used_of_it(api, clock, start, make_pod, quota):
    await api.create(PODS, make_pod("a", labels={}))
    await api.create(RESOURCE_QUOTAS, quota(pods="2", requests_cpu="1"))
    async with start(ResourceQuotaController):
        await clock.advance(0)
        status = api.one(RESOURCE_QUOTAS)["status"]
        assert status["hard"] == {"pods": "2", "requests.cpu": "1"}
        assert status["used"] == {"pods": "1", "requests.cpu": "0"}


async def test_what_goes_or_ends_is_given_back(api, clock, start, make_pod, quota):
    await api.create(PODS, make_pod("a", labels={}))
    await api.create(PODS, make_pod("b", labels={}))
    await api.create(RESOURCE_QUOTAS, quota(pods="2"))
    async with start(ResourceQuotaController):
        await clock.advance(0)
        assert used(api) == {"pods": "2"}
        first, second = api.objects(PODS)
        await api.remove(PODS, first)
        await clock.advance(0)
        assert used(api) == {"pods": "1"}
        await api.update(PODS, {**second, "status": {"phase": "Succeeded"}}, sub="status")
        await clock.advance(0)
        assert used(api) == {"pods": "0"}


async def test_what_was_charged_and_never_came_is_given_back_after_a_while(
    api, clock, start, quota
):
    await api.create(RESOURCE_QUOTAS, quota(pods="2"))
    async with start(ResourceQuotaController):
        await clock.advance(0)
        charged = api.one(RESOURCE_QUOTAS)
        status = {**charged["status"], "used": {"pods": "1"}}
        await api.update(RESOURCE_QUOTAS, {**charged, "status": status}, sub="status")
        await clock.advance(1)
        assert used(api) == {"pods": "1"}
        await clock.advance(300)
        assert used(api) == {"pods": "0"}


async def test_a_kind_that_is_not_served_is_not_counted(api, clock, start, quota):
    await api.create(RESOURCE_QUOTAS, quota(**{"count/nothing": "1"}))
    async with start(ResourceQuotaController):
        await clock.advance(0)
        status = api.one(RESOURCE_QUOTAS)["status"]
        assert status == {"hard": {"count/nothing": "1"}, "used": {}}


async def test_what_was_given_back_too_early_is_soon_charged_again(
    api, clock, start, make_pod, quota
):
    await api.create(PODS, make_pod("old", labels={}))
    await api.create(RESOURCE_QUOTAS, quota(pods="2"))
    async with start(ResourceQuotaController):
        await clock.advance(0)
        # The new pod is charged before it is stored, and meanwhile the old one goes.
        charged = api.one(RESOURCE_QUOTAS)
        status = {**charged["status"], "used": {"pods": "2"}}
        await api.update(RESOURCE_QUOTAS, {**charged, "status": status}, sub="status")
        await api.remove(PODS, api.one(PODS))
        await clock.advance(0)
        assert used(api) == {"pods": "0"}
        await api.create(PODS, make_pod("new", labels={}))
        await clock.advance(2)
        assert used(api) == {"pods": "1"}
