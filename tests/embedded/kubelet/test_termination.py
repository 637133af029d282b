"""How pods end: asked, told, killed, and removed."""

from kubelearn.objects import PODS
from tests.embedded.kubelet.conftest import POLITE


async def test_a_deleted_pod_is_removed_when_it_has_ended(machine, pod_of):
    await machine.run(pod_of(POLITE))
    await machine.phase("Running")
    await machine.log_has("up")
    log = machine.kubelet.worker("default", "p").view.runs("app")[-1].config.log_path
    await machine.delete(grace=30)
    await machine.gone()
    assert ("Killing", "Stopping container app") in await machine.events()
    await machine.settled()
    assert not log.exists()
    assert machine.runtime.list_pod_sandboxes() == []


async def test_a_pod_has_a_terminal_phase_before_it_is_removed(machine, pod_of):
    await machine.run(_kept(pod_of(POLITE)))
    await machine.phase("Running")
    await machine.log_has("up")
    await machine.delete(grace=30)
    await machine.phase("Succeeded")
    assert machine.container()["state"]["terminated"]["exitCode"] == 0


async def test_a_container_that_does_not_listen_is_killed_after_its_grace(machine, pod_of, clock):
    await machine.run(_kept(pod_of()))
    await machine.phase("Running")
    await machine.delete(grace=30)
    await clock.advance(29)
    assert "running" in machine.container()["state"]
    await clock.advance(1)
    await machine.phase("Failed")
    assert machine.container()["state"]["terminated"]["exitCode"] == 137


def _kept(pod):
    """The pod with a finalizer: it can be looked at when the kubelet has removed it."""
    pod["metadata"]["finalizers"] = ["example.com/keep"]
    return pod


async def test_a_grace_that_is_made_shorter_comes_too_late_once_the_signal_is_sent(
    machine, pod_of, clock
):
    await machine.run(pod_of())
    await machine.phase("Running")
    await machine.delete(grace=60)
    await clock.advance(5)
    await machine.delete(grace=10)
    await clock.advance(54)
    assert "running" in machine.container()["state"]
    await clock.advance(1)
    await machine.gone()


async def test_a_pod_that_was_removed_by_force_is_ended_all_the_same(machine, pod_of, clock, api):
    await machine.run(pod_of())
    await machine.phase("Running")
    pod = machine.pod()
    pod["metadata"]["deletionGracePeriodSeconds"] = 0
    await api.remove(PODS, pod)
    await clock.advance(2)
    await machine.settled()
    assert machine.runtime.list_pod_sandboxes() == []


async def test_sidecars_end_last(machine, pod_of):
    pod = pod_of("echo main")
    side = {"name": "side", "image": "pause", "restartPolicy": "Always"}
    pod["spec"] |= {"initContainers": [side], "restartPolicy": "Never"}
    side["command"] = ["sh", "-c", POLITE]
    pod["spec"]["terminationGracePeriodSeconds"] = 0
    await machine.run(pod)
    await machine.until(lambda: "terminated" in machine.container()["state"])
    await machine.clock.advance(2)
    await machine.phase("Succeeded")
    assert ("Killing", "Stopping container side") in await machine.events()


async def test_a_finished_pod_stays_until_it_is_deleted(machine, pod_of):
    await machine.run(pod_of("echo done", restartPolicy="Never"))
    await machine.phase("Succeeded")
    assert machine.log() == "done"
    await machine.delete(grace=30)
    await machine.gone()
