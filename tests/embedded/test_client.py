"""The client that components use, against a server that says what it was asked."""

from __future__ import annotations

import asyncio

from aiohttp import web

from kubelearn.embedded.client import Client
from kubelearn.objects import PODS


async def ask(*parts):
    """The User-Agents and the connections of requests by a client and by parts of it."""

    async def answer(request):
        peer = request.transport.get_extra_info("peername")
        return web.json_response({"agent": request.headers["User-Agent"], "peer": str(peer)})

    server = web.Application()
    server.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with Client(f"http://127.0.0.1:{port}", user_agent="manager/1") as client:
            asked = [client, *(client.part(name) for name in parts)]
            answers = [await each.get(PODS, "web", "shop") for each in asked]
    finally:
        await runner.cleanup()
    return [each["agent"] for each in answers], {each["peer"] for each in answers}


def test_a_part_of_a_program_names_itself_on_the_programs_own_connection():
    agents, connections = asyncio.run(ask("job-controller", "deployment-controller"))
    assert agents == ["manager/1", "manager/1/job-controller", "manager/1/deployment-controller"]
    assert len(connections) == 1
