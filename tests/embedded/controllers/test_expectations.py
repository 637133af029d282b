from __future__ import annotations

import asyncio

import pytest

from kubelearn.embedded.controllers.expectations import Expectations
from kubelearn.embedded.informer import Informer
from kubelearn.objects import PODS


@pytest.fixture
async def informer(api, clock):
    informer = Informer(api, PODS, clock=clock)
    task = asyncio.create_task(informer.run())
    yield informer
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_creation_is_expected_until_the_cache_has_come_that_far(
    api, clock, informer, make_pod
):
    expectations = Expectations(informer)
    await clock.advance(0)
    expectations.created("default/web", await api.create(PODS, make_pod()))
    assert not expectations.satisfied("default/web")
    assert expectations.satisfied("default/other")
    await clock.advance(0)
    assert expectations.satisfied("default/web")


async def test_a_created_object_may_be_gone_again_before_it_is_seen(api, clock, informer, make_pod):
    expectations = Expectations(informer)
    await clock.advance(0)
    created = await api.create(PODS, make_pod())
    expectations.created("default/web", created)
    await api.remove(PODS, created)
    await clock.advance(0)
    assert expectations.satisfied("default/web")


async def test_a_deletion_is_expected_until_the_object_is_gone_or_terminating(
    api, clock, informer, make_pod
):
    pod = await api.create(PODS, make_pod())
    expectations = Expectations(informer)
    await clock.advance(0)
    expectations.deleted("default/web", pod)
    assert not expectations.satisfied("default/web")
    await api.update(
        PODS,
        {**pod, "metadata": {**pod["metadata"], "deletionTimestamp": "now", "finalizers": ["x"]}},
    )
    await clock.advance(0)
    assert expectations.satisfied("default/web")


async def test_an_owner_that_is_gone_is_forgotten(api, clock, informer, make_pod):
    expectations = Expectations(informer)
    await clock.advance(0)
    expectations.created("default/web", await api.create(PODS, make_pod()))
    expectations.forget("default/web")
    assert expectations.satisfied("default/web")
