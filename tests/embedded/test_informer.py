from __future__ import annotations

import logging

import pytest

from kubelearn.embedded.informer import Informer, Informers
from kubelearn.errors import Unreachable
from kubelearn.objects import NODES, PODS, key
from tests.embedded.tasks import running


@pytest.fixture
def informer(api, clock):
    return Informer(api, PODS, clock=clock)


@pytest.fixture
def heard(informer):
    """The changes that the informer told, as text."""
    changes = []
    informer.add_handler(
        on_add=lambda o: changes.append(f"+{o['metadata']['name']}"),
        on_update=lambda a, b: changes.append(f"~{b['metadata']['name']}"),
        on_delete=lambda o: changes.append(f"-{o['metadata']['name']}"),
    )
    return changes


async def test_it_tells_what_is_there_and_then_what_changes(api, clock, informer, heard, make_pod):
    await api.create(PODS, make_pod("a"))
    async with running(informer.run()):
        await clock.advance(0)
        assert heard == ["+a"]
        pod = await api.create(PODS, make_pod("b"))
        pod = await api.update(PODS, {**pod, "status": {"phase": "Running"}}, sub="status")
        await api.remove(PODS, pod)
        await clock.advance(0)
        assert heard == ["+a", "+b", "~b", "-b"]
        assert [o["metadata"]["name"] for o in informer.items()] == ["a"]


async def test_objects_of_a_list_get_their_kind_and_lose_their_managers(
    api, clock, informer, make_pod
):
    pod = make_pod("a", meta={"managedFields": [{}]})
    await api.create(PODS, pod)
    async with running(informer.run()):
        await clock.advance(0)
        found = informer.get("default/a")
    assert (found["apiVersion"], found["kind"]) == ("v1", "Pod")
    assert "managedFields" not in found["metadata"]


async def test_after_410_it_lists_again_and_tells_only_the_differences(
    api, clock, informer, heard, make_pod
):
    await api.create(PODS, make_pod("stays"))
    goes = await api.create(PODS, make_pod("goes"))
    async with running(informer.run()):
        await clock.advance(0)
        heard.clear()
        api._log.clear()  # what happens now is never told
        await api.remove(PODS, goes)
        await api.create(PODS, make_pod("comes"))
        api._log.clear()
        await api.hang_up(compact=True)
        await clock.advance(1)
        assert sorted(heard) == ["+comes", "-goes"]
        assert api.requests.count("list pods") == 2


async def test_without_an_answer_it_tries_again_later_each_time(api, clock, informer, caplog):
    api.failure = Unreachable({"message": "no answer"})
    with caplog.at_level(logging.CRITICAL):
        async with running(informer.run()):
            await clock.advance(4)
            assert api.requests.count("list pods") == 4  # at 0, 0.5, 1.5 and 3.5 seconds
            assert not informer.synced.is_set()
            api.failure = None
            await clock.advance(4)
            assert informer.synced.is_set()


async def test_a_handler_that_fails_takes_nothing_from_the_others(
    api, clock, informer, caplog, make_pod
):
    def fail(_):
        raise ValueError("handler")

    seen = []
    informer.add_handler(on_add=fail)
    informer.add_handler(on_add=seen.append)
    await api.create(PODS, make_pod("a"))
    with caplog.at_level(logging.CRITICAL):
        async with running(informer.run()):
            await clock.advance(0)
    assert len(seen) == 1


async def test_an_index_follows_the_objects(api, clock, informer, make_pod):
    informer.add_index("node", lambda pod: [pod["spec"].get("nodeName", "")])
    pod = await api.create(PODS, make_pod("a"))
    async with running(informer.run()):
        await clock.advance(0)
        assert len(informer.by_index("node", "")) == 1
        await api.update(PODS, {**pod, "spec": {**pod["spec"], "nodeName": "worker"}})
        await clock.advance(0)
        assert informer.by_index("node", "") == []
        assert [o["metadata"]["name"] for o in informer.by_index("node", "worker")] == ["a"]


async def test_an_object_that_was_replaced_unseen_is_told_as_deleted_and_added(
    api, clock, informer, heard, make_pod
):
    await api.create(PODS, make_pod("a", meta={"uid": "first"}))
    async with running(informer.run()):
        await clock.advance(0)
        heard.clear()
        await api.remove(PODS, api.one(PODS))
        await api.create(PODS, make_pod("a", meta={"uid": "second"}))
        api._log.clear()
        await api.hang_up(compact=True)
        await clock.advance(1)
    assert heard == ["-a", "+a"]


async def test_a_late_handler_hears_of_what_is_there(api, clock, informer, make_pod):
    await api.create(PODS, make_pod("a"))
    async with running(informer.run()):
        await clock.advance(0)
        seen = []
        informer.add_handler(on_add=seen.append)
        assert len(seen) == 1


async def test_who_follows_hears_of_all_that_is_there_comes_changes_and_goes(
    api, clock, informer, make_pod
):
    changed, gone = [], []
    await api.create(PODS, make_pod("a"))
    async with running(informer.run()):
        await clock.advance(0)
        informer.follow(changed.append, gone=gone.append)
        pod = await api.create(PODS, make_pod("b"))
        pod = await api.update(PODS, {**pod, "status": {"phase": "Running"}}, sub="status")
        await api.remove(PODS, pod)
        await clock.advance(0)
    assert [key(obj) for obj in changed] == ["default/a", "default/b", "default/b"]
    assert [key(obj) for obj in gone] == ["default/b"]


async def test_informers_are_shared_and_may_be_asked_for_later(api, clock):
    informers = Informers(api, clock=clock)
    assert informers.get(PODS) is informers.get(PODS)
    async with running(informers.run()):
        await clock.advance(0)
        nodes = informers.get(NODES)
        await clock.advance(0)
        assert nodes.synced.is_set()
        nodes.synced.clear()
        informers.drop(NODES)
        await clock.advance(0)
        assert nodes.synced.is_set()
        assert informers.get(NODES) is not nodes
