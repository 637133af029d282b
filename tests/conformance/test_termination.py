"""Termination: the signal, the time of grace, the end; and what is seen of it meanwhile."""

from __future__ import annotations

import time

import pytest

pytestmark = pytest.mark.needs_nodes

POLITE = "trap 'echo bye; exit 0' TERM; echo up; while true; do sleep 0.1; done"
# A shell that ignores the signal, as a program that is process 1 and knows no signals does.
STUBBORN = "trap '' TERM; echo up; while true; do sleep 0.1; done"


@pytest.fixture
def started(pods, eventually):
    """Run a script and wait until it has said `up`: its trap is set then."""

    def call(script, grace, **options):
        pods.run(script, spec={"terminationGracePeriodSeconds": grace}, **options)
        pods.ready()
        eventually(lambda: "up" in pods.log())

    return call


@pytest.fixture
def last_state(pods, watch):
    """Delete the pod `p` and watch it go; gives the last that was seen of its status."""

    def call():
        status = pods.watch_go(watch)
        return status["phase"], status["containerStatuses"][0]["state"]["terminated"]

    return call


def test_a_deleted_pod_is_seen_until_its_containers_have_ended(pods, started, eventually, gone):
    started(STUBBORN, 30)
    pods.delete()
    leaving = pods.get()
    assert leaving.metadata.deletion_timestamp is not None
    assert leaving.metadata.deletion_grace_period_seconds == 30
    assert pods.container(lambda one: one.state.running)
    pods.delete(grace_period_seconds=1)
    eventually(lambda: gone(pods.get))


def test_a_program_is_asked_to_end_before_it_is_killed(pods, started, last_state):
    started(POLITE, 30)
    begin = time.monotonic()
    phase, ended = last_state()
    assert time.monotonic() - begin < 20
    # A pod reaches a last phase before it goes.
    assert (phase, ended["exitCode"], ended["reason"]) == ("Succeeded", 0, "Completed")
    assert pods.event("Killing").message == "Stopping container a"


def test_a_program_that_does_not_listen_is_killed_after_its_grace(started, last_state):
    started(STUBBORN, 1)
    phase, ended = last_state()
    assert (phase, ended["exitCode"], ended["reason"]) == ("Failed", 137, "Error")


def test_the_grace_can_be_made_shorter_and_not_longer(pods, started):
    started(STUBBORN, 60)
    pods.delete()
    pods.delete(grace_period_seconds=90)
    assert pods.get().metadata.deletion_grace_period_seconds == 60
    pods.delete(grace_period_seconds=5)
    assert pods.get().metadata.deletion_grace_period_seconds == 5
    pods.delete(grace_period_seconds=0)


def test_a_shorter_grace_comes_too_late_for_a_container_that_was_told_to_end(
    pods, started, eventually, gone
):
    started(f"trap 'echo told' TERM; {STUBBORN.partition(';')[2]}", 8)
    pods.delete()
    eventually(lambda: "told" in pods.log())
    told = time.monotonic()
    pods.delete(grace_period_seconds=1)
    eventually(lambda: gone(pods.get))
    assert time.monotonic() - told > 5


def test_a_pod_deleted_with_no_grace_is_gone_from_the_api_at_once(pods, started, gone):
    started(STUBBORN, 60)
    pods.delete(grace_period_seconds=0)
    assert gone(pods.get)


def test_a_hook_runs_before_the_signal(pods, last_state):
    hook = {"preStop": {"exec": {"command": ["sh", "-c", "echo hooked > /v/said"]}}}
    trap = "trap 'cat /v/said > /dev/termination-log; exit 0' TERM"
    script = f"{trap}; echo up; while true; do sleep 0.1; done"
    pods.run(
        script,
        spec={"terminationGracePeriodSeconds": 30, "volumes": [{"name": "v", "emptyDir": {}}]},
        volumeMounts=[{"name": "v", "mountPath": "/v"}],
        lifecycle=hook,
    )
    pods.ready()
    _, ended = last_state()
    assert ended["message"] == "hooked\n"


def test_a_finalizer_holds_a_pod_that_has_ended(core, pods, namespace, eventually, gone):
    pods.run("exit 0")
    pods.finished()
    core.patch_namespaced_pod("p", namespace, {"metadata": {"finalizers": ["example.com/hold"]}})
    pods.delete()
    assert pods.get().metadata.deletion_timestamp is not None
    core.patch_namespaced_pod("p", namespace, {"metadata": {"finalizers": None}})
    eventually(lambda: gone(pods.get))


def test_an_evicted_pod_is_given_its_grace_too(pods, started, send, namespace, eventually, gone):
    started(POLITE, 30)
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}
    send("POST", f"/api/v1/namespaces/{namespace}/pods/p/eviction", body=body).checked()
    eventually(lambda: gone(pods.get))
    assert pods.event("Killing").message == "Stopping container a"


def test_sidecars_end_after_the_others_the_last_one_first(pods):
    def polite(name, end=""):
        script = (
            f"trap 'echo {name} >> /v/order; {end} exit 0' TERM; while true; do sleep 0.1; done"
        )
        container = {"name": name, "image": "busybox:1.37", "command": ["sh", "-c", script]}
        return {**container, "volumeMounts": [{"name": "v", "mountPath": "/v"}]}

    sidecars = [polite("one", "cat /v/order;"), polite("two")]
    spec = {
        # A pod that is over, and not deleted, keeps its logs.
        "activeDeadlineSeconds": 4,
        "terminationGracePeriodSeconds": 30,
        "initContainers": [{**each, "restartPolicy": "Always"} for each in sidecars],
        "containers": [polite("main")],
        "volumes": [{"name": "v", "emptyDir": {}}],
    }
    pods.run(spec=spec)
    assert pods.finished().status.reason == "DeadlineExceeded"
    assert pods.log(container="one") == "main\ntwo\none\n"
