"""How kubelets are asked."""

import pytest
from aiohttp import web

from kubelearn.embedded.metricsserver.scraper import Scraper

USED = {"cpu_usage_seconds_total": 1.5, "memory_working_set_bytes": 4096}


@pytest.fixture
async def kubelet():
    """Something that answers as a kubelet; its node, and who asked."""
    peers = []

    async def answer(request):
        peers.append(request.transport.get_extra_info("peername"))
        lines = [f"node_{name} {value} 1767268800000\n" for name, value in USED.items()]
        return web.Response(text="".join(lines))

    app = web.Application()
    app.router.add_get("/metrics/resource", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    node = {
        "metadata": {"name": "node"},
        "status": {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": runner.addresses[0][1]}},
        },
    }
    yield node, peers
    await runner.cleanup()


async def test_each_round_asks_on_the_connection_of_the_one_before(kubelet):
    node, peers = kubelet
    scraper = Scraper(None)
    for _ in range(3):
        await scraper.scrape([node])
    await scraper.close()
    assert len(peers) == 3
    assert len(set(peers)) == 1


async def test_a_node_that_does_not_answer_is_left_out(kubelet):
    node, _ = kubelet
    silent = {"metadata": {"name": "silent"}, "status": {}}
    scraper = Scraper(None)
    batch = await scraper.scrape([silent, node])
    await scraper.close()
    assert list(batch.nodes) == ["node"]
    assert batch.nodes["node"].memory_bytes == 4096
