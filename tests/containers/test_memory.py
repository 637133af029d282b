"""Limits of memory, and what is used, in both runtimes."""

from kubelearn.containers.runtime import Resources

HOG = "x = []\nwhile True: x.append(bytearray(2**20))"


async def test_who_takes_more_memory_than_its_limit_is_killed(node):
    command = ("python", "-c", HOG)
    container = await node.start(
        await node.sandbox(), *command, image="python:3", resources=Resources(2**26)
    )
    status = await node.ended(container)
    assert (status.exit_code, status.reason) == (137, "OOMKilled")


async def test_the_memory_of_children_counts(node):
    command = ("sh", "-c", f"python -c '{HOG}'; exit 3")
    container = await node.start(
        await node.sandbox(), *command, image="python:3", resources=Resources(2**26)
    )
    assert (await node.ended(container)).reason == "OOMKilled"


async def test_who_stays_below_its_limit_is_left_alone(node):
    command = ("python", "-c", "x = bytearray(2**24); import time; time.sleep(0.3)")
    container = await node.start(
        await node.sandbox(), *command, image="python:3", resources=Resources(2**27)
    )
    assert (await node.ended(container)).reason == "Completed"


async def test_use_is_told_for_whole_containers(node):
    script = "sleep 60 & echo up; wait"
    container = await node.start(await node.sandbox(), "sh", "-c", script)
    await node.log_has(container, "up")
    used = (await node.runtime.container_stats())[container]
    assert used.memory_bytes > 100_000
