"""What goes inside containers, in both runtimes: commands, terminals, those who attach."""

import asyncio

import pytest


async def _pieces(stream):
    async with asyncio.timeout(20):
        while piece := await stream.read():
            yield piece


async def _feed(stream, data):
    await stream.write(data)
    stream.close_input()


async def test_a_command_runs_beside_the_containers_program(node):
    container = await node.start(await node.sandbox(), "sleep", "60", env={"COLOUR": "blue"})
    result = await node.runtime.exec_sync(container, ["sh", "-c", "echo $COLOUR; pwd; exit 4"], 10)
    assert (result.exit_code, result.output) == (4, b"blue\n/\n")


async def test_a_command_that_takes_too_long_is_killed(node):
    container = await node.start(await node.sandbox(), "sleep", "60")
    with pytest.raises(TimeoutError):
        await node.runtime.exec_sync(container, ["sleep", "60"], 0.01)


async def test_a_command_can_be_fed(node):
    container = await node.start(await node.sandbox(), "sleep", "60")
    stream = await node.runtime.exec(container, ["cat"], stdin=True, tty=False)
    feeding = asyncio.create_task(_feed(stream, b"x" * 300_000))
    assert len(b"".join([piece async for _, piece in _pieces(stream)])) == 300_000
    await feeding
    assert await stream.wait() == 0


async def test_a_terminal_has_a_size_and_both_outputs_in_one(node):
    container = await node.start(await node.sandbox(), "sleep", "60")
    stream = await node.runtime.exec(container, ["sh"], stdin=True, tty=True)
    stream.resize(100, 40)
    await stream.write(b"stty size; test -t 2 && echo a terminal; exit 7\n")
    printed = b"".join([piece async for _, piece in _pieces(stream)])
    assert b"40 100\r\n" in printed
    assert b"a terminal\r\n" in printed
    assert await stream.wait() == 7


async def test_closing_the_stream_kills_the_command(node):
    container = await node.start(await node.sandbox(), "sleep", "60")
    stream = await node.runtime.exec(container, ["sleep", "60"], stdin=False, tty=False)
    stream.close()
    assert await stream.wait() == 137


async def test_attaching_shows_what_is_printed_from_now_on(node):
    script = "echo before; read line; echo got $line"
    container = await node.start(await node.sandbox(), "sh", "-c", script, stdin=True)
    await node.log_has(container, "before")
    stream = await node.runtime.attach(container)
    await stream.write(b"word\n")
    assert [piece async for piece in _pieces(stream)] == [(1, b"got word\n")]
    assert await stream.wait() == 0


async def test_a_reader_that_is_slow_makes_the_command_wait(node):
    container = await node.start(await node.sandbox(), "sleep", "60")
    stream = await node.runtime.exec(
        container, ["head", "-c", "9000000", "/dev/zero"], stdin=False, tty=False
    )
    assert sum([len(piece) async for _, piece in _pieces(stream)]) == 9_000_000
