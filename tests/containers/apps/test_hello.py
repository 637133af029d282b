"""The small web app, as the pods of lessons run it."""

import asyncio
import json

import pytest


@pytest.fixture
async def hello(node):
    """Start the app; gives a function that asks it, and its container."""

    async def start(image="kubelearn/hello:1.0", **env):
        sandbox = await node.sandbox()
        container = await node.start(sandbox, image=image, env=env)
        await node.log_has(container, "listens on port")
        port = int(env.get("PORT", 8080))

        async def ask(target):
            reader, writer = await asyncio.open_connection(sandbox.ip, port)
            writer.write(f"GET {target} HTTP/1.1\r\nHost: web\r\n\r\n".encode())
            answer = (await reader.read()).decode()
            writer.close()
            head, _, body = answer.partition("\r\n\r\n")
            return int(head.split()[1]), body

        return ask, container

    return start


async def test_it_says_who_it_is(hello):
    ask, _ = await hello()
    assert await ask("/") == (200, "Hello from web-0, version 1.0\n")
    status, body = await ask("/api")
    told = json.loads(body)
    assert (status, told["pod"], told["version"], told["requests"]) == (200, "web-0", "1.0", 2)


async def test_the_second_version_says_so_and_the_port_can_be_set(hello):
    ask, _ = await hello("kubelearn/hello:2.0", PORT="9000", COLOR="blue")
    assert (await ask("/"))[1] == "Hello from web-0, version 2.0\n"
    assert json.loads((await ask("/api"))[1])["color"] == "blue"


async def test_the_broken_version_is_alive_but_never_ready(hello):
    ask, _ = await hello("kubelearn/hello:broken")
    assert (await ask("/healthz"), await ask("/readyz")) == ((200, "ok\n"), (500, "not ready\n"))


async def test_readiness_can_be_turned_off_and_on(hello):
    ask, _ = await hello()
    assert (await ask("/readyz"))[0] == 200
    assert await ask("/fail") == (200, "readiness is off\n")
    assert (await ask("/readyz"))[0] == 500
    assert await ask("/fail") == (200, "readiness is on\n")
    assert (await ask("/readyz"))[0] == 200


async def test_it_is_not_ready_while_it_starts(hello):
    ask, _ = await hello(STARTUP_SECONDS="600")
    assert (await ask("/readyz"), (await ask("/"))[0]) == ((500, "not ready\n"), 200)


async def test_it_computes_when_asked(hello):
    ask, _ = await hello()
    assert await ask("/work?ms=5") == (200, "Hello from web-0, version 1.0\n")


async def test_a_crash_comes_after_the_answer(hello, node):
    ask, container = await hello()
    assert await ask("/crash") == (200, "crashing\n")
    assert (await node.ended(container)).exit_code == 1


async def test_other_paths_are_not_found(hello):
    ask, _ = await hello()
    assert (await ask("/nowhere"))[0] == 404


async def test_each_request_is_a_line_of_its_log(hello, node):
    ask, container = await hello()
    await ask("/api")
    log = await node.log_has(container, "GET /api 200")
    assert log.splitlines()[0] == "hello 1.0: web-0 listens on port 8080"


async def test_it_ends_when_told(hello, node):
    _, container = await hello()
    node.patient = True
    await node.runtime.stop_container(container, 30)
    assert node.status(container).exit_code == 0
    assert node.log(container).splitlines()[-2:] == ["SIGTERM: ending in 0 s", "bye"]
