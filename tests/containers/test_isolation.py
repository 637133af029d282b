"""The namespaces runtime: what its containers see, and what they are kept from."""

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import pytest

from kubelearn.containers.images import Image
from kubelearn.containers.probe import NAMESPACES
from kubelearn.containers.runtime import (
    ContainerConfig,
    Mount,
    Resources,
    SecurityContext,
    StartError,
)
from kubelearn.errors import ContainerError

pytestmark = pytest.mark.parametrize("node", [NAMESPACES], indirect=True)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


async def test_what_is_missing_is_told_in_runcs_words(node):
    sandbox = await node.sandbox()
    for command, words in {
        "/no/such": r'exec: "/no/such": stat /no/such: no such file or directory',
        "/etc": r'exec: "/etc": is a directory',
        "/etc/passwd": r'exec: "/etc/passwd": permission denied',
    }.items():
        with pytest.raises(StartError, match=words):
            await node.start(sandbox, command)


async def test_an_image_without_files_of_its_own_is_refused(node):
    sandbox = await node.sandbox()
    config = ContainerConfig("app", Image("a:1", cmd=("true",)), node.folder / "0.log")
    with pytest.raises(ContainerError, match="image a:1 has no root file system"):
        await node.runtime.create_container(sandbox.id, config)


async def test_a_link_of_the_image_does_not_lead_out(node, tmp_path, roots):
    # Where a mount is to be put is looked up inside, so the machine's own file stays.
    (tmp_path / "note").write_text("hello")
    outside = tmp_path / "outside"
    outside.mkdir()
    sandbox = await node.sandbox()
    script = f"cat {outside}/note"
    mount = Mount(f"{outside}/note", tmp_path / "note")
    assert await node.output(sandbox, "sh", "-c", script, mounts=[mount]) == "hello"
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("shared", ["host_network", "host_pid", "host_ipc"])
async def test_a_pod_may_share_what_is_the_machines(node, shared):
    sandbox = await node.sandbox(**{shared: True})
    assert await node.output(sandbox, "ls", "-d", "/dev/mqueue") == "/dev/mqueue"


async def test_nothing_is_mounted_outside(node):
    before = Path("/proc/self/mounts").read_text()
    container = await node.start(await node.sandbox(), "sleep", "60")
    assert Path("/proc/self/mounts").read_text() == before
    await node.runtime.stop_container(container, 0)


async def test_ends_of_a_user_can_be_opened_again(node):
    security = SecurityContext(run_as_user=1000)
    script = "id -u; echo err > /dev/stderr; echo out > /dev/stdout"
    printed = await node.output(await node.sandbox(), "sh", "-c", script, security=security)
    assert sorted(printed.split()) == ["1000", "err", "out"]


async def test_a_terminal_is_known_inside(node):
    container = await node.start(await node.sandbox(), "sh", "-c", "tty; ls /dev/console", tty=True)
    await node.ended(container)
    assert node.log(container).split() == ["/dev/pts/0", "/dev/console"]


async def test_a_pod_can_share_its_processes(node):
    sandbox = await node.sandbox(share_processes=True)
    sleeper = await node.start(sandbox, "sleep", "4321")
    assert "sleep 4321" in await node.output(sandbox, "ps")
    await node.runtime.stop_container(sleeper, 0)
    assert node.status(sleeper).exit_code == 137


async def test_a_container_can_see_the_processes_of_another(node):
    sandbox = await node.sandbox()
    target = await node.start(sandbox, "sleep", "4321")
    assert "1 root     sleep 4321" in await node.output(sandbox, "ps", target=target)


async def test_a_folder_in_memory_is_shared_by_containers(node, tmp_path):
    sandbox, folder = await node.sandbox(), tmp_path / "memory"
    await node.runtime.mount_memory(folder, 2**20, -1)
    mounts = [Mount("/m", folder)]
    await node.output(sandbox, "sh", "-c", "echo hello > /m/note", mounts=mounts)
    assert await node.output(sandbox, "cat", "/m/note", mounts=mounts) == "hello"
    assert list(folder.iterdir()) == []
    await node.runtime.unmount_memory(folder)


async def test_what_cannot_be_mounted_is_a_start_error(node, tmp_path):
    mounts = [Mount("/m", tmp_path / "gone")]
    with pytest.raises(StartError, match=r"open .*/gone: No such file or directory"):
        await node.start(await node.sandbox(), "true", mounts=mounts)


async def test_without_its_zygote_a_container_is_over_and_the_next_has_another(node):
    sandbox = await node.sandbox()
    container = await node.start(sandbox, "sleep", "60")
    node.runtime._handler._launcher._process.kill()
    assert (await node.ended(container)).exit_code == 137
    assert await node.output(await node.sandbox("other"), "echo", "hello") == "hello"


async def test_a_start_that_nobody_waits_for_leaves_nothing(node):
    sandbox = await node.sandbox()
    starting = asyncio.create_task(node.start(sandbox, "sleep", "60"))
    while not (zygote := node.runtime._handler._launcher._process):
        await asyncio.sleep(0)
    for _ in range(20):
        await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await node.runtime.shut_down()
    assert zygote.poll() is not None


@needs_root
async def test_the_kernel_ends_who_takes_too_much_memory(node):
    script = "x=x; while true; do x=$x$x; done"
    container = await node.start(
        await node.sandbox(), "sh", "-c", script, resources=Resources(memory_limit=2**24)
    )
    status = await node.ended(container)
    assert (status.exit_code, status.reason) == (137, "OOMKilled")


@needs_root
async def test_limits_of_a_running_container_can_be_changed(node):
    container = await node.start(await node.sandbox(), "sleep", "60")
    await node.runtime.update_container_resources(container, Resources(memory_limit=2**25))
    script = "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes"
    found = await node.runtime.exec_sync(container, ["sh", "-c", f"{script} 2>/dev/null"], 20)
    assert str(2**25).encode() in found.output


# A daemon with a container that is killed, all at once.
KILLED = """
import asyncio, os, sys
from datetime import UTC, datetime
from pathlib import Path
from kubelearn.containers.images import Image
from kubelearn.containers.isolation import NamespacesRuntime
from kubelearn.containers.runtime import ContainerConfig, SandboxConfig

async def main(folder, rootfs):
    runtime = NamespacesRuntime(folder / "containers", pod_cidr="127.31.1.0/24",
                                host_ip="127.31.0.2", now=lambda: datetime.now(UTC))
    sandbox = await runtime.run_pod_sandbox(SandboxConfig("default", "p", "uid", "p"))
    config = ContainerConfig("app", Image("a:1", rootfs=rootfs), folder / "0.log",
                             command=["sleep", "60"])
    container = await runtime.create_container(sandbox.id, config)
    await runtime.start_container(container)
    print(runtime.list_containers(sandbox.id)[0].pid, flush=True)
    os.kill(os.getpid(), 9)

asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
"""


async def test_containers_end_with_a_daemon_that_is_killed(node, python, reference):
    image = await node.images.pull(reference("busybox"))
    command = [python, "-c", KILLED, node.folder, image.rootfs]
    daemon = subprocess.run(command, capture_output=True, text=True)
    assert daemon.returncode == -signal.SIGKILL, daemon.stderr
    pid = int(daemon.stdout)
    async with asyncio.timeout(20):
        while Path(f"/proc/{pid}").exists():
            await asyncio.sleep(0.01)
    await node.runtime.clean_up()
    assert list((node.folder / "containers").iterdir()) == []


async def test_a_command_has_the_user_of_its_container(node):
    security = SecurityContext(run_as_user=1000, run_as_group=1000)
    container = await node.start(await node.sandbox(), "sleep", "60", security=security)
    script = "id -u; id -g; cat /proc/1/comm"
    result = await node.runtime.exec_sync(container, ["sh", "-c", script], 20)
    assert result.output.split() == [b"1000", b"1000", b"sleep"]


async def test_a_folder_that_forbids_it_is_removed_too(node):
    sandbox = await node.sandbox()
    await node.output(sandbox, "sh", "-c", "mkdir /closed; touch /closed/x; chmod 0 /closed")
    await node.runtime.remove_pod_sandbox(sandbox.id)
    assert list((node.folder / "containers").iterdir()) == []
