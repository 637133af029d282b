"""What a pod's containers have been given, and what they get."""

import json
from types import SimpleNamespace

import pytest

from kubelearn.containers.runtime import ContainerStats
from kubelearn.embedded.kubelet.allocation import Allocation
from kubelearn.embedded.kubelet.podstatus import Eviction


class Kube:
    """Takes note of what is done to containers, and of what is told."""

    def __init__(self):
        self.runtime, self.recorder = self, self
        self.limits, self.told, self.used = [], [], {}

    async def container_stats(self):
        return {name: ContainerStats(0, used) for name, used in self.used.items()}

    async def update_container_resources(self, container_id, resources):
        self.limits.append((container_id, resources.memory_limit))

    def event(self, pod, kind, reason, message):
        self.told.append((kind, reason, message))


@pytest.fixture
def node():
    """A node whose lack of room can be set."""
    return SimpleNamespace(kube=Kube(), refusal=None)


@pytest.fixture
def wanting(pod_of):
    def make(memory, **container):
        resources = {"requests": {"memory": memory}, "limits": {"memory": memory}}
        return pod_of(container={"resources": resources, **container})

    return make


@pytest.fixture
async def allocation(node, wanting, run_of):
    """Of a pod that runs with 64Mi, and whose container may be restarted for processors only."""
    policy = [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]
    made = Allocation(
        wanting("64Mi", resizePolicy=policy), kube=node.kube, fits=lambda pod: node.refusal
    )
    await made.settle([run_of()])
    return made


def memory_of(pod):
    return pod["spec"]["containers"][0]["resources"]["limits"]["memory"]


async def test_what_fits_is_given_and_reaches_the_running_container(
    allocation, node, wanting, run_of
):
    assert memory_of(allocation.update(wanting("128Mi"))) == "64Mi"
    assert not allocation.allocate()
    assert memory_of(allocation.pod()) == "128Mi"
    assert await allocation.settle([run_of()]) == []
    assert node.kube.limits == [("app-0", 2**27)]
    assert [reason for _, reason, _ in node.kube.told] == ["ResizeStarted", "ResizeCompleted"]


async def test_what_does_not_fit_waits_and_is_told_once(allocation, node, wanting, run_of):
    node.refusal = Eviction("OutOfmemory", "Node didn't have enough resource: memory")
    allocation.update(wanting("128Mi"))
    assert allocation.allocate()
    assert allocation.allocate()
    assert (allocation.pending, memory_of(allocation.pod())) == (node.refusal.message, "64Mi")
    assert await allocation.settle([run_of()]) == []
    assert node.kube.limits == []
    ((kind, reason, message),) = node.kube.told
    assert (kind, reason) == ("Warning", "ResizeDeferred")
    words, _, summary = message.partition(": ")
    assert words == "Pod resize OutOfmemory"
    assert json.loads(summary)["error"] == node.refusal.message
    node.refusal = None
    assert not allocation.allocate()
    assert (allocation.pending, memory_of(allocation.pod())) == ("", "128Mi")


async def test_the_policy_decides_about_a_restart(allocation, node, wanting, run_of):
    policy = [{"resourceName": "memory", "restartPolicy": "RestartContainer"}]
    allocation.update(wanting("128Mi", resizePolicy=policy))
    allocation.allocate()
    (kill,) = await allocation.settle([run_of()])
    assert kill.message == "Container app resize requires restart"
    assert node.kube.limits == []
    assert await allocation.settle([]) == []
    assert await allocation.settle([run_of(attempt=1)]) == []
    assert [reason for _, reason, _ in node.kube.told] == ["ResizeStarted", "ResizeCompleted"]


async def test_a_kubelet_that_comes_back_knows_what_was_given(node, wanting):
    pod = wanting("128Mi")
    given = {"limits": {"memory": "64Mi"}, "requests": {"memory": "64Mi"}}
    pod["status"]["containerStatuses"] = [{"name": "app", "resources": given}]
    node.refusal = Eviction("OutOfmemory", "no")
    allocation = Allocation(pod, kube=node.kube, fits=lambda pod: node.refusal)
    assert allocation.allocate()
    assert memory_of(allocation.pod()) == "64Mi"


async def test_a_limit_below_what_is_used_is_refused_until_less_is_used(
    allocation, node, wanting, run_of
):
    node.kube.used["app-0"] = 40 << 20
    allocation.update(wanting("32Mi"))
    allocation.allocate()
    for _ in range(2):
        assert await allocation.settle([run_of()]) == []
    assert node.kube.limits == []
    assert [reason for _, reason, _ in node.kube.told] == ["ResizeStarted", "ResizeError"]
    words = 'cannot decrease memory limits: attempting to set container "app" memory limit'
    assert (
        f"{words} (33554432) below current usage (41943040)"
        in json.loads(node.kube.told[-1][2].partition(": ")[2])["error"]
    )
    node.kube.used["app-0"] = 20 << 20
    await allocation.settle([run_of()])
    assert node.kube.limits == [("app-0", 32 << 20)]
    assert node.kube.told[-1][1] == "ResizeCompleted"
