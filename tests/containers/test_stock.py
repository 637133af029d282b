"""The images that every node has."""

import shutil
import sys

import pytest

from kubelearn.containers.images import PullError

plain = pytest.mark.parametrize("node", ["process"], indirect=True)


@plain
@pytest.mark.parametrize(
    "name", ["kubelearn/hello:1.0", "python", "python:3.12-slim", "nginx:1.27", "busybox", "pause"]
)
def test_what_learners_type_is_there(node, reference, name):
    image = node.images.find(reference(name))
    assert image.name == str(reference(name))


@pytest.mark.parametrize("name", ["kubelearn/hello:3.0", "postgres", "nginx@sha256:" + "0" * 64])
async def test_other_images_cannot_be_pulled(node, reference, name):
    assert node.images.find(reference(name)) is None
    with pytest.raises(PullError, match=r"this cluster pulls from no registry, it has kubelearn/"):
        await node.images.pull(reference(name))


@plain
def test_stand_ins_say_what_they_are(node, reference):
    assert "web server in Python" in node.images.find(reference("nginx")).stand_in
    assert "this machine's Python" in node.images.find(reference("python")).stand_in
    assert node.images.find(reference("kubelearn/hello:1.0")).stand_in == ""


async def test_python_is_this_machines_without_its_packages(node):
    script = "import sys; print(sys.version_info[:2], sys.prefix); import aiohttp"
    printed = await node.output(await node.sandbox(), "python", "-c", script, image="python:3")
    assert f"{sys.version_info[:2]} /usr/local" in printed
    assert "No module named 'aiohttp'" in printed


async def test_python_shows_the_path_of_the_real_image(node):
    printed = await node.output(await node.sandbox(), "sh", "-c", "echo $PATH", image="python")
    assert printed.startswith("/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:")


@pytest.mark.skipif(not shutil.which("busybox"), reason="this machine has no busybox")
async def test_busybox_has_its_own_programs_only(node):
    script = "echo $PATH; cat /tmp/nothing; python3; hostname"
    printed = await node.output(await node.sandbox(), "sh", "-c", script, image="busybox:1.37")
    assert "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" in printed
    assert "cat: can't open '/tmp/nothing'" in printed
    assert "python3: not found" in printed
    assert "\nweb-0" in printed


async def test_pause_waits_and_ends_when_told(node):
    container = await node.start(await node.sandbox(), image="pause")
    # Its shell sets the trap in its own time; without it SIGTERM would not be sent at all.
    result = await node.runtime.exec_sync(container, ["true"], 10)
    assert result.exit_code == 0
    await node.runtime.stop_container(container, 5)
    assert node.status(container).exit_code in (0, 137)


@pytest.mark.parametrize("image", ["busybox:1.37", "python:3"])
@pytest.mark.parametrize(
    "command",
    [
        "tar cf - /tmp/a",  # what `kubectl cp` runs
        "tar -c -f - /tmp/a",
        "tar -cf /tmp/x.tar /tmp/a; cat /tmp/x.tar",
        "cd /tmp; tar cf - -C /tmp ../tmp/a",
    ],
)
async def test_archives_name_files_as_the_container_sees_them(node, image, command):
    script = f"mkdir /tmp/a; echo hi > /tmp/a/b; ({command}) 2>/dev/null | tar tf -"
    printed = await node.output(await node.sandbox(), "sh", "-c", script, image=image)
    assert "tmp/a/b" in [line.removeprefix("../") for line in printed.splitlines()]
