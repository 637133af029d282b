"""The client that components use, against servers that note what is asked, or tell something."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest
from aiohttp import web

from kubelearn.embedded.client import Client
from kubelearn.errors import Expired
from kubelearn.objects import PODS


@asynccontextmanager
async def serving(answer) -> AsyncIterator[str]:
    """The address of a server that answers everything so."""
    server = web.Application()
    server.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(server)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_a_part_of_a_program_names_itself_on_the_programs_own_connection():
    async def answer(request):
        peer = request.transport.get_extra_info("peername")
        return web.json_response({"agent": request.headers["User-Agent"], "peer": str(peer)})

    async with serving(answer) as address, Client(address, user_agent="manager/1") as client:
        asked = [client, client.part("job-controller"), client.part("deployment-controller")]
        answers = [await each.get(PODS, "web", "shop") for each in asked]
    agents = [each["agent"] for each in answers]
    assert agents == ["manager/1", "manager/1/job-controller", "manager/1/deployment-controller"]
    assert len({each["peer"] for each in answers}) == 1


# --- watches -----------------------------------------------------------------------------------


def pod(version):
    meta = {"name": "a", "resourceVersion": version, "managedFields": [{"manager": "somebody"}]}
    return {"kind": "Pod", "apiVersion": "v1", "metadata": meta}


async def watched(*told):
    """What two clients see, one after the other, where these events are told."""

    async def answer(request):
        lines = b"".join(orjson.dumps(each) + b"\n" for each in told)
        return web.Response(body=lines, content_type="application/json")

    seen = []
    async with serving(answer) as address:
        for _ in range(2):
            async with Client(address) as client:
                seen.append([each async for each in client.watch(PODS, resource_version="1")])
    return seen


async def test_components_share_what_they_see_and_nobody_gets_managed_fields():
    [(kind, first)], [(_, second)] = await watched({"type": "ADDED", "object": pod("2")})
    assert kind == "ADDED"
    assert first["metadata"] == {"name": "a", "resourceVersion": "2"}
    assert second is first


async def test_another_state_is_another_object():
    events = [{"type": "ADDED", "object": pod("2")}, {"type": "MODIFIED", "object": pod("3")}]
    (_, first), (_, second) = (await watched(*events))[0]
    assert [each["metadata"]["resourceVersion"] for each in (first, second)] == ["2", "3"]


async def test_a_watch_of_what_is_no_longer_kept_fails():
    status = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}
    with pytest.raises(Expired):
        await watched({"type": "ERROR", "object": status})
