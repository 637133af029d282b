"""Isolation: what a container has for itself, and what it is kept from."""

from __future__ import annotations

import os

import pytest

pytestmark = pytest.mark.needs_nodes


def test_each_container_has_a_folder_for_temporary_files_of_its_own(pods):
    containers = [
        {"name": name, "image": "busybox:1.37", "command": ["sh", "-c", script]}
        for name, script in (
            ("a", "echo mine > /tmp/note; sleep 1; cat /tmp/note"),
            ("b", "sleep 0.5; ls /tmp"),
        )
    ]
    pods.run(spec={"containers": containers})
    pods.finished()
    assert pods.log(container="a") == "mine\n"
    assert pods.log(container="b") == ""


def test_what_a_container_writes_is_gone_after_its_restart(pods):
    script = "ls /tmp/seen && sleep 3600; touch /tmp/seen; echo fresh; exit 1"
    pods.run(script, spec={"restartPolicy": "Always"})
    pods.waiting("CrashLoopBackOff")
    assert pods.get().status.container_statuses[0].restart_count == 1
    assert "fresh" in pods.log()


def test_pods_may_use_the_same_port(pods):
    code = "import http.server as h; h.HTTPServer(('', 8080), h.BaseHTTPRequestHandler)"
    script = f"{code}; print('bound', flush=True); import time; time.sleep(3600)"
    for name in ("a", "b", "c"):
        pods.python(script, name=name)
    for name in ("a", "b", "c"):
        pods.ready(name)
        assert not pods.get(name).status.container_statuses[0].restart_count
    assert len({pods.get(name).status.pod_ip for name in ("a", "b", "c")}) == 3


@pytest.mark.gap("own-files", runtime="process")
def test_a_container_has_a_root_folder_of_its_own(pods):
    here = os.stat("/")
    assert pods.output("stat -c %d:%i /") != f"{here.st_dev}:{here.st_ino}\n"


@pytest.mark.gap("own-processes", runtime="process")
def test_the_program_of_a_container_is_process_1(pods):
    # The kubelet makes one `$` of two, the shell a number of `$$`.
    assert pods.output("echo $$$$") == "1\n"


@pytest.mark.gap("own-processes", runtime="process")
def test_a_container_sees_its_own_processes_only(pods):
    assert pods.output("set -- /proc/[0-9]*; echo $#") == "1\n"


def test_process_1_ignores_a_signal_that_it_does_not_handle(pods, watch):
    pods.run(command=["sleep", "3600"])
    pods.ready()
    [status] = pods.watch_go(watch)["containerStatuses"]
    assert status["state"]["terminated"]["exitCode"] == 137


def test_a_container_that_takes_too_much_memory_is_killed(pods):
    # A bounded amount: where nothing enforces the limit, this must not fill the machine.
    code = "import time; memory = b'x' * (96 << 20); time.sleep(3600)"
    limits = {"limits": {"memory": "32Mi"}}
    pods.python(code, resources=limits)
    ended = pods.finished().status.container_statuses[0].state.terminated
    assert (ended.reason, ended.exit_code) == ("OOMKilled", 137)


@pytest.mark.gap("limits", runtime="process", takes_root=True)
@pytest.mark.parametrize("user", [0, 12345])
def test_a_container_knows_its_limit_of_memory(pods, user):
    script = "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null"
    limits = {"limits": {"memory": "32Mi"}}
    context = {"runAsUser": user}
    told = pods.output(f"{script}; true", resources=limits, securityContext=context)
    assert str(32 << 20) in told.split()


@pytest.mark.gap("users", runtime="process")
def test_a_container_runs_as_the_user_that_it_names(pods):
    user = {"runAsUser": 12345}
    assert pods.output("id -u", securityContext=user) == "12345\n"


@pytest.mark.gap("read-only-mounts", runtime="process")
def test_a_read_only_volume_cannot_be_written(pods):
    mount = {"name": "v", "mountPath": "/v", "readOnly": True}
    spec = {"volumes": [{"name": "v", "emptyDir": {}}]}
    script = "touch /v/x 2>/dev/null && echo written || echo refused"
    assert pods.output(script, spec=spec, volumeMounts=[mount]) == "refused\n"


@pytest.mark.gap("read-only-mounts", runtime="process")
def test_a_config_map_cannot_be_written(pods, core, namespace):
    core.create_namespaced_config_map(namespace, {"metadata": {"name": "c"}, "data": {"k": "v"}})
    spec = {"volumes": [{"name": "v", "configMap": {"name": "c"}}]}
    script = "cat /v/k; touch /v/x 2>/dev/null && echo written || echo refused"
    mount = {"name": "v", "mountPath": "/v"}
    assert pods.output(script, spec=spec, volumeMounts=[mount]) == "vrefused\n"


@pytest.mark.gap("memory-volumes", runtime="process")
def test_a_volume_in_memory_is_one(pods):
    spec = {"volumes": [{"name": "v", "emptyDir": {"medium": "Memory", "sizeLimit": "2Mi"}}]}
    script = (
        "grep -q ' /v tmpfs ' /proc/mounts && echo memory;"
        "head -c 3000000 /dev/zero > /v/x 2>/dev/null || echo full"
    )
    mount = {"name": "v", "mountPath": "/v"}
    assert pods.output(script, spec=spec, volumeMounts=[mount]) == "memory\nfull\n"


def test_the_host_is_named_after_the_pod(pods):
    assert pods.output("hostname") == "p\n"


@pytest.mark.gap("host-name", runtime="process", closed_for_root=True)
def test_the_system_calls_the_host_so_too(pods):
    assert pods.output("cat /proc/sys/kernel/hostname") == "p\n"
