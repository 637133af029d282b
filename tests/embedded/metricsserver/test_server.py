from __future__ import annotations

import aiohttp
import pytest

from kubelearn.embedded.addresses import free_port
from kubelearn.embedded.metricsserver.points import Batch, Point
from kubelearn.embedded.metricsserver.server import Server
from kubelearn.embedded.metricsserver.storage import Storage
from kubelearn.objects import NODES, PODS

ROOT = "/apis/metrics.k8s.io/v1beta1"
TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}


@pytest.fixture
async def get(api, clock, make_pod):
    """Ask a server that knows one node and one pod, and not yet a second one."""
    storage = Storage(15.0)
    for moment, cpu in ((100.0, 1.0), (115.0, 2.5)):
        points = {"app": Point(moment, cpu, 3 * 2**20), "side": Point(moment, cpu, 2**20)}
        node = Point(moment, 2 * cpu, 2**22)
        storage.store(Batch({"n": node}, {("default", "web"): points}))
    await api.create(NODES, {"metadata": {"name": "n", "labels": {"zone": "a"}}})
    for name in ("web", "new"):
        await api.create(PODS, make_pod(name, labels={"app": name}, phase="Running"))
    server, port = Server(api, storage, clock=clock, tls=None), free_port(["127.0.0.1"], 4443)
    await server.start("127.0.0.1", port)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:

        async def ask(path, headers=None):
            async with session.get(f"{ROOT}{path}", headers=headers) as answer:
                assert answer.headers["Content-Type"] == "application/json"
                return answer.status, await answer.json()

        yield ask
    await server.stop()


async def test_nodes_and_pods_are_listed_with_what_they_use(get) -> None:
    status, nodes = await get("/nodes")
    assert (status, nodes["kind"]) == (200, "NodeMetricsList")
    [node] = nodes["items"]
    assert node["metadata"]["labels"] == {"zone": "a"}
    assert node["usage"] == {"cpu": "200m", "memory": "4Mi"}
    assert (node["timestamp"], node["window"]) == ("1970-01-01T00:01:55Z", "15s")
    _, pods = await get("/namespaces/default/pods")
    [pod] = pods["items"]
    assert [each["name"] for each in pod["containers"]] == ["app", "side"]
    assert pod["containers"][0]["usage"] == {"cpu": "100m", "memory": "3Mi"}


async def test_one_is_found_by_its_name(get) -> None:
    status, pod = await get("/namespaces/default/pods/web")
    assert (status, pod["kind"], pod["apiVersion"]) == (200, "PodMetrics", "metrics.k8s.io/v1beta1")


async def test_what_is_not_measured_yet_is_not_found(get) -> None:
    status, answer = await get("/namespaces/default/pods/new")
    assert (status, answer["reason"]) == (404, "NotFound")
    assert answer["message"] == 'podmetrics.metrics.k8s.io "default/new" not found'
    status, answer = await get("/nodes/none")
    assert (status, answer["reason"]) == (404, "NotFound")


async def test_a_table_has_the_pods_sums(get) -> None:
    _, table = await get("/pods", TABLE)
    assert [column["name"] for column in table["columnDefinitions"]] == [
        "Name",
        "cpu",
        "memory",
        "Window",
    ]
    [row] = table["rows"]
    assert row["cells"] == ["web", "200m", "4Mi", "15s"]
    assert row["object"]["metadata"]["name"] == "web"


async def test_discovery_says_what_there_is(get) -> None:
    _, found = await get("")
    assert [(each["name"], each["kind"]) for each in found["resources"]] == [
        ("nodes", "NodeMetrics"),
        ("pods", "PodMetrics"),
    ]
