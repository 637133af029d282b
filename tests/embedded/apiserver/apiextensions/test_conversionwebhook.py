"""Conversion webhooks behind a server: real ones, over HTTPS."""

import asyncio
import base64
from datetime import UTC, datetime

import pytest
from aiohttp import web

from kubelearn.embedded.launch import pki, tls
from kubelearn.embedded.launch.identities import Identity

HOST = "127.0.0.1"
KIND = "ex.org/v1, Kind=Site"
DEFINITION = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/sites.ex.org"


def path(version):
    return f"/apis/ex.org/{version}/namespaces/default/sites"


def renamed(request):
    """Objects whose field `host` of v1 is called `hostname` in v2."""
    version = request["desiredAPIVersion"]
    old, new = ("host", "hostname") if version == "ex.org/v2" else ("hostname", "host")
    for obj in request["objects"]:
        obj["apiVersion"] = version
        if old in obj:
            obj[new] = obj.pop(old)
    return request["objects"]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    pki.prepare(folder, [Identity("hook", "hook", hosts=[HOST])], now=datetime.now(UTC))
    return folder


class Hook:
    """A webhook that converts as `convert` says, and keeps what it was asked."""

    def __init__(self):
        self.convert = renamed
        self.change = lambda review: review
        self.asked = []

    async def serve(self, http):
        review = await http.json()
        request = review["request"]
        self.asked.append((len(request["objects"]), request["desiredAPIVersion"]))
        response = {"uid": request["uid"], "result": {"status": "Success"}}
        response["convertedObjects"] = self.convert(request)
        return web.json_response(self.change({**review, "request": None, "response": response}))


@pytest.fixture
async def hook(certificates):
    """The webhook, which listens at its `url`."""
    found = Hook()
    app = web.Application()
    app.router.add_post("/", found.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    context = tls.server(certificates, "hook", certificate_required=False)
    await web.TCPSite(runner, HOST, 0, ssl_context=context).start()
    found.url = f"https://{HOST}:{runner.addresses[0][1]}/"
    yield found
    await runner.cleanup()


@pytest.fixture
async def sites(api, define, hook, certificates):
    """A kind in two versions, stored as v1, with one object."""
    bundle = base64.b64encode((certificates / "ca.crt").read_bytes()).decode()
    text = {"type": "string"}

    def version(name, field):
        schema = {"openAPIV3Schema": {"type": "object", "properties": {field: text}}}
        selectable = [{"jsonPath": f".{field}"}]
        facts = {"served": True, "storage": name == "v1", "selectableFields": selectable}
        return {"name": name, "schema": schema, **facts}

    config = {"url": hook.url, "caBundle": bundle}
    webhook = {"clientConfig": config, "conversionReviewVersions": ["v1"]}
    spec = {
        "conversion": {"strategy": "Webhook", "webhook": webhook},
        "versions": [version("v1", "host"), version("v2", "hostname")],
    }
    await define("Site", group="ex.org", **spec)
    assert (await api.post(path("v1"), {**site("v1", "a"), "host": "x"})).status == 201
    return hook


def site(version, name):
    return {"apiVersion": f"ex.org/{version}", "kind": "Site", "metadata": {"name": name}}


async def test_one_version_is_stored_and_the_webhook_makes_the_other(api, sites):
    assert (await api.get(f"{path('v1')}/a")).body["host"] == "x"
    assert sites.asked == []
    assert (await api.get(f"{path('v2')}/a")).body["hostname"] == "x"
    made = await api.post(path("v2"), {**site("v2", "b"), "hostname": "y"})
    assert (made.status, made.body["hostname"]) == (201, "y")
    assert (await api.get(f"{path('v1')}/b")).body["host"] == "y"
    changed = await api.patch(f"{path('v2')}/a", {"hostname": "z"})
    assert changed.body["hostname"] == "z"
    assert (await api.get(f"{path('v1')}/a")).body["host"] == "z"


async def test_a_list_asks_once_for_all_and_not_again_for_what_has_not_changed(api, sites):
    await api.post(path("v1"), {**site("v1", "b"), "host": "y"})
    found = (await api.get(path("v2"))).body["items"]
    assert [each["hostname"] for each in found] == ["x", "y"]
    assert (await api.get(path("v2"))).body["items"] == found
    assert sites.asked == [(2, "ex.org/v2")]


async def test_selectors_mean_the_version_that_is_asked_for(api, sites):
    await api.post(path("v1"), {**site("v1", "b"), "host": "y"})
    found = (await api.get(f"{path('v2')}?fieldSelector=hostname%3Dy")).body["items"]
    assert [each["metadata"]["name"] for each in found] == ["b"]


async def test_a_watch_shows_what_the_webhook_makes_of_each_change(api, sites):
    revision = (await api.get(path("v2"))).body["metadata"]["resourceVersion"]
    query = f"?watch=1&resourceVersion={revision}&fieldSelector=hostname%3Dy"
    watching = asyncio.create_task(api.watch(path("v2") + query, 2))
    await api.patch(f"{path('v1')}/a", {"host": "y"})
    await api.patch(f"{path('v1')}/a", {"host": "z"})
    added, deleted = await watching
    assert (added["type"], added["object"]["hostname"]) == ("ADDED", "y")
    assert (deleted["type"], deleted["object"]["hostname"]) == ("DELETED", "y")


async def test_a_webhook_may_change_labels_and_nothing_else_of_the_metadata(api, sites):
    def labelled(request):
        for obj in renamed(request):
            obj["metadata"] |= {"labels": {"a": "b"}, "finalizers": ["ex.org/no"]}
        return request["objects"]

    sites.convert = labelled
    meta = (await api.get(f"{path('v2')}/a")).body["metadata"]
    assert meta["labels"] == {"a": "b"}
    assert "finalizers" not in meta


def with_response(**fields):
    return lambda review: {**review, "response": {**review["response"], **fields}}


def with_objects(**fields):
    return lambda request: [{**each, **fields} for each in renamed(request)]


@pytest.mark.parametrize(
    ("convert", "change", "problem"),
    [
        (renamed, with_response(result={"status": "Failure", "message": "no"}), "failed: no"),
        (
            renamed,
            with_response(result={}),
            "failed: response.result.status was '', not 'Success'",
        ),
        (renamed, lambda review: {**review, "response": None}, "failed: no response provided"),
        (lambda request: [], with_response(), "returned 0 objects, expected 1"),
        (
            with_objects(kind="Bar"),
            with_response(),
            "returned invalid object at index 0: invalid kind (expected Site, received Bar)",
        ),
        (
            with_objects(metadata={"name": "b"}),
            with_response(),
            "returned invalid object: must have the same name: a != b",
        ),
    ],
)
async def test_an_answer_that_is_none_fails_the_request(api, sites, convert, change, problem):
    sites.convert, sites.change = convert, change
    answer = await api.get(f"{path('v2')}/a")
    assert (answer.status, answer.message) == (500, f"conversion webhook for {KIND} {problem}")
    answer = await api.get(path("v2"))
    assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
    assert answer.message == (
        "storage is (re)initializing: failed to list ex.org/v2, Kind=Site: "
        f"conversion webhook for {KIND} {problem}"
    )


async def test_what_was_stored_in_another_version_is_read_through_the_webhook(api, sites):
    definition = (await api.get(DEFINITION)).body
    for version in definition["spec"]["versions"]:
        version["storage"] = version["name"] == "v2"
    assert (await api.put(DEFINITION, definition)).status == 200
    async with asyncio.timeout(10):
        while not (await api.patch(f"{path('v2')}/a", {})).body.get("hostname"):
            await asyncio.sleep(0.01)
    sites.asked.clear()
    assert (await api.get(f"{path('v2')}/a")).body["hostname"] == "x"
    assert sites.asked == []
    assert (await api.get(f"{path('v1')}/a")).body["host"] == "x"
