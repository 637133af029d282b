"""What to do next for a pod."""

import dataclasses

import pytest

from kubelearn.embedded.kubelet.containerspec import spec_hash
from kubelearn.embedded.kubelet.containerstatus import Seen
from kubelearn.embedded.kubelet.names import CONTAINER_KINDS
from kubelearn.embedded.kubelet.podactions import pod_actions


@pytest.fixture
def todo():
    """What would be done: names to start, (name, message) to kill, and whether it is over."""

    def call(pod, *runs, old=(), failed=None, started=True):
        containers = [each for kind in CONTAINER_KINDS for each in pod["spec"].get(kind, [])]
        hashes = {each["name"]: spec_hash(each) for each in containers}
        by_name = {}
        for run in runs:
            marks = {"io.kubernetes.container.hash": hashes[run.config.name]}
            run.config = dataclasses.replace(run.config, annotations=marks)
            by_name.setdefault(run.config.name, []).append(run)
        actions = pod_actions(
            pod,
            seen=Seen(runs=by_name, started=lambda name: started),
            old={status["name"]: status for status in old},
            failed_probe=lambda name: (failed or {}).get(name, ""),
        )
        kills = [(each.run.config.name, each.message) for each in actions.kill]
        return [each["name"] for each in actions.start], kills, actions.over

    return call


@pytest.fixture
def with_inits(pod_of):
    def make(*names, **spec):
        pod = pod_of(**spec)
        pod["spec"]["initContainers"] = [
            {
                "name": name,
                "image": "i",
                **({"restartPolicy": "Always"} if name.startswith("side") else {}),
            }
            for name in names
        ]
        return pod

    return make


def test_all_containers_of_a_new_pod_are_started(pod_of, todo):
    pod = pod_of()
    pod["spec"]["containers"].append({"name": "second", "image": "i"})
    assert todo(pod) == (["app", "second"], [], False)


def test_nothing_is_done_while_all_is_well(pod_of, todo, run_of):
    assert todo(pod_of(), run_of()) == ([], [], False)


@pytest.mark.parametrize(
    ("policy", "code", "starts", "over"),
    [
        ("Always", 0, ["app"], False),
        ("OnFailure", 1, ["app"], False),
        ("OnFailure", 0, [], True),
        ("Never", 1, [], True),
    ],
)
def test_what_has_ended_is_started_as_the_policy_says(
    pod_of, todo, run_of, policy, code, starts, over
):
    assert todo(pod_of(restartPolicy=policy), run_of(code=code)) == (starts, [], over)


@pytest.mark.parametrize(("hash_of", "probe"), [(spec_hash, "startup"), (lambda _: "old", "")])
def test_the_probe_because_of_which_a_container_is_killed_is_known(pod_of, run_of, hash_of, probe):
    pod, run = pod_of(), run_of()
    marks = {"io.kubernetes.container.hash": hash_of(pod["spec"]["containers"][0])}
    run.config = dataclasses.replace(run.config, annotations=marks)
    seen = Seen(runs={"app": [run]})
    actions = pod_actions(pod, seen=seen, old={}, failed_probe=lambda name: "startup")
    assert actions.kill[0].probe == probe


def test_a_container_that_fails_its_probe_is_killed(pod_of, todo, run_of):
    kills = [("app", "Container app failed liveness probe, will be restarted")]
    assert todo(pod_of(), run_of(), failed={"app": "liveness"}) == ([], kills, False)
    _, [(_, message)], _ = todo(pod_of(restartPolicy="Never"), run_of(), failed={"app": "startup"})
    assert message == "Container app failed startup probe"


def test_a_container_with_another_image_is_replaced(pod_of, todo, run_of):
    run, pod = run_of(), pod_of()
    todo(pod, run)
    pod["spec"]["containers"][0]["image"] = "kubelearn/hello:2.0"
    marked = run.config.annotations
    actions = pod_actions(pod, seen=Seen(runs={"app": [run]}), old={}, failed_probe=lambda _: "")
    assert run.config.annotations == marked
    [kill] = actions.kill
    assert kill.message == "Container app definition changed, will be restarted"


def test_a_container_that_was_lost_is_not_run_twice_if_it_may_not(pod_of, todo):
    running = {"name": "app", "state": {"running": {}}, "lastState": {}}
    assert todo(pod_of(restartPolicy="Never"), old=[running]) == ([], [], True)
    assert todo(pod_of(), old=[running]) == (["app"], [], False)


def test_init_containers_come_one_after_the_other(with_inits, todo, run_of):
    pod = with_inits("first", "second")
    done = run_of("first", code=0)
    assert todo(pod) == (["first"], [], False)
    assert todo(pod, run_of("first")) == ([], [], False)
    assert todo(pod, done) == (["second"], [], False)
    assert todo(pod, done, run_of("second", code=0)) == (["app"], [], False)


def test_a_failed_init_container_is_repeated_or_ends_the_pod(with_inits, todo, run_of):
    failed = run_of("first", code=1)
    assert todo(with_inits("first"), failed) == (["first"], [], False)
    assert todo(with_inits("first", restartPolicy="Never"), failed) == ([], [], True)


def test_init_containers_are_not_repeated_once_the_others_run(with_inits, todo, run_of):
    assert todo(with_inits("first"), run_of(code=1)) == (["app"], [], False)


def test_a_sidecar_has_to_have_started_before_the_others(with_inits, todo, run_of):
    pod = with_inits("side")
    assert todo(pod) == (["side"], [], False)
    assert todo(pod, run_of("side"), started=False) == ([], [], False)
    assert todo(pod, run_of("side")) == (["app"], [], False)


def test_a_sidecar_is_started_again_beside_the_others(with_inits, todo, run_of):
    pod = with_inits("side", restartPolicy="Never")
    assert todo(pod, run_of("side", code=1), run_of()) == (["side"], [], False)


def test_a_sidecar_does_not_keep_a_pod_alive(with_inits, todo, run_of):
    pod = with_inits("side", restartPolicy="Never")
    assert todo(pod, run_of("side"), run_of(code=0)) == ([], [], True)
    assert todo(pod, run_of("side", code=1), run_of(code=0)) == ([], [], True)


def test_a_pod_that_is_being_deleted_starts_nothing(pod_of, todo):
    pod = pod_of()
    pod["metadata"]["deletionTimestamp"] = "2026-01-01T12:00:00Z"
    assert todo(pod) == ([], [], True)


# --- debug containers, and policies of containers ------------------------------------------------


def test_a_debug_container_is_started_once_and_beside_all_others(pod_of, todo, run_of):
    pod = pod_of(ephemeralContainers=[{"name": "debug", "image": "i"}])
    assert todo(pod, run_of()) == (["debug"], [], False)
    assert todo(pod, run_of(), run_of("debug", code=1)) == ([], [], False)


def test_a_debug_container_does_not_wait_for_init_containers(with_inits, todo, run_of):
    pod = with_inits("one", ephemeralContainers=[{"name": "debug", "image": "i"}])
    assert todo(pod, run_of("one")) == (["debug"], [], False)


def test_a_debug_container_does_not_keep_its_pod_alive(pod_of, todo, run_of):
    pod = pod_of(restartPolicy="Never", ephemeralContainers=[{"name": "debug", "image": "i"}])
    assert todo(pod, run_of(code=0), run_of("debug")) == ([], [], True)


@pytest.mark.parametrize(("code", "starts"), [(42, ["app"]), (1, [])])
def test_a_container_is_started_again_by_its_own_rules(pod_of, todo, run_of, code, starts):
    rules = [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]
    container = {"restartPolicy": "Never", "restartPolicyRules": rules}
    assert todo(pod_of(container=container), run_of(code=code)) == (starts, [], not starts)


def test_the_own_policy_decides_after_a_failed_probe(pod_of, todo, run_of):
    kills = [("app", "Container app failed liveness probe")]
    pod = pod_of(container={"restartPolicy": "Never"})
    assert todo(pod, run_of(), failed={"app": "liveness"}) == ([], kills, False)


@pytest.mark.parametrize(("own", "starts"), [("OnFailure", ["one"]), (None, [])])
def test_an_init_container_has_a_policy_of_its_own(with_inits, todo, run_of, own, starts):
    pod = with_inits("one", restartPolicy="Never")
    if own:
        pod["spec"]["initContainers"][0]["restartPolicy"] = own
    assert todo(pod, run_of("one", code=1)) == (starts, [], not starts)
