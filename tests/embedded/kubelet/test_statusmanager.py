"""How statuses reach the API server."""

import asyncio

import pytest

from kubelearn.embedded.kubelet.statusmanager import StatusManager, status_patch
from kubelearn.errors import ApiError
from kubelearn.objects import PODS


@pytest.fixture
def manager(api, clock):
    return StatusManager(api, clock=clock)


@pytest.fixture
async def pod(api, pod_of):
    return await api.create(PODS, pod_of())


def patches(api):
    return [request for request in api.requests if request.startswith("patch")]


async def test_a_status_is_sent(manager, api, pod):
    manager.set(pod, {"phase": "Running"})
    await manager.flush("uid-of-p")
    assert api.one(PODS)["status"] == {"phase": "Running", "qosClass": "BestEffort"}
    assert patches(api) == ["patch pods/status p"]


async def test_what_is_known_is_not_sent_again(manager, api, pod):
    for _ in range(3):
        manager.set(pod, {"phase": "Running"})
        await manager.flush("uid-of-p")
    manager.set(pod, {"phase": "Running"})
    assert len(patches(api)) == 1


async def test_only_the_last_of_many_is_sent_while_one_is_under_way(manager, api, pod):
    manager.set(pod, {"phase": "Pending", "reason": "first"})
    await asyncio.sleep(0)
    for reason in ("second", "third", "last"):
        manager.set(pod, {"phase": "Running", "reason": reason})
    await manager.flush("uid-of-p")
    assert api.one(PODS)["status"]["reason"] == "last"
    assert len(patches(api)) == 2


async def test_a_refused_status_is_sent_again(manager, api, pod, clock):
    api.failure = ApiError({"code": 500, "message": "no"})
    manager.set(pod, {"phase": "Running"})
    await clock.advance(3)
    api.failure = None
    await clock.advance(1)
    assert api.one(PODS)["status"]["phase"] == "Running"


async def test_the_status_of_a_pod_that_is_gone_is_dropped(manager, api, pod):
    await api.remove(PODS, pod)
    manager.set(pod, {"phase": "Running"})
    await manager.flush("uid-of-p")
    assert len(patches(api)) == 1


async def test_what_somebody_else_has_changed_is_put_right(manager, api, pod):
    ready = {"type": "Ready", "status": "True"}
    manager.set(pod, {"phase": "Running", "conditions": [ready]})
    await manager.flush("uid-of-p")
    other = {"conditions": [{"type": "Ready", "status": "False"}]}
    changed = await api.patch(PODS, "p", {"status": other}, "default", kind="strategic")
    manager.observe(changed)
    await manager.flush("uid-of-p")
    assert api.one(PODS)["status"]["conditions"] == [ready]


async def test_an_old_sight_of_the_pod_changes_nothing(manager, api, pod):
    manager.set(pod, {"phase": "Running"})
    await manager.flush("uid-of-p")
    manager.observe(pod)
    await manager.flush("uid-of-p")
    assert len(patches(api)) == 1


def test_a_patch_holds_what_differs():
    known = {"phase": "Pending", "hostIP": "127.64.0.2", "startTime": "t", "reason": "old"}
    wanted = {"phase": "Running", "hostIP": "127.64.0.2", "startTime": "t"}
    assert status_patch(known, wanted) == {"phase": "Running", "reason": None}


def test_a_patch_leaves_what_others_own():
    known = {"nominatedNodeName": "w", "conditions": [{"type": "Other", "status": "True"}]}
    assert status_patch(known, {"conditions": []}) == {}


def test_a_patch_takes_from_a_condition_what_no_longer_holds():
    known = {"conditions": [{"type": "Ready", "status": "False", "reason": "NotYet"}]}
    wanted = {"conditions": [{"type": "Ready", "status": "True"}]}
    assert status_patch(known, wanted) == {
        "conditions": [{"type": "Ready", "status": "True", "reason": None}]
    }


def test_a_patch_replaces_addresses():
    known, wanted = {"podIPs": [{"ip": "127.64.1.2"}]}, {"podIPs": [{"ip": "127.64.1.3"}]}
    assert status_patch(known, wanted) == {"podIPs": [{"$patch": "replace"}, {"ip": "127.64.1.3"}]}
