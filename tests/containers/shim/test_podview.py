"""What a Python program in a container sees."""

import pytest

from kubelearn.containers.runtime import Mount

# Only where containers see the machine's files and sockets is this needed.
pytestmark = pytest.mark.parametrize("node", ["process"], indirect=True)

LISTEN = """
import socket
server = socket.create_server(({host!r}, 8080))
print(server.getsockname()[0])
"""


@pytest.mark.parametrize("host", ["", "0.0.0.0", "localhost", "127.0.0.1"])
async def test_listening_here_means_the_pods_address(node, host):
    sandbox = await node.sandbox()
    script = LISTEN.format(host=host)
    assert await node.output(sandbox, "python", "-c", script, image="python") == sandbox.ip


async def test_two_pods_can_listen_on_one_port(node):
    script = LISTEN.format(host="") + "import time; print('up', flush=True); time.sleep(60)"
    for name in ("a", "b"):
        sandbox = await node.sandbox(name)
        container = await node.start(sandbox, "python", "-c", script, image="python")
        assert (await node.log_has(container, "up")).split()[0] == sandbox.ip


async def test_a_program_reaches_itself_at_localhost(node):
    script = """
import asyncio

async def main():
    server = await asyncio.start_server(lambda r, w: w.close(), None, 8080)
    reader, writer = await asyncio.open_connection("localhost", 8080)
    print(writer.get_extra_info("peername")[0], len(server.sockets))

asyncio.run(main())
"""
    sandbox = await node.sandbox()
    assert await node.output(sandbox, "python", "-c", script, image="python") == f"{sandbox.ip} 1"


async def test_the_host_is_called_like_the_pod(node):
    script = "import socket; print(socket.gethostname())"
    assert (
        await node.output(await node.sandbox(), "python", "-c", script, image="python") == "web-0"
    )


async def test_files_of_volumes_open_under_their_mount_path(node, tmp_path):
    (tmp_path / "volume").mkdir()
    (tmp_path / "volume/note").write_text("hello")
    # The paths are put together, so that only the program itself can see them.
    script = """
import os, pathlib, shutil
data = "".join(["/", "data"])
print(open(data + "/note").read(), os.listdir(data), pathlib.Path(data, "note").exists())
pathlib.Path(data, "new").write_text("new")
shutil.copy(data + "/new", data + "/copy")
os.rename(data + "/copy", data + "/moved")
"""
    printed = await node.output(
        await node.sandbox(),
        *("python", "-c", script),
        image="python",
        mounts=[Mount("/data", tmp_path / "volume")],
    )
    assert printed == "hello ['note'] True"
    assert sorted(path.name for path in (tmp_path / "volume").iterdir()) == ["moved", "new", "note"]


async def test_other_files_are_the_machines(node):
    script = "print(open('/proc/self/comm').read(), end='')"
    printed = await node.output(await node.sandbox(), "python", "-c", script, image="python")
    assert printed.startswith("python")
