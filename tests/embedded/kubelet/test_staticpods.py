"""Static pods on a node, and their mirrors in the API."""

import asyncio
import json

import pytest

from kubelearn.objects import NODES, PODS


@pytest.fixture
def manifest(machine):
    """The file of a static pod on the node; without a script it is removed."""
    folder = machine.config.folder / "disk/etc/kubernetes/manifests"

    async def write(script=None):
        file = folder / "web.yaml"
        if script is None:
            file.unlink()
        else:
            container = {"name": "app", "image": "kubelearn/hello:1.0"}
            container["command"] = ["sh", "-c", script]
            pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}}
            spec = {"terminationGracePeriodSeconds": 0, "containers": [container]}
            file.write_text(json.dumps({**pod, "spec": spec}))
        await machine.until(lambda: machine.api.objects(NODES))
        # Until the folder is read, and the grace of a container that is to end is over.
        for _ in range(5):
            await machine.clock.advance(1)

    return write


NAME = "web-worker"


async def running(machine):
    await machine.until(lambda: machine.api.objects(PODS))
    await machine.phase("Running", NAME)
    return machine.pod(NAME)


async def test_a_static_pod_runs_and_has_a_mirror(machine, manifest):
    await manifest("sleep 600")
    mirror = await running(machine)
    annotations = mirror["metadata"]["annotations"]
    assert annotations["kubernetes.io/config.mirror"] == annotations["kubernetes.io/config.hash"]
    (owner,) = mirror["metadata"]["ownerReferences"]
    node = machine.api.one(NODES)["metadata"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("Node", node["uid"], True)
    assert mirror["metadata"]["uid"] != annotations["kubernetes.io/config.hash"]


async def test_a_mirror_that_is_deleted_comes_back_and_nothing_is_restarted(machine, manifest):
    await manifest("sleep 600")
    first = await running(machine)
    await machine.delete(NAME, grace=30)
    await machine.until(
        lambda: [
            pod
            for pod in machine.api.objects(PODS)
            if pod["metadata"]["uid"] != first["metadata"]["uid"]
        ]
    )
    again = await running(machine)
    before, after = (pod["status"]["containerStatuses"][0] for pod in (first, again))
    assert after["containerID"] == before["containerID"]


async def test_a_changed_file_is_another_pod_of_the_same_name(machine, manifest):
    await manifest("sleep 600")
    first = await running(machine)
    await manifest("sleep 601")
    await machine.until(
        lambda: [
            pod
            for pod in machine.api.objects(PODS)
            if pod["spec"]["containers"][0]["command"][-1] == "sleep 601"
        ]
    )
    again = await running(machine)
    mark = "kubernetes.io/config.hash"
    assert again["metadata"]["annotations"][mark] != first["metadata"]["annotations"][mark]


async def test_the_end_of_the_file_is_the_end_of_the_pod(machine, manifest):
    await manifest("sleep 600")
    await running(machine)
    await manifest()
    await machine.gone(NAME)
    assert machine.kubelet.worker("default", NAME) is None


async def test_a_mirror_without_a_file_is_removed(machine, pod_of):
    pod = pod_of()
    pod["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "x"}
    await machine.run(pod)
    await machine.gone()


async def test_a_kubelet_that_comes_back_finds_its_static_pod(machine, manifest):
    await manifest("sleep 600")
    first = await running(machine)
    await machine.stop()
    machine.kubelet = machine.make_kubelet()
    machine.start()
    async with asyncio.timeout(20):
        while not machine.kubelet.worker("default", NAME):
            await asyncio.sleep(0)
    again = await running(machine)
    assert again["metadata"]["uid"] == first["metadata"]["uid"]
    before, after = (pod["status"]["containerStatuses"][0] for pod in (first, again))
    assert after["containerID"] == before["containerID"]
