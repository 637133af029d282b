from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.garbagecollector.controller import GarbageCollector
from kubelearn.objects import CONFIG_MAPS, controller_of

VERBS = ["create", "delete", "get", "list", "watch"]


@pytest.fixture
def collected(api, monkeypatch):
    """Only ConfigMaps are served; the graph needs no more."""

    async def discover(method, path, **_):
        resource = {
            "resource": "configmaps",
            "responseKind": {"group": "", "version": "v1", "kind": "ConfigMap"},
            "scope": "Namespaced",
            "verbs": VERBS,
        }
        group = {"metadata": {}, "versions": [{"version": "v1", "resources": [resource]}]}
        return {"items": [group] if path == "/api" else []}

    monkeypatch.setattr(api, "request", discover)


@pytest.fixture
def create(api):
    async def make(name, *owners, block=False, **meta):
        refs = [
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "name": o["metadata"]["name"],
                "uid": o["metadata"]["uid"],
                "blockOwnerDeletion": block,
            }
            for o in owners
        ]
        meta = {"name": name, "namespace": "default", "ownerReferences": refs, **meta}
        return await api.create(CONFIG_MAPS, {"metadata": meta})

    return make


@pytest.fixture
def names(api):
    return lambda: {obj["metadata"]["name"] for obj in api.objects(CONFIG_MAPS)}


async def delete(api, name, policy=None):
    options = {"propagationPolicy": policy} if policy else None
    await api.delete(CONFIG_MAPS, name, "default", options=options)


@pytest.mark.usefixtures("collected")
class TestCollecting:
    async def test_what_an_owner_leaves_behind_is_deleted_level_by_level(
        self, api, clock, start, create, names
    ):
        top = await create("top")
        middle = await create("middle", top)
        await create("bottom", middle)
        await create("other")
        async with start(GarbageCollector):
            await clock.advance(1)
            await delete(api, "top")
            await clock.advance(1)
            assert names() == {"other"}

    async def test_an_object_lives_as_long_as_one_owner_does(
        self, api, clock, start, create, names
    ):
        one, two = await create("one"), await create("two")
        await create("child", one, two)
        async with start(GarbageCollector):
            await clock.advance(1)
            await delete(api, "one")
            await clock.advance(1)
            assert names() == {"two", "child"}
            child = await api.get(CONFIG_MAPS, "child", "default")
            assert [ref["name"] for ref in child["metadata"]["ownerReferences"]] == ["two"]
            await delete(api, "two")
            await clock.advance(1)
            assert names() == set()

    async def test_an_object_whose_owner_never_existed_is_deleted(
        self, api, clock, start, create, names
    ):
        await create("child", {"metadata": {"name": "never", "uid": "no-such-uid"}})
        async with start(GarbageCollector):
            await clock.advance(1)
            assert names() == set()

    async def test_another_object_of_the_owners_name_is_not_the_owner(
        self, api, clock, start, create, names
    ):
        await create("owner")
        await create("child", {"metadata": {"name": "owner", "uid": "an-earlier-one"}})
        async with start(GarbageCollector):
            await clock.advance(1)
            assert names() == {"owner"}

    async def test_in_the_foreground_an_owner_waits_for_those_that_block_it(
        self, api, clock, start, create, names
    ):
        owner = await create("owner")
        await create("slow", owner, block=True, finalizers=["example.com/slow"])
        await create("quick", owner, block=True)
        async with start(GarbageCollector):
            await clock.advance(1)
            await delete(api, "owner", "Foreground")
            await clock.advance(1)
            assert names() == {"owner", "slow"}
            await api.patch(CONFIG_MAPS, "slow", {"metadata": {"finalizers": None}}, "default")
            await clock.advance(1)
            assert names() == set()

    async def test_foreground_deletion_goes_down_the_whole_tree(
        self, api, clock, start, create, names
    ):
        top = await create("top")
        middle = await create("middle", top, block=True)
        await create("bottom", middle, block=True, finalizers=["example.com/slow"])
        async with start(GarbageCollector):
            await clock.advance(1)
            await delete(api, "top", "Foreground")
            await clock.advance(1)
            assert names() == {"top", "middle", "bottom"}
            await api.patch(CONFIG_MAPS, "bottom", {"metadata": {"finalizers": None}}, "default")
            await clock.advance(1)
            assert names() == set()

    async def test_objects_that_own_each_other_can_be_deleted(
        self, api, clock, start, create, names
    ):
        one = await create("one", {"metadata": {"name": "two", "uid": "uid-of-two"}}, block=True)
        await create("two", one, block=True, uid="uid-of-two")
        async with start(GarbageCollector):
            await clock.advance(1)
            assert names() == {"one", "two"}
            await delete(api, "one", "Foreground")
            await clock.advance(5)
            assert names() == set()

    async def test_orphans_lose_their_reference_and_stay(self, api, clock, start, create, names):
        owner = await create("owner")
        await create("child", owner)
        async with start(GarbageCollector):
            await clock.advance(1)
            await delete(api, "owner", "Orphan")
            await clock.advance(1)
            assert names() == {"child"}
            child = await api.get(CONFIG_MAPS, "child", "default")
        assert controller_of(child) is None
        assert "ownerReferences" not in child["metadata"]

    async def test_a_finished_graph_asks_the_api_server_nothing(self, api, clock, start, create):
        owner = await create("owner")
        await create("child", owner)
        async with start(GarbageCollector):
            await clock.advance(1)
            before = len(api.requests)
            await clock.advance(29)
            assert len(api.requests) == before


async def test_a_kind_that_is_defined_anew_is_followed_as_it_is_now(api, clock, start, monkeypatch):
    served = {"frogs": "Namespaced"}

    async def discover(method, path, **_):
        resources = [
            {
                "resource": plural,
                "responseKind": {"group": "", "version": "v1", "kind": "Frog"},
                "scope": scope,
                "verbs": VERBS,
            }
            for plural, scope in served.items()
        ]
        group = {"metadata": {}, "versions": [{"version": "v1", "resources": resources}]}
        return {"items": [group] if path == "/api" else []}

    monkeypatch.setattr(api, "request", discover)
    async with start(GarbageCollector) as (collector,):
        await clock.advance(1)
        (followed,) = collector._monitors.values()
        assert followed.resource.plural == "frogs"
        served.clear()
        await clock.advance(40)
        assert not collector._monitors
        assert followed not in collector._needed
        served["toads"] = "Cluster"
        await clock.advance(40)
        (followed,) = collector._monitors.values()
        assert (followed.resource.plural, followed.resource.namespaced) == ("toads", False)
