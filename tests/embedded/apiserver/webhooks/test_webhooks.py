"""Webhooks behind a server: real ones, over HTTPS."""

import base64
import json
import random
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web

from kubelearn.embedded.apiserver import ApiServer
from kubelearn.embedded.apiserver.audit import Audit, Policy
from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.audittrail import POLICY
from kubelearn.embedded.launch import pki, tls
from kubelearn.embedded.launch.identities import Identity

HOST = "127.0.0.1"
CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1"
MAPS = "/api/v1/namespaces/default/configmaps"
EVERYTHING = {
    "operations": ["*"],
    "apiGroups": [""],
    "apiVersions": ["v1"],
    "resources": ["configmaps"],
}


class Anybody:
    def authenticate(self, token):
        return User(token, ("system:masters", "system:authenticated"))


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    pki.prepare(folder, [Identity("hook", "hook", hosts=[HOST])], now=datetime.now(UTC))
    return folder


@pytest.fixture
def trail():
    """The audit trail of the server: what makes each line."""
    return []


@pytest.fixture
async def api(store, clock, trail):
    """Send a request to a server; gives the answer's code and body."""
    seed = random.Random(1)
    audit = Audit(Policy.read(POLICY), trail.append, clock=clock, random=seed)
    server = ApiServer(store, clock=clock, random=seed, tokens=[Anybody()], audit=audit)
    await server.start()
    session = aiohttp.ClientSession(f"http://{HOST}:{server.port}")

    async def send(method, path, body=None):
        headers = {"Authorization": "Bearer admin", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body)
        async with session.request(method, path, data=data, headers=headers) as answer:
            return answer.status, await answer.json()

    yield send
    await session.close()
    await server.stop()


@pytest.fixture
async def hook(api, certificates):
    """Serve a webhook and register it; the list it gives gets every request that it was asked."""
    runners = []

    async def make(answer, *, kind="Validating", rules=(EVERYTHING,), **fields):
        asked = []

        async def review(request):
            said = await request.json()
            asked.append(said["request"])
            response = {"uid": said["request"]["uid"], **answer(said["request"])}
            return web.json_response({**said, "request": None, "response": response})

        app = web.Application()
        app.router.add_post("/", review)
        runner = web.AppRunner(app)
        await runner.setup()
        runners.append(runner)
        context = tls.server(certificates, "hook", certificate_required=False)
        site = web.TCPSite(runner, HOST, 0, ssl_context=context)
        await site.start()
        port = runner.addresses[0][1]
        bundle = base64.b64encode((certificates / "ca.crt").read_bytes()).decode()
        name = f"hook{len(runners)}.example.com"
        entry = {
            "name": name,
            "clientConfig": {"url": f"https://{HOST}:{port}/", "caBundle": bundle},
            "rules": list(rules),
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            **fields,
        }
        path = f"{CONFIGURATIONS}/{kind.lower()}webhookconfigurations"
        code, said = await api("POST", path, {"metadata": {"name": name}, "webhooks": [entry]})
        assert code == 201, said
        return asked

    yield make
    for runner in runners:
        await runner.cleanup()


def allow(request):
    return {"allowed": True}


def patching(*operations):
    patch = base64.b64encode(json.dumps(operations).encode()).decode()
    return lambda request: {"allowed": True, "patchType": "JSONPatch", "patch": patch}


async def test_a_webhook_is_told_who_does_what(api, hook):
    asked = await hook(allow)
    code, _ = await api("POST", MAPS, {"metadata": {"name": "a"}, "data": {"x": "1"}})
    assert code == 201
    [request] = asked
    assert request["operation"] == "CREATE"
    assert request["userInfo"]["username"] == "admin"
    assert request["kind"] == {"group": "", "version": "v1", "kind": "ConfigMap"}
    assert request["resource"] == {"group": "", "version": "v1", "resource": "configmaps"}
    assert (request["namespace"], request["name"]) == ("default", "a")
    assert request["object"]["data"] == {"x": "1"}
    assert request["oldObject"] is None


async def test_a_denial_is_what_the_client_gets(api, hook):
    await hook(lambda request: {"allowed": False, "status": {"message": "no", "code": 403}})
    code, said = await api("POST", MAPS, {"metadata": {"name": "a"}})
    assert code == 403
    assert said["message"] == 'admission webhook "hook1.example.com" denied the request: no'


async def test_a_webhook_can_tell_the_audit_trail(api, hook, trail):
    await hook(lambda _: {"allowed": True, "auditAnnotations": {"seen": "yes"}})
    await api("POST", MAPS, {"metadata": {"name": "c"}})
    annotations = json.loads(trail[-1]())["annotations"]
    assert annotations["hook1.example.com/seen"] == "yes"


async def test_deletion_can_be_denied_and_shows_the_old_object(api, hook):
    await api("POST", MAPS, {"metadata": {"name": "a"}})
    rule = {**EVERYTHING, "operations": ["DELETE"]}
    asked = await hook(lambda request: {"allowed": False}, rules=[rule])
    code, said = await api("DELETE", f"{MAPS}/a")
    assert code == 400
    assert said["message"].endswith("denied the request without explanation")
    assert asked[0]["oldObject"]["metadata"]["name"] == "a"
    assert (await api("GET", f"{MAPS}/a"))[0] == 200


async def test_a_mutating_webhook_changes_what_is_stored(api, hook):
    await hook(patching({"op": "add", "path": "/data", "value": {"added": "yes"}}), kind="Mutating")
    _, made = await api("POST", MAPS, {"metadata": {"name": "a"}})
    assert made["data"] == {"added": "yes"}


async def test_a_webhook_is_asked_again_when_a_later_one_changed_the_object(api, hook):
    first = await hook(allow, kind="Mutating", reinvocationPolicy="IfNeeded")
    second = await hook(
        patching({"op": "add", "path": "/data", "value": {"added": "yes"}}), kind="Mutating"
    )
    await api("POST", MAPS, {"metadata": {"name": "a"}})
    assert [each["object"].get("data") for each in first] == [None, {"added": "yes"}]
    assert len(second) == 1


async def test_labels_decide_whether_a_webhook_is_asked(api, hook):
    asked = await hook(allow, objectSelector={"matchLabels": {"watch": "me"}})
    await api("POST", MAPS, {"metadata": {"name": "a"}})
    await api("POST", MAPS, {"metadata": {"name": "b", "labels": {"watch": "me"}}})
    assert [each["name"] for each in asked] == ["b"]


async def test_conditions_decide_too(api, hook):
    condition = {"name": "not-a", "expression": "object.metadata.name != 'a'"}
    asked = await hook(allow, matchConditions=[condition])
    for name in "ab":
        await api("POST", MAPS, {"metadata": {"name": name}})
    assert [each["name"] for each in asked] == ["b"]


@pytest.mark.parametrize(("policy", "code"), [("Fail", 500), ("Ignore", 201)])
async def test_a_webhook_that_does_not_answer_counts_as_its_policy_says(api, hook, policy, code):
    await hook(allow, failurePolicy=policy, clientConfig={"url": f"https://{HOST}:1/"})
    found, said = await api("POST", MAPS, {"metadata": {"name": "a"}})
    assert found == code
    if code == 500:
        start = (
            'Internal error occurred: failed calling webhook "hook1.example.com": failed to call'
        )
        assert said["message"].startswith(start)


async def test_a_webhook_never_judges_webhooks(api, hook):
    rule = {**EVERYTHING, "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"]}
    await hook(lambda request: {"allowed": False}, rules=[rule])
    code, _ = await api(
        "DELETE", f"{CONFIGURATIONS}/validatingwebhookconfigurations/hook1.example.com"
    )
    assert code == 200


def part(resource, *, group="", operation="*"):
    return EVERYTHING | {"apiGroups": [group], "resources": [resource], "operations": [operation]}


@pytest.fixture
async def deployment(api):
    container = {"name": "c", "image": "i"}
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    path = "/apis/apps/v1/namespaces/default/deployments"
    await api("POST", path, {"metadata": {"name": "web"}, "spec": spec})
    return f"{path}/web"


async def test_the_scale_of_an_object_is_seen_and_changed_as_a_scale(api, hook, deployment):
    more = patching({"op": "replace", "path": "/spec/replicas", "value": 7})
    asked = await hook(more, kind="Mutating", rules=[part("deployments/scale", group="apps")])
    code, scale = await api("GET", f"{deployment}/scale")
    scale["spec"]["replicas"] = 5
    code, scale = await api("PUT", f"{deployment}/scale", scale)
    assert (code, scale["spec"]["replicas"]) == (200, 7)
    [request] = asked
    assert request["kind"] == {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    assert request["resource"]["resource"] == "deployments"
    assert (request["subResource"], request["operation"]) == ("scale", "UPDATE")
    assert request["object"]["spec"] == {"replicas": 5}
    assert request["oldObject"]["spec"] == {"replicas": 1}


@pytest.fixture
async def pod(api):
    await api("POST", "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "web"}})
    spec = {"serviceAccountName": "web", "containers": [{"name": "c", "image": "i"}]}
    path = "/api/v1/namespaces/default/pods"
    code, said = await api("POST", path, {"metadata": {"name": "web"}, "spec": spec})
    assert code == 201, said
    return f"{path}/web"


@pytest.mark.parametrize(
    ("name", "group_version", "kind", "fields"),
    [
        ("eviction", "policy/v1", "Eviction", {}),
        ("binding", "v1", "Binding", {"target": {"name": "node"}}),
    ],
)
async def test_what_is_asked_of_a_pod_is_seen_and_not_its_effect(
    api, hook, pod, name, group_version, kind, fields
):
    asked = await hook(allow, rules=[part("pods/*"), part("pods")])
    body = {"apiVersion": group_version, "kind": kind, "metadata": {"name": "web"}, **fields}
    code, said = await api("POST", f"{pod}/{name}", body)
    assert code == 201, said
    [request] = asked
    assert (request["operation"], request["subResource"]) == ("CREATE", name)
    assert request["kind"]["kind"] == request["object"]["kind"] == kind
    assert request["object"]["apiVersion"] == group_version
    assert request["oldObject"] is None


async def test_an_eviction_that_is_refused_leaves_the_pod(api, hook, pod):
    await hook(lambda _: {"allowed": False}, rules=[part("pods/eviction")])
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "web"}}
    code, said = await api("POST", f"{pod}/eviction", body)
    assert (code, said["message"]) == (
        400,
        'admission webhook "hook1.example.com" denied the request without explanation',
    )
    assert (await api("GET", pod))[0] == 200


async def test_reviews_and_ways_to_pods_are_seen_too(api, hook, pod):
    rules = [part("tokenreviews", group="authentication.k8s.io"), part("pods/proxy")]
    asked = await hook(lambda _: {"allowed": False}, rules=rules)
    body = {"spec": {"token": "t"}}
    assert (await api("POST", "/apis/authentication.k8s.io/v1/tokenreviews", body))[0] == 400
    await api("GET", f"{pod}/proxy/a/b")
    review, proxy = asked
    assert review["kind"]["kind"] == "TokenReview"
    assert (proxy["operation"], proxy["subResource"]) == ("CONNECT", "proxy")
    assert proxy["object"] == {"kind": "PodProxyOptions", "apiVersion": "v1", "path": "a/b"}
