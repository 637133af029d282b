"""exec, attach and port-forward: what the client says reaches the kubelet, and the way back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from aiohttp import WSMsgType, web
from yarl import URL

from kubelearn.embedded import upgrade
from kubelearn.embedded.launch import pki, tls
from kubelearn.embedded.launch.identities import Identity

PODS = "/api/v1/namespaces/default/pods"


class Kubelet:
    """A kubelet that sends everything back, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.refuses = False

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(str(request.rel_url))
        if self.refuses:
            return web.Response(status=500, text='container not found ("a")')
        if upgrade.wanted(request) == "websocket":
            return await self._socket(request)
        if request.path.startswith("/containerLogs"):
            return web.Response(text="one\ntwo\n")
        protocol = request.headers[upgrade.PROTOCOL_VERSION]
        headers = {"Upgrade": upgrade.SPDY, upgrade.PROTOCOL_VERSION: protocol}
        response, connection = await upgrade.accept(request, headers)
        while data := await connection.reader.read(1000):
            connection.writer.write(data)
        connection.close()
        return response

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=["v5.channel.k8s.io"])
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.BINARY:
                await socket.send_bytes(message.data)
        return socket


@pytest.fixture
async def kubelet(api, pod, with_account):
    """The kubelet of the node on which the pod `p` runs."""
    made = Kubelet()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    await api.post("/api/v1/nodes", {"metadata": {"name": "n"}})
    status = {
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": made.port}},
    }
    await api.patch("/api/v1/nodes/n/status", {"status": status})
    assert (await api.post(PODS, pod("p", nodeName="n"))).status == 201
    made.stop = runner.cleanup  # type: ignore[attr-defined]
    yield made
    await runner.cleanup()


@pytest.fixture
def ask(api):
    """Ask the API server to go on with SPDY."""

    async def call(path, protocol="portforward.k8s.io"):
        headers = {
            "Authorization": "Bearer admin",
            "Upgrade": upgrade.SPDY,
            upgrade.PROTOCOL_VERSION: protocol,
        }
        return await upgrade.ask(api.session, URL(api.url(f"{PODS}/p/{path}")), headers)

    return call


async def test_bytes_go_both_ways(kubelet, ask):
    answer, connection = await ask("portforward")
    assert answer.headers[upgrade.PROTOCOL_VERSION] == "portforward.k8s.io"
    connection.writer.write(bytes(100_000))
    assert await connection.reader.readexactly(100_000) == bytes(100_000)
    connection.close()
    assert kubelet.asked == ["/portForward/default/p"]


async def test_the_kubelets_parameters_have_other_names(kubelet, ask):
    _, connection = await ask("exec?command=a&command=b&stdin=true&stdout=1&tty=0")
    connection.close()
    assert kubelet.asked == ["/exec/default/p/app?input=1&output=1&command=a&command=b"]


async def test_messages_of_a_websocket_go_both_ways(api, kubelet):
    async with api.session.ws_connect(
        api.url(f"{PODS}/p/attach"),
        headers={"Authorization": "Bearer admin"},
        protocols=["v5.channel.k8s.io", "v4.channel.k8s.io"],
    ) as socket:
        assert socket.protocol == "v5.channel.k8s.io"
        await socket.send_bytes(b"\0hello")
        assert await socket.receive_bytes() == b"\0hello"


async def test_a_refusal_comes_in_the_kubelets_own_words(api, kubelet, ask):
    kubelet.refuses = True
    answer, connection = await ask("exec?command=a")
    assert (answer.status, connection) == (500, None)
    assert await answer.text() == 'container not found ("a")'
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    headers["Sec-WebSocket-Key"] = "AAAAAAAAAAAAAAAAAAAAAA=="
    answer = await api.get(f"{PODS}/p/exec?command=a", headers=headers)
    assert (answer.status, answer.raw) == (500, b'container not found ("a")')


async def test_a_kubelet_that_is_not_there_is_told(kubelet, ask):
    await kubelet.stop()
    answer, _ = await ask("exec?command=a")
    message = f"error dialing backend: dial tcp 127.0.0.1:{kubelet.port}: connect: "
    assert (await answer.json())["message"] == message + "connection refused"


async def test_there_is_no_way_without_an_upgrade(api, kubelet):
    answer = await api.post(f"{PODS}/p/exec?command=a")
    assert (answer.status, answer.message) == (400, "Upgrade request required")


@pytest.mark.parametrize(
    ("protocol", "kind", "frames"),
    [
        ("binary.k8s.io", WSMsgType.BINARY, [b"", b"one\ntwo\n"]),
        ("base64.binary.k8s.io", WSMsgType.TEXT, ["", "b25lCnR3bwo="]),
    ],
)
async def test_a_log_can_come_over_a_websocket(api, kubelet, protocol, kind, frames):
    headers = {"Authorization": "Bearer admin"}
    url = api.url(f"{PODS}/p/log")
    async with api.session.ws_connect(url, headers=headers, protocols=[protocol]) as socket:
        assert socket.protocol == protocol
        came = [message async for message in socket]
    assert [(each.type, each.data) for each in came] == [(kind, frame) for frame in frames]


async def test_nobody_is_asked_whose_certificate_a_server_behind_the_proxy_has(api, tmp_path, pod):
    async def hello(request):
        return web.Response(text=f"hello {request.path}")

    pki.prepare(tmp_path, [Identity("own", "own", hosts=["127.0.0.1"])], now=datetime.now(UTC))
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hello)
    runner = web.AppRunner(app)
    await runner.setup()
    context = tls.server(tmp_path, "own", certificate_required=False)
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    port = runner.addresses[0][1]
    await api.post("/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}})
    assert (await api.post(PODS, pod("secure"))).status == 201
    status = {"status": {"podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}]}}
    assert (await api.patch(f"{PODS}/secure/status", status)).status == 200
    answer = await api.get(f"{PODS}/https:secure:{port}/proxy/a")
    assert (answer.status, answer.raw) == (200, b"hello /a")
    url = api.url(f"{PODS}/https:secure:{port}/proxy?a=b")
    headers = {"Authorization": "Bearer admin"}
    async with api.session.get(url, headers=headers, allow_redirects=False) as root:
        assert root.status == 301
        assert root.headers["Location"] == f"{PODS}/https:secure:{port}/proxy/?a=b"
    assert (await api("OPTIONS", f"{PODS}/https:secure:{port}/proxy/a")).status == 200
    await runner.cleanup()
    answer = await api.get(f"{PODS}/https:secure:{port}/proxy/a")
    where = f"dial tcp 127.0.0.1:{port}: connect: connection refused"
    assert (answer.status, answer.message) == (503, f"error trying to reach service: {where}")
