"""A kubelet with real processes: pods come, run, fail and go."""

from kubelearn.objects import PODS, SERVICES, is_ready
from tests.embedded.kubelet.conftest import POLITE

# --- life ------------------------------------------------------------------------------------


async def test_a_pod_runs(machine, pod_of):
    await machine.run(pod_of())
    status = await machine.phase("Running")
    assert status["podIP"].startswith("127.")
    assert is_ready(machine.pod())
    assert await machine.events() == [
        ("Pulled", 'Container image "kubelearn/hello:1.0" already present on machine and can be '
                   "accessed by the pod"),
        ("Created", "Container created"),
        ("Started", "Container started"),
    ]  # fmt: skip


async def test_a_pod_that_is_done_has_succeeded(machine, pod_of):
    await machine.run(pod_of("echo done", restartPolicy="Never"))
    await machine.phase("Succeeded")
    assert machine.container()["state"]["terminated"]["reason"] == "Completed"
    assert machine.log() == "done"


async def test_last_words_are_told(machine, pod_of):
    script = "echo dying > /dev/termination-log; exit 42"
    await machine.run(pod_of(script, restartPolicy="Never"))
    await machine.phase("Failed")
    ended = machine.container()["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"], ended["message"]) == (42, "Error", "dying\n")


async def test_the_end_of_the_log_can_be_the_last_words(machine, pod_of):
    fallback = {"terminationMessagePolicy": "FallbackToLogsOnError"}
    await machine.run(pod_of("echo oh; exit 1", container=fallback, restartPolicy="Never"))
    await machine.phase("Failed")
    assert machine.container()["state"]["terminated"]["message"] == "oh\n"


async def test_a_program_that_is_not_there_cannot_start(machine, pod_of):
    pod = pod_of(container={"command": ["no-such-program"]}, restartPolicy="Never")
    await machine.run(pod)
    await machine.phase("Failed")
    ended = machine.container()["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (128, "StartError")
    assert "executable file not found in $PATH" in ended["message"]
    assert [reason for reason, _ in await machine.events()] == ["Pulled", "Created", "Failed"]


async def test_commands_arguments_and_variables_are_expanded(machine, pod_of):
    env = [{"name": "WHO", "value": "you"}]
    command = {"command": ["echo"], "args": ["hello $(WHO)", "$$(WHO)", "$(NOBODY)"], "env": env}
    await machine.run(pod_of(container=command, restartPolicy="Never"))
    await machine.phase("Succeeded")
    assert machine.log() == "hello you $(WHO) $(NOBODY)"


async def test_containers_know_the_services_that_were_there_before(machine, pod_of, api):
    meta = {"name": "db", "namespace": "default"}
    spec = {"clusterIP": "127.64.128.9", "ports": [{"port": 5432}]}
    await api.create(SERVICES, {"metadata": meta, "spec": spec})
    await machine.run(pod_of("echo $DB_SERVICE_HOST:$DB_SERVICE_PORT", restartPolicy="Never"))
    await machine.phase("Succeeded")
    assert machine.log() == "127.64.128.9:5432"


async def test_containers_share_volumes(machine, pod_of):
    pod = pod_of("cat /data/note", restartPolicy="Never")
    mounts = [{"name": "shared", "mountPath": "/data"}]
    pod["spec"]["volumes"] = [{"name": "shared", "emptyDir": {}}]
    pod["spec"]["containers"][0]["volumeMounts"] = mounts
    writer = {"name": "w", "command": ["sh", "-c", "echo left > /data/note"]}
    pod["spec"]["initContainers"] = [{"image": "pause", "volumeMounts": mounts, **writer}]
    await machine.run(pod)
    await machine.phase("Succeeded")
    assert machine.log() == "left"


async def test_a_stand_in_is_told(machine, pod_of):
    await machine.run(pod_of(container={"image": "nginx"}))
    await machine.phase("Running")
    told = dict(await machine.events())["StandIn"]
    assert told == (
        'Image "docker.io/library/nginx:latest" is not here: a small web server in Python, '
        "which serves /usr/share/nginx/html runs in its place"
    )


# --- restarts --------------------------------------------------------------------------------


async def test_a_container_that_crashes_is_started_again_at_first_at_once(machine, pod_of):
    once = "if [ -e /seen/x ]; then sleep 600; else touch /seen/x; exit 1; fi"
    pod = pod_of(once)
    pod["spec"]["volumes"] = [{"name": "seen", "emptyDir": {}}]
    pod["spec"]["containers"][0]["volumeMounts"] = [{"name": "seen", "mountPath": "/seen"}]
    await machine.run(pod)
    status = await machine.runs(restarts=1)
    assert status["lastState"]["terminated"]["exitCode"] == 1


async def test_then_it_waits_longer_and_longer(machine, pod_of, clock):
    await machine.run(pod_of("exit 1"))
    for attempt, seconds in enumerate(("10s", "20s", "40s", "1m20s"), 1):
        await machine.until(
            lambda attempt=attempt: (
                machine.container().get("restartCount") == attempt
                and "waiting" in machine.container()["state"]
            )
        )
        waiting = machine.container()["state"]["waiting"]
        assert waiting == {
            "reason": "CrashLoopBackOff",
            "message": f"back-off {seconds} restarting failed container=app "
            "pod=p_default(uid-of-p)",
        }
        assert machine.status()["phase"] == "Running"
        await clock.advance(10 * 2 ** (attempt - 1))
    assert ("BackOff", "Back-off restarting failed container app in pod p_default(uid-of-p)") in (
        await machine.events()
    )


async def test_only_the_last_two_runs_are_kept(machine, pod_of, clock):
    await machine.run(pod_of("exit 1"))
    for seconds in (10, 20):
        await machine.waits_for("CrashLoopBackOff")
        attempt = machine.container()["restartCount"]
        await clock.advance(seconds)
        await machine.until(
            lambda before=attempt: (
                machine.container()["restartCount"] == before + 1
                and "waiting" in machine.container()["state"]
            )
        )
    runs = machine.kubelet.worker("default", "p").view.runs("app")
    assert [run.config.attempt for run in runs] == [2, 3]
    assert [path.name for path in sorted(runs[0].config.log_path.parent.iterdir())] == [
        "2.log", "3.log",
    ]  # fmt: skip


async def test_a_new_image_replaces_the_container(machine, pod_of, api):
    await machine.run(pod_of(POLITE, terminationGracePeriodSeconds=5))
    await machine.phase("Running")
    await machine.log_has("up")
    pod = machine.pod()
    pod["spec"]["containers"][0]["image"] = "kubelearn/hello:2.0"
    await api.update(PODS, pod)
    status = await machine.runs(restarts=1)
    assert status["image"] == "docker.io/kubelearn/hello:2.0"
    assert ("Killing", "Container app definition changed, will be restarted") in (
        await machine.events()
    )


async def test_a_pod_that_takes_too_long_is_ended(machine, pod_of, clock):
    await machine.run(pod_of(activeDeadlineSeconds=60, terminationGracePeriodSeconds=2))
    await machine.phase("Running")
    await clock.advance(60)
    await clock.advance(2)
    status = await machine.phase("Failed")
    assert status["reason"] == "DeadlineExceeded"
    assert machine.container()["state"]["terminated"]["exitCode"] == 137


# --- hooks and probes ------------------------------------------------------------------------


async def test_a_hook_runs_before_the_container_is_told_to_end(machine, pod_of):
    pod = pod_of(POLITE, terminationGracePeriodSeconds=30)
    hook = {"exec": {"command": ["sh", "-c", "echo hook > /data/hook"]}}
    pod["spec"]["containers"][0] |= {
        "lifecycle": {"preStop": hook},
        "volumeMounts": [{"name": "v", "mountPath": "/data"}],
    }
    pod["spec"]["volumes"] = [{"name": "v", "hostPath": {"path": "/data"}}]
    await machine.run(pod)
    await machine.phase("Running")
    await machine.log_has("up")
    await machine.delete(grace=30)
    await machine.gone()
    assert (machine.config.folder / "disk/data/hook").read_text() == "hook\n"


async def test_a_container_whose_start_hook_fails_is_killed(machine, pod_of, clock):
    hook = {"exec": {"command": ["false"]}}
    pod = pod_of(container={"lifecycle": {"postStart": hook}}, terminationGracePeriodSeconds=1)
    await machine.run(pod)
    await machine.until(lambda: machine.container()["state"])
    while machine.container()["restartCount"] == 0:
        await clock.advance(0.5)
    events = await machine.events()
    assert ("FailedPostStartHook", "PostStartHook failed") in events
    assert ("Killing", "FailedPostStartHook") in events


async def test_a_pod_is_ready_when_its_probe_says_so(machine, pod_of, clock):
    probe = {"exec": {"command": ["test", "-e", "/data/ready"]}, "periodSeconds": 1}
    pod = pod_of(container={"readinessProbe": probe})
    pod["spec"]["volumes"] = [{"name": "v", "hostPath": {"path": "/data"}}]
    pod["spec"]["containers"][0]["volumeMounts"] = [{"name": "v", "mountPath": "/data"}]
    await machine.run(pod)
    await machine.phase("Running")
    assert not is_ready(machine.pod())
    (machine.config.folder / "disk/data/ready").touch()
    while not is_ready(machine.pod()):
        await clock.advance(0.5)
    assert machine.container()["ready"]


async def test_a_container_that_fails_its_liveness_probe_is_restarted(machine, pod_of, clock):
    probe = {"exec": {"command": ["sh", "-c", "echo no; exit 1"]}, "periodSeconds": 1}
    pod = pod_of(
        container={"livenessProbe": {**probe, "failureThreshold": 1}},
        terminationGracePeriodSeconds=1,
    )
    await machine.run(pod)
    await machine.phase("Running")
    while machine.container()["restartCount"] == 0:
        await clock.advance(0.5)
    events = await machine.events()
    assert ("Unhealthy", "Liveness probe failed: no\n") in events
    assert ("Killing", "Container app failed liveness probe, will be restarted") in events


# --- the kubelet stops and starts ------------------------------------------------------------


async def test_containers_go_on_without_their_kubelet(machine, pod_of, clock):
    await machine.run(pod_of())
    before = await machine.runs()
    await machine.stop()
    machine.kubelet = machine.make_kubelet()
    machine.start()
    while not machine.kubelet.worker("default", "p"):
        await clock.advance(0)
    after = machine.container()
    assert (after["containerID"], after["restartCount"]) == (before["containerID"], 0)


async def test_a_kubelet_can_run_again(machine, pod_of):
    await machine.stop()
    machine.start()
    await machine.run(pod_of())
    await machine.runs()


async def test_what_happened_meanwhile_is_made_up_for(machine, pod_of, api):
    await machine.run(pod_of())
    await machine.runs()
    await machine.stop()
    await api.remove(PODS, machine.pod())
    await machine.run({**pod_of("sleep 600"), "metadata": {"name": "q", "namespace": "default"}})
    machine.start()
    await machine.phase("Running", "q")
    [sandbox] = machine.runtime.list_pod_sandboxes()
    assert sandbox.config.name == "q"
    assert not list(machine.config.folder.glob("*/*uid-of-p*"))


async def test_a_restart_of_the_machine_restarts_the_containers(machine, pod_of, clock):
    await machine.run(pod_of())
    await machine.runs()
    await machine.stop()
    await machine.runtime.shut_down()
    await clock.advance(1)
    machine.kubelet = machine.make_kubelet()
    machine.start()
    status = await machine.runs(restarts=1)
    assert status["lastState"]["terminated"]["reason"] == "ContainerStatusUnknown"
    assert "SandboxChanged" in dict(await machine.events())
