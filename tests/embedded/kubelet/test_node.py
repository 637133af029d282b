"""The Node and its Lease."""

import os

import pytest

from kubelearn.containers.images import Image
from kubelearn.errors import Unreachable
from kubelearn.objects import CSI_NODES, LEASES, NODES, condition


def made(api, resource):
    return api.objects(resource)[0] if api.objects(resource) else None


async def test_a_node_registers_itself(machine, api):
    await machine.until(lambda: (made(api, NODES) or {}).get("status"))
    node = api.one(NODES)
    assert node["metadata"]["labels"]["kubernetes.io/hostname"] == "worker"
    assert node["metadata"]["labels"]["kubernetes.io/os"] == "linux"
    assert node["spec"] == {
        "podCIDR": machine.config.pod_cidr,
        "podCIDRs": [machine.config.pod_cidr],
    }
    status = node["status"]
    assert status["addresses"] == [
        {"type": "InternalIP", "address": machine.config.ip},
        {"type": "Hostname", "address": "worker"},
    ]
    assert status["capacity"]["cpu"] == str(os.cpu_count())
    assert status["capacity"]["pods"] == "110"
    assert status["daemonEndpoints"] == {"kubeletEndpoint": {"Port": 10250}}
    assert status["nodeInfo"]["containerRuntimeVersion"] == "process://0.1.0"
    assert status["nodeInfo"]["kubeletVersion"].startswith("v1.36.")
    assert "docker.io/kubelearn/hello:1.0" in [
        name for i in status["images"] for name in i["names"]
    ]


async def test_a_node_says_that_it_has_no_drivers_of_storage(machine, api):
    await machine.until(lambda: made(api, CSI_NODES))
    found, node = api.one(CSI_NODES), api.one(NODES)
    assert found["metadata"]["name"] == node["metadata"]["name"]
    assert found["metadata"]["ownerReferences"][0]["uid"] == node["metadata"]["uid"]
    assert found["spec"] == {"drivers": []}


async def test_a_node_says_that_it_is_ready(machine, api):
    await machine.until(lambda: (made(api, NODES) or {}).get("status"))
    states = {each["type"]: each["status"] for each in api.one(NODES)["status"]["conditions"]}
    assert states == {
        "MemoryPressure": "False",
        "DiskPressure": "False",
        "PIDPressure": "False",
        "Ready": "True",
    }
    ready = condition(api.one(NODES), "Ready")
    assert (ready["reason"], ready["message"]) == (
        "KubeletReady", "kubelet is posting ready status",
    )  # fmt: skip


async def test_a_node_that_is_there_keeps_its_labels_and_taints(machine, api, make_node):
    await machine.stop()
    for node in api.objects(NODES):
        await api.remove(NODES, node)
    await api.create(NODES, make_node(labels={"disk": "ssd"}, unschedulable=True))
    machine.start()
    await machine.until(lambda: "nodeInfo" in (made(api, NODES) or {}).get("status", {}))
    node = api.one(NODES)
    assert node["metadata"]["labels"]["disk"] == "ssd"
    assert node["spec"]["unschedulable"]


async def test_the_lease_is_renewed_every_ten_seconds(machine, api, clock):
    await machine.until(lambda: made(api, LEASES))
    lease = api.one(LEASES)
    assert lease["metadata"]["namespace"] == "kube-node-lease"
    assert lease["metadata"]["ownerReferences"][0]["kind"] == "Node"
    assert (lease["spec"]["holderIdentity"], lease["spec"]["leaseDurationSeconds"]) == (
        "worker",
        40,
    )
    before = lease["spec"]["renewTime"]
    await clock.advance(11)
    assert api.one(LEASES)["spec"]["renewTime"] > before


async def test_the_status_is_repeated_every_five_minutes(machine, api, clock):
    await machine.until(lambda: made(api, LEASES))
    await clock.advance(0)
    reports = "patch nodes/status worker"
    assert api.requests.count(reports) == 1
    await clock.advance(290)
    assert api.requests.count(reports) == 1
    await clock.advance(30)
    assert api.requests.count(reports) == 2


async def test_a_new_image_is_told_with_the_next_heartbeat(machine, api, clock, monkeypatch):
    await machine.until(lambda: made(api, LEASES))
    await clock.advance(0)
    images = machine.images
    known = images.list()
    monkeypatch.setattr(images, "list", lambda: [*known, Image("docker.io/library/shop:1")])
    await clock.advance(11)
    assert {"names": ["docker.io/library/shop:1"], "sizeBytes": 0} in api.one(NODES)["status"][
        "images"
    ]
    assert api.requests.count("patch nodes/status worker") == 2
    await clock.advance(60)
    assert api.requests.count("patch nodes/status worker") == 2


@pytest.fixture
def silence():
    return Unreachable({"message": "no answer"})


async def test_an_api_server_that_does_not_answer_is_asked_again(machine, api, clock, silence):
    await machine.stop()
    for node in api.objects(NODES):
        await api.remove(NODES, node)
    api.failure = silence
    machine.start()
    await clock.advance(5)
    api.failure = None
    await clock.advance(2)
    assert api.one(NODES)["status"]["conditions"]


async def test_heartbeats_go_on_after_a_silence(machine, api, clock, silence):
    await machine.until(lambda: made(api, LEASES))
    api.failure = silence
    await clock.advance(60)
    api.failure = None
    before = api.one(LEASES)["spec"]["renewTime"]
    await clock.advance(2)
    assert api.one(LEASES)["spec"]["renewTime"] > before
