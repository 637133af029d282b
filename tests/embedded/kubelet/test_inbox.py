"""Data that waits for a reader."""

import asyncio

from kubelearn.embedded.kubelet.inbox import Inbox


async def fill(inbox):
    count = 0
    try:
        while True:
            async with asyncio.timeout(0.01):
                await inbox.put(b"x")
            count += 1
    except TimeoutError:
        return count


async def test_what_is_there_is_read_to_its_end():
    inbox = Inbox()
    await inbox.put(b"one")
    await inbox.put(b"two")
    inbox.close()
    await inbox.put(b"late")
    assert [await inbox.read() for _ in range(4)] == [b"one", b"two", b"", b""]


async def test_a_reader_waits_for_data():
    inbox = Inbox()
    reading = asyncio.create_task(inbox.read())
    await asyncio.sleep(0)
    await inbox.put(b"data")
    assert await reading == b"data"


async def test_whoever_brings_too_much_waits_for_the_reader():
    inbox = Inbox()
    assert await fill(inbox) == 64
    await inbox.read()
    assert await fill(inbox) == 1


async def test_the_end_sets_free_whoever_waits():
    inbox = Inbox()
    await fill(inbox)
    bringing = asyncio.create_task(inbox.put(b"x"))
    await asyncio.sleep(0)
    inbox.close()
    await bringing
