from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.daemonset.controller import DaemonSetController
from kubelearn.embedded.controllers.daemonset.placement import node_of
from kubelearn.embedded.controllers.podtemplatehash import template_hash
from kubelearn.objects import CONTROLLER_REVISIONS, DAEMON_SETS, EVENTS, NODES, PODS


@pytest.fixture
def make_daemon_set(api):
    async def make(**spec):
        template = {"metadata": {"labels": {"app": "agent"}}, "spec": {"containers": []}}
        update = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}}
        body = {
            "metadata": {"name": "agent", "namespace": "default", "uid": "uid-of-agent"},
            "spec": {
                "selector": {"matchLabels": {"app": "agent"}},
                "template": template,
                "updateStrategy": update,
                **spec,
            },
        }
        return await api.create(DAEMON_SETS, body)

    return make


@pytest.fixture
def change_image(api, clock):
    async def call(image):
        owner = api.one(DAEMON_SETS)
        template = {**owner["spec"]["template"], "spec": {"containers": [{"image": image}]}}
        await api.update(DAEMON_SETS, {**owner, "spec": {**owner["spec"], "template": template}})
        await clock.advance(0)

    return call


def images(api):
    found = [pod["spec"]["containers"] for pod in api.objects(PODS)]
    return sorted(containers[0]["image"] if containers else "" for containers in found)


async def test_every_node_gets_one_pod_also_nodes_that_come_later(
    api, clock, start, make_daemon_set, make_node, make_ready
):
    await api.create(NODES, make_node("a"))
    await make_daemon_set()
    async with start(DaemonSetController):
        await clock.advance(0)
        assert [node_of(pod) for pod in api.objects(PODS)] == ["a"]
        await api.create(NODES, make_node("b"))
        await clock.advance(0)
        assert {node_of(pod) for pod in api.objects(PODS)} == {"a", "b"}
        await make_ready()
    status = api.one(DAEMON_SETS)["status"]
    assert status["desiredNumberScheduled"] == status["numberAvailable"] == 2
    assert status["updatedNumberScheduled"] == 2
    assert "numberUnavailable" not in status


async def test_pods_leave_nodes_that_the_set_is_not_for_any_more(
    api, clock, start, make_daemon_set, make_node
):
    node = await api.create(NODES, make_node("a"))
    await make_daemon_set()
    async with start(DaemonSetController):
        await clock.advance(0)
        taint = {"key": "broken", "effect": "NoExecute"}
        await api.update(NODES, {**node, "spec": {"taints": [taint]}})
        await clock.advance(0)
        assert api.objects(PODS) == []


async def test_a_failed_pod_is_replaced(api, clock, start, make_daemon_set, make_node):
    await api.create(NODES, make_node("a"))
    await make_daemon_set()
    async with start(DaemonSetController):
        await clock.advance(0)
        [pod] = api.objects(PODS)
        name = pod["metadata"]["name"]
        await api.patch(PODS, name, {"status": {"phase": "Failed"}}, "default")
        await clock.advance(0)
    assert api.one(PODS)["metadata"]["name"] != name
    assert f"Found failed daemon pod default/{name} on node a, will try to kill it" in {
        event["message"] for event in api.objects(EVENTS)
    }


async def test_a_new_template_replaces_pods_one_by_one_and_keeps_the_old_revision(
    api, clock, start, make_daemon_set, make_node, make_ready, change_image
):
    for name in "ab":
        await api.create(NODES, make_node(name))
    await make_daemon_set()
    async with start(DaemonSetController):
        await clock.advance(0)
        await make_ready()
        await change_image("new")
        assert images(api) == ["", "new"]
        await make_ready()
        assert images(api) == ["new", "new"]
        revisions = {item["revision"] for item in api.objects(CONTROLLER_REVISIONS)}
        assert revisions == {1, 2}
        await change_image("newer")
        owner = api.one(DAEMON_SETS)
        old = api.objects(CONTROLLER_REVISIONS)[0]["data"]["spec"]["template"]
        template = {key: part for key, part in old.items() if key != "$patch"}
        await api.update(DAEMON_SETS, {**owner, "spec": {**owner["spec"], "template": template}})
        await clock.advance(0)
    assert {item["revision"] for item in api.objects(CONTROLLER_REVISIONS)} == {2, 3, 4}


async def test_on_delete_leaves_old_pods_alone(
    api, clock, start, make_daemon_set, make_node, make_ready, change_image
):
    await api.create(NODES, make_node("a"))
    await make_daemon_set(updateStrategy={"type": "OnDelete"})
    async with start(DaemonSetController):
        await clock.advance(0)
        await make_ready()
        await change_image("new")
        assert images(api) == [""]
        await api.remove(PODS, api.one(PODS))
        await clock.advance(0)
        assert images(api) == ["new"]


async def test_with_a_surge_the_new_pod_comes_before_the_old_one_goes(
    api, clock, start, make_daemon_set, make_node, make_ready, change_image
):
    await api.create(NODES, make_node("a"))
    update = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    await make_daemon_set(updateStrategy=update)
    async with start(DaemonSetController):
        await clock.advance(0)
        await make_ready()
        await change_image("new")
        assert images(api) == ["", "new"]
        await make_ready()
        assert images(api) == ["new"]


async def test_a_pod_that_fails_again_and_again_is_replaced_more_and_more_slowly(
    api, clock, start, make_daemon_set, make_node
):
    await api.create(NODES, make_node("a"))
    await make_daemon_set()
    async with start(DaemonSetController):
        for wait in (0, 1, 2):
            await clock.advance(0)
            name = api.one(PODS)["metadata"]["name"]
            await api.patch(PODS, name, {"status": {"phase": "Failed"}}, "default")
            if wait:
                await clock.advance(wait - 0.3)
                assert api.one(PODS)["metadata"]["name"] == name
            await clock.advance(0.25)
            assert api.one(PODS)["metadata"]["name"] != name


async def test_a_revision_whose_name_is_taken_gets_another(
    api, clock, start, make_daemon_set, change_image
):
    owner = await make_daemon_set()
    template = {**owner["spec"]["template"], "spec": {"containers": [{"image": "b"}]}}
    taken = f"agent-{template_hash(template, None)}"
    await api.create(
        CONTROLLER_REVISIONS,
        {"metadata": {"name": taken, "namespace": "default"}, "data": {}, "revision": 7},
    )
    async with start(DaemonSetController):
        await change_image("b")
        await clock.advance(5)
    names = {each["metadata"]["name"] for each in api.objects(CONTROLLER_REVISIONS)}
    assert {taken, f"agent-{template_hash(template, 1)}"} < names
    assert api.one(DAEMON_SETS)["status"]["collisionCount"] == 1
