"""Security contexts: who a container is, what it may do, and what it sees of others."""

from __future__ import annotations

import re

import pytest
from kubernetes import client

pytestmark = pytest.mark.needs_nodes

needs_users = pytest.mark.gap("users", runtime="process")
# What plain processes may do is what the user of this machine may.
depends_on_user = pytest.mark.gap("users", runtime="process", depends=True)
needs_many_users = pytest.mark.gap("users", runtime="process", takes_root=True)


def shell(name, script, **container):
    return {
        "name": name,
        "image": "busybox:1.37",
        "command": ["sh", "-c", script],
        **container,
    }


@needs_users
def test_a_container_counts_more_than_its_pod(pods):
    spec = {"securityContext": {"runAsUser": 1000, "runAsGroup": 3000}}
    own = {"runAsUser": 2000}
    assert pods.output("id -u; id -g", spec=spec, securityContext=own) == "2000\n3000\n"


@needs_many_users
def test_further_groups_are_the_users_too(pods):
    context = {"runAsUser": 1000, "supplementalGroups": [4000], "fsGroup": 2000}
    groups = pods.output("id -G", spec={"securityContext": context}).split()
    assert {"0", "2000", "4000"} <= {*groups}


@needs_users
@pytest.mark.skipif(
    not hasattr(client, "V1ContainerUser"),
    reason="this version of the client does not read the user of a status yet",
)
def test_the_status_tells_the_user(pods):
    pods.run(securityContext={"runAsUser": 1000, "runAsGroup": 3000})
    pods.ready()
    user = pods.get().status.container_statuses[0].user.linux
    assert (user.uid, user.gid) == (1000, 3000)


@needs_many_users
def test_a_user_who_is_not_root_cannot_write_what_is_roots(pods):
    script = "test -w /etc || test -w /bin || echo refused"
    assert pods.output(script, securityContext={"runAsUser": 1000}) == "refused\n"


@needs_many_users
def test_the_group_of_the_volumes_owns_them(pods):
    spec = {
        "securityContext": {"runAsUser": 1000, "fsGroup": 2000},
        "volumes": [{"name": "v", "emptyDir": {}}],
    }
    script = "stat -c %g:%a /v; touch /v/x; stat -c %g /v/x"
    mount = {"name": "v", "mountPath": "/v"}
    assert pods.output(script, spec=spec, volumeMounts=[mount]) == "2000:2777\n2000\n"


@needs_users
def test_any_user_can_write_into_an_empty_volume(pods):
    spec = {"volumes": [{"name": "v", "emptyDir": {}}]}
    printed = pods.output(
        "touch /v/x && stat -c %u /v/x",
        spec=spec,
        volumeMounts=[{"name": "v", "mountPath": "/v"}],
        securityContext={"runAsUser": 1000},
    )
    assert printed == "1000\n"


def test_a_user_can_read_the_token_of_its_account(pods):
    folder = "/var/run/secrets/kubernetes.io/serviceaccount"
    printed = pods.output(
        f"cat {folder}/namespace > /dev/null && test -s {folder}/token && echo read",
        securityContext={"runAsUser": 1000},
    )
    assert printed == "read\n"


@needs_users
def test_a_read_only_root_can_be_written_in_volumes_alone(pods):
    # /tmp is private even where containers are plain processes: no test may write to the machine.
    script = "touch /tmp/x 2>/dev/null || echo refused; touch /v/x && echo written"
    printed = pods.output(
        script,
        spec={"volumes": [{"name": "v", "emptyDir": {}}]},
        volumeMounts=[{"name": "v", "mountPath": "/v"}],
        securityContext={"readOnlyRootFilesystem": True},
    )
    assert printed == "refused\nwritten\n"


def capabilities(pods, name="p", **context):
    text = pods.output("grep CapEff /proc/self/status", name=name, securityContext=context)
    return int(text.split()[1], 16)


CHOWN, NET_ADMIN, SYS_TIME = 1 << 0, 1 << 12, 1 << 25


@needs_users
def test_capabilities_can_be_added_and_dropped(pods):
    usual = capabilities(pods, "usual")
    assert usual & CHOWN
    assert not usual & SYS_TIME
    change = {"add": ["SYS_TIME"], "drop": ["CHOWN"]}
    assert capabilities(pods, "changed", capabilities=change) == usual & ~CHOWN | SYS_TIME
    assert capabilities(pods, "none", capabilities={"drop": ["ALL"]}) == 0


@depends_on_user
def test_a_privileged_container_has_all_capabilities(pods):
    assert capabilities(pods, privileged=True) & (NET_ADMIN | SYS_TIME) == NET_ADMIN | SYS_TIME


@depends_on_user
def test_a_user_who_is_not_root_has_no_capabilities(pods):
    assert capabilities(pods, runAsUser=1000) == 0


@depends_on_user
@pytest.mark.parametrize(("allowed", "flag"), [(False, "1"), (True, "0")])
def test_privileges_may_grow_only_if_that_is_allowed(pods, allowed, flag):
    printed = pods.output(
        "grep NoNewPrivs /proc/self/status",
        securityContext={"allowPrivilegeEscalation": allowed},
    )
    assert printed.split()[1] == flag


@needs_users
def test_what_is_in_proc_about_the_machine_cannot_be_changed(pods):
    assert pods.output("grep -c ' /proc/sys proc ro' /proc/mounts; true") == "1\n"


# --- what containers see of one another --------------------------------------------------------


def test_containers_see_one_anothers_processes_if_they_share_them(pods):
    look = "until ps | grep -q '[s]leep 4321'; do sleep 0.1; done; echo seen; echo $$$$"
    pods.run(
        spec={
            "shareProcessNamespace": True,
            "containers": [shell("a", look), shell("b", "exec sleep 4321")],
        }
    )
    pods.container(lambda one: one.state.terminated)
    seen, own = pods.log(container="a").split()
    assert seen == "seen"
    assert own != "1"


@pytest.mark.gap("own-processes", runtime="process")
def test_containers_do_not_see_one_anothers_processes_by_default(pods):
    look = "sleep 1; ps | grep -c '[s]leep 4321'; true"
    pods.run(spec={"containers": [shell("a", look), shell("b", "sleep 4321")]})
    pods.container(lambda one: one.state.terminated)
    assert pods.log(container="a") == "0\n"


def test_a_container_on_the_nodes_processes_is_one_of_many(pods):
    assert pods.output("echo $$$$", spec={"hostPID": True}) != "1\n"


def test_containers_of_a_pod_share_memory(pods):
    note = "/dev/shm/kubelearn-note"
    containers = [
        shell("a", f"echo hello > {note}; sleep 3600"),
        shell("b", f"until cat {note} 2>/dev/null; do sleep 0.1; done; rm {note}"),
    ]
    pods.run(spec={"containers": containers})
    pods.until(lambda pod: any(one.state.terminated for one in pod.status.container_statuses or []))
    assert pods.log(container="b") == "hello\n"


# --- settings of the kernel --------------------------------------------------------------------


@pytest.mark.gap("sysctls", runtime="process")
def test_a_safe_setting_of_the_kernel_is_the_pods_own(pods):
    setting = {"name": "kernel.shm_rmid_forced", "value": "1"}
    spec = {"securityContext": {"sysctls": [setting]}}
    assert pods.output("cat /proc/sys/kernel/shm_rmid_forced", spec=spec) == "1\n"


def test_an_unsafe_setting_is_refused_by_the_node(pods):
    setting = {"name": "kernel.msgmax", "value": "65536"}
    pods.run(spec={"securityContext": {"sysctls": [setting]}})
    status = pods.finished().status
    assert (status.phase, status.reason) == ("Failed", "SysctlForbidden")
    assert re.search('forbidden sysctl: "kernel.msgmax" not allowlisted', status.message)
