"""Another server behind ours: a real one, with certificates of a cluster."""

from __future__ import annotations

import base64
import random
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web

from kubelearn.embedded.addresses import free_port
from kubelearn.embedded.apiserver import ApiServer
from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.launch import pki, tls
from kubelearn.embedded.launch.identities import Identity

HOST = "127.0.0.1"
SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    identities = [
        Identity("backend", "backend", hosts=[HOST, "widgets.default.svc"]),
        Identity("front-proxy-client", "front-proxy-client"),
    ]
    pki.prepare(folder, identities, now=datetime.now(UTC))
    return folder


@pytest.fixture
async def server(store, clock, certificates):
    name = "front-proxy-client"
    started = ApiServer(
        store,
        clock=clock,
        random=random.Random(1),
        tokens=[Anybody()],
        proxy_certificate=(certificates / f"{name}.crt", certificates / f"{name}.key"),
    )
    await started.start()
    yield started
    await started.stop()


@pytest.fixture
async def backend(certificates):
    """A server of one kind; it remembers who asked."""
    asked = []

    async def discover(request):
        resource = {"name": "widgets", "singularName": "widget", "namespaced": True}
        resource |= {"kind": "Widget", "verbs": ["get", "list"], "shortNames": ["wd"]}
        return web.json_response({"resources": [resource, {**resource, "name": "widgets/status"}]})

    async def listed(request):
        extra = request.headers.getall("X-Remote-Extra-example.com%2Fkey")
        asked.append((request.headers.getall("X-Remote-Group"), extra, dict(request.headers)))
        return web.json_response({"kind": "WidgetList", "query": dict(request.query)})

    app = web.Application()
    app.router.add_get("/apis/example.com/v1", discover)
    app.router.add_get(WIDGETS, listed)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port([HOST], 4600)
    context = tls.server(certificates, "backend", certificate_required=True)
    await web.TCPSite(runner, HOST, port, ssl_context=context).start()
    yield port, asked, runner
    await runner.cleanup()


@pytest.fixture
async def registered(api, backend, certificates, clock):
    """The APIService of that server, with its Service and endpoints."""
    port, *_ = backend
    ports = [{"name": "https", "port": 443}]
    await api.post(
        "/api/v1/namespaces/default/services",
        {"metadata": {"name": "widgets"}, "spec": {"ports": ports}},
    )
    labels = {"kubernetes.io/service-name": "widgets"}
    await api.post(
        "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
        {
            "metadata": {"name": "widgets", "labels": labels},
            "addressType": "IPv4",
            "endpoints": [{"addresses": [HOST]}],
            "ports": [{"name": "https", "port": port}],
        },
    )
    bundle = base64.b64encode((certificates / "ca.crt").read_bytes()).decode()
    answer = await api.post(SERVICES, api_service(caBundle=bundle))
    assert answer.status == 201
    await api.server._aggregator.sync()
    return api


class Anybody:
    """The token is the user's name; `admin` is an administrator."""

    def authenticate(self, token):
        masters = ("system:masters",) if token == "admin" else ()
        extra = {"example.com/Key": ("a", "b")}
        return User(token, (*masters, "system:authenticated"), extra=extra)


def api_service(**spec):
    service = {"name": "widgets", "namespace": "default"}
    spec = {"group": "example.com", "version": "v1", "service": service, **spec}
    priorities = {"groupPriorityMinimum": 100, "versionPriority": 100}
    return {"metadata": {"name": "v1.example.com"}, "spec": {**priorities, **spec}}


async def available(api, name="v1.example.com"):
    status = (await api.get(f"{SERVICES}/{name}")).body["status"]
    [condition] = status["conditions"]
    return condition["status"], condition["reason"], condition["message"]


async def test_each_group_of_the_servers_own_has_its_api_service(api) -> None:
    await api.server._aggregator.sync()
    names = [each["metadata"]["name"] for each in (await api.get(SERVICES)).body["items"]]
    assert {"v1.", "v1.apps", "v2.autoscaling", "v1.rbac.authorization.k8s.io"} <= {*names}
    assert "v1.apiregistration.k8s.io" not in names
    assert await available(api, "v1.apps") == (
        "True",
        "Local",
        "Local APIServices are always available",
    )


async def test_requests_are_handed_on_with_the_users_name(registered, backend) -> None:
    assert await available(registered) == ("True", "Passed", "all checks passed")
    answer = await registered.get(
        f"{WIDGETS}?labelSelector=a%3Db", headers={"X-Remote-User": "somebody", "X-Other": "1"}
    )
    assert (answer.status, answer.body["query"]) == (200, {"labelSelector": "a=b"})
    _, [(groups, extra, headers)], _ = backend
    assert headers["X-Remote-User"] == "admin"
    assert groups == ["system:masters", "system:authenticated"]
    assert extra == ["a", "b"]
    assert headers["X-Other"] == "1"
    assert "Authorization" not in headers


async def test_whoever_may_not_is_refused_before(registered, backend) -> None:
    answer = await registered.get(WIDGETS, token="bob")
    assert answer.status == 403
    assert backend[1] == []


async def test_discovery_tells_of_the_kinds(registered) -> None:
    [found] = (await registered.get("/apis/example.com/v1")).body["resources"]
    assert (found["name"], found["kind"], found["shortNames"]) == ("widgets", "Widget", ["wd"])


async def test_a_server_that_is_gone_is_not_available(registered, backend) -> None:
    *_, runner = backend
    await runner.cleanup()
    registered.server._aggregator._checked.clear()
    await registered.server._aggregator.sync()
    status, reason, message = await available(registered)
    assert (status, reason) == ("False", "FailedDiscoveryCheck")
    assert message.startswith("failing or missing response from https://127.0.0.1:")
    answer = await registered.get(WIDGETS)
    assert (answer.status, answer.raw) == (503, b"service unavailable\n")
    await registered.delete(f"{SERVICES}/v1.example.com")
    await registered.server._aggregator.sync()
    assert (await registered.get(WIDGETS)).status == 404
    assert (await registered.get("/apis/example.com/v1")).status == 404


@pytest.mark.parametrize(
    ("service", "reason", "message"),
    [
        (
            {"name": "none"},
            "ServiceNotFound",
            'service/none in "default" is not present',
        ),
        (
            {"port": 80},
            "ServicePortError",
            'service/widgets in "default" is not listening on port 80',
        ),
    ],
)
async def test_what_is_missing_is_named(registered, service, reason, message) -> None:
    changed = {"spec": {"service": {"name": "widgets", "namespace": "default", **service}}}
    await registered.patch(f"{SERVICES}/v1.example.com", changed)
    await registered.server._aggregator.sync()
    assert await available(registered) == ("False", reason, message)


async def test_groups_of_this_server_stay_here(registered) -> None:
    service = {"name": "widgets", "namespace": "default"}
    patch = {"spec": {"service": service, "insecureSkipTLSVerify": True}}
    await registered.patch(f"{SERVICES}/v1.apps", patch)
    await registered.server._aggregator.sync()
    assert (await registered.get("/apis/apps/v1/deployments")).status == 200


@pytest.mark.parametrize(
    ("name", "spec", "message"),
    [
        ("v2.example.com", {}, 'must be `spec.version+"."+spec.group`: "v1.example.com"'),
        ("v1.example.com", {"versionPriority": 0}, "must be positive and less than 1000"),
        (
            "v1.example.com",
            {"caBundle": "YQ==", "insecureSkipTLSVerify": True},
            "may not be true if caBundle is present",
        ),
    ],
)
async def test_an_api_service_that_makes_no_sense_is_refused(api, name, spec, message) -> None:
    body = api_service(**spec)
    body["metadata"]["name"] = name
    answer = await api.post(SERVICES, body)
    assert answer.status == 422
    assert message in answer.message


async def test_the_way_in_needs_the_front_proxys_certificate(backend, certificates) -> None:
    port, *_ = backend
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientError):
            await session.get(f"https://{HOST}:{port}{WIDGETS}", ssl=False)
