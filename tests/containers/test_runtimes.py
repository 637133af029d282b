"""All runtimes, with real processes."""

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import pytest

from kubelearn.containers.images import Image
from kubelearn.containers.process import ProcessRuntime
from kubelearn.containers.runtime import ContainerState, Mount, PortMapping, StartError
from kubelearn.errors import ContainerError


async def test_a_container_runs_and_its_exit_code_is_kept(node):
    sandbox = await node.sandbox()
    status = await node.ended(
        await node.start(sandbox, "sh", "-c", "echo out; echo err >&2; exit 3")
    )
    assert (status.exit_code, status.reason) == (3, "Error")
    assert status.started_at == status.finished_at == node.now
    assert sorted(node.log(status.id).split()) == ["err", "out"]


async def test_success_is_called_completed(node):
    status = await node.ended(await node.start(await node.sandbox(), "true"))
    assert (status.exit_code, status.reason) == (0, "Completed")


async def test_an_end_by_signal_is_128_and_its_number(node):
    # Process 1 of a namespace cannot kill itself.
    script = "sh -c 'kill -9 $$'; exit $?"
    status = await node.ended(await node.start(await node.sandbox(), "sh", "-c", script))
    assert (status.exit_code, status.reason) == (137, "Error")


async def test_all_output_is_logged_before_the_end_is_told(node):
    sandbox = await node.sandbox()
    for _ in range(20):
        lines = (await node.output(sandbox, "sh", "-c", "echo one; echo two; echo three")).split()
        assert lines == ["one", "two", "three"]


async def test_a_program_that_is_not_there_is_a_start_error(node):
    sandbox = await node.sandbox()
    with pytest.raises(StartError, match=r'exec: "no-such": executable file not found in \$PATH'):
        await node.start(sandbox, "no-such")
    [status] = node.runtime.list_containers(sandbox.id)
    assert (status.state, status.exit_code, status.reason) == (
        ContainerState.EXITED, 128, "StartError",
    )  # fmt: skip
    assert status.message.startswith("failed to start container: ")


async def test_a_system_without_pidfds_is_refused(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "pidfd_open")
    with pytest.raises(ContainerError, match="need Linux") as error:
        ProcessRuntime(tmp_path, pod_cidr="127.31.1.0/24", host_ip="127.31.0.2", now=None)
    assert "kind" in error.value.hint


# --- the environment -------------------------------------------------------------------------


async def test_the_environment_is_the_images_and_the_containers_alone(node, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_DAEMON", "x")
    image = Image("a:1", env={"PATH": os.environ["PATH"], "COLOUR": "red", "SIZE": "1"})
    printed = await node.output(
        await node.sandbox(), "env", image=image, env={"COLOUR": "blue", "NAME": "n"}
    )
    found = dict(line.split("=", 1) for line in printed.splitlines())
    assert found.items() >= {
        "HOSTNAME": "web-0", "HOME": "/root", "COLOUR": "blue", "SIZE": "1", "NAME": "n",
    }.items()  # fmt: skip
    assert "SECRET_OF_THE_DAEMON" not in found


async def test_a_command_replaces_the_images_entrypoint_and_its_arguments(node):
    sandbox = await node.sandbox()
    image = Image("a:1", entrypoint=("echo", "entry"), cmd=("cmd",))
    assert await node.output(sandbox, image=image) == "entry cmd"
    assert await node.output(sandbox, image=image, args=["mine"]) == "entry mine"
    assert await node.output(sandbox, "echo", "command", image=image) == "command"
    assert await node.output(sandbox, "echo", image=image, args=["a"]) == "a"


async def test_containers_have_a_root_and_a_tmp_of_their_own(node):
    sandbox = await node.sandbox()
    script = "pwd; echo x > /tmp/note; ls /tmp; ls /tmp/nothing"
    printed = await node.output(sandbox, "sh", "-c", script)
    assert printed.splitlines()[:2] == ["/", "note"]
    assert "/tmp/nothing" in printed
    assert str(node.folder) not in printed
    assert await node.output(sandbox, "sh", "-c", "ls /tmp") == ""


async def test_the_working_folder_is_made(node):
    assert await node.output(await node.sandbox(), "pwd", working_dir="/srv/app") == "/srv/app"


async def test_volumes_are_seen_under_their_mount_path(node, tmp_path):
    (tmp_path / "volume").mkdir()
    (tmp_path / "volume/note").write_text("hello")
    (tmp_path / "last-words").write_text("")
    mounts = [
        Mount("/data", tmp_path / "volume"),
        Mount("/dev/termination-log", tmp_path / "last-words"),
        Mount("/one", tmp_path / "volume/note"),
    ]
    script = "cat /data/note /one; cat $WHERE; echo bye > /dev/termination-log"
    env = {"WHERE": "/data/note"}
    printed = await node.output(await node.sandbox(), "sh", "-c", script, mounts=mounts, env=env)
    assert printed == "hellohellohello"
    assert (tmp_path / "last-words").read_text() == "bye\n"


# --- the end ---------------------------------------------------------------------------------

POLITE = "trap 'echo bye; exit 0' TERM; echo up; while true; do sleep 0.05; done"


async def test_a_container_that_catches_sigterm_ends_by_itself(tmp_path, node):
    container = await node.start(await node.sandbox(), "sh", "-c", POLITE)
    await node.log_has(container, "up")
    node.patient = True
    await node.runtime.stop_container(container, 30)
    assert node.status(container).exit_code == 0
    assert node.log(container).splitlines()[-1] == "bye"


async def test_sigterm_does_not_reach_a_program_without_a_handler(node):
    container = await node.start(await node.sandbox(), "sleep", "60")
    await node.runtime.stop_container(container, 30)
    assert (node.graces, node.status(container).exit_code) == ([30], 137)


async def test_no_grace_means_no_signal_but_the_last(node):
    container = await node.start(await node.sandbox(), "sh", "-c", POLITE)
    await node.log_has(container, "up")
    await node.runtime.stop_container(container, 0)
    assert (node.graces, node.status(container).exit_code) == ([], 137)


async def test_children_end_with_their_container(node):
    container = await node.start(await node.sandbox(), "sh", "-c", "sleep 60 & echo pid $!; wait")
    await node.log_has(container, "pid")
    ends = os.pidfd_open(_child_of(node.status(container).pid))
    await node.runtime.stop_container(container, 0)
    await _readable(ends)


def _child_of(pid):
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return int(children.split()[0])


async def _readable(descriptor):
    """Wait for a process's end, and close its pidfd."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    async with asyncio.timeout(20):
        await ready.wait()
    loop.remove_reader(descriptor)
    os.close(descriptor)


# --- sandboxes -------------------------------------------------------------------------------


async def test_each_sandbox_has_an_address_until_it_is_stopped(node):
    first, second = await node.sandbox("a"), await node.sandbox("b")
    block = first.ip.removesuffix(".2")
    assert (first.ip, second.ip) == (f"{block}.2", f"{block}.3")
    await node.runtime.stop_pod_sandbox(first.id)
    assert not first.ready
    assert (await node.sandbox("c")).ip == f"{block}.4"


async def test_ports_of_the_node_lead_to_a_sandbox_until_it_is_stopped(node):
    mapped = []

    class Ports:
        async def add(self, sandbox):
            mapped.append((sandbox.ip, *sandbox.config.port_mappings))

        async def remove(self, sandbox):
            mapped.remove((sandbox.ip, *sandbox.config.port_mappings))

    node.runtime._ports = Ports()
    mapping = PortMapping(host_port=8080, container_port=80)
    sandbox = await node.sandbox("a", port_mappings=[mapping])
    assert mapped == [(sandbox.ip, mapping)]
    await node.runtime.stop_pod_sandbox(sandbox.id)
    assert not mapped


async def test_a_pod_on_the_host_network_has_the_nodes_address(node):
    assert (await node.sandbox(host_network=True)).ip == "127.29.0.2"


async def test_removing_a_sandbox_kills_its_containers_and_keeps_their_logs(node):
    sandbox = await node.sandbox()
    container = await node.start(sandbox, "sleep", "60")
    log = node.status(container).config.log_path
    await node.runtime.remove_pod_sandbox(sandbox.id)
    assert node.runtime.list_pod_sandboxes() == []
    assert log.exists()
    assert list((node.folder / "containers").iterdir()) == []


async def test_the_listener_hears_of_start_and_end(node):
    heard = []
    stop = node.runtime.add_listener(lambda sandbox: heard.append(sandbox.config.name))
    container = await node.start(await node.sandbox(), "true")
    await node.ended(container)
    assert heard == ["web-0", "web-0"]
    stop()
    await node.ended(await node.start(await node.sandbox("other"), "true"))
    assert heard == ["web-0", "web-0"]


# --- leftovers -------------------------------------------------------------------------------

# A daemon that starts a container and is killed; the container has a child in a session of its own.
KILLED = """
import asyncio, os, sys
from datetime import UTC, datetime
from pathlib import Path
from kubelearn.containers.images import Image
from kubelearn.containers.process import ProcessRuntime
from kubelearn.containers.runtime import ContainerConfig, SandboxConfig

async def main(folder):
    runtime = ProcessRuntime(folder / "containers", pod_cidr="127.31.1.0/24", host_ip="127.31.0.2",
                             now=lambda: datetime.now(UTC))
    sandbox = await runtime.run_pod_sandbox(SandboxConfig("default", "p", "uid", "p"))
    script = "setsid sleep 60 & echo $!; wait"
    config = ContainerConfig("app", Image("a:1"), folder / "0.log", command=["sh", "-c", script])
    container = await runtime.create_container(sandbox.id, config)
    await runtime.start_container(container)
    while not (folder / "0.log").read_text():
        await runtime.wait_for_log(container)
    print(runtime.list_containers(sandbox.id)[0].pid, (folder / "0.log").read_text().split()[-1])
    sys.stdout.flush()
    os.kill(os.getpid(), 9)

asyncio.run(main(Path(sys.argv[1])))
"""


async def test_what_a_killed_daemon_left_is_ended(node, python):
    daemon = subprocess.run([python, "-c", KILLED, node.folder], capture_output=True, text=True)
    assert daemon.returncode == -signal.SIGKILL, daemon.stderr
    pids = [int(pid) for pid in daemon.stdout.split()]
    assert len(pids) == 2
    await node.runtime.clean_up()
    assert not any(_runs(pid) for pid in pids)
    assert list((node.folder / "containers").iterdir()) == []


async def test_a_stranger_with_a_number_used_again_is_left_alone(node):
    stranger = await asyncio.create_subprocess_exec("sleep", "60")
    folder = node.folder / "containers" / ("a" * 64)
    folder.mkdir()
    (folder / "process.json").write_text(f'{{"pid": {stranger.pid}, "start": 1}}')
    await node.runtime.clean_up()
    assert stranger.returncode is None
    stranger.kill()
    assert await stranger.wait() == -signal.SIGKILL


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
