"""One request as HTTP, for kubectl and in Python."""

from __future__ import annotations

import ast
import shlex

import pytest

from kubelearn.clusters.transport import APPLY_PATCH, MERGE_PATCH
from kubelearn.errors import ManifestError
from kubelearn.objects import CONFIG_MAPS, DEPLOYMENTS, PODS, ROLE_BINDINGS, Resource
from kubelearn.widgets.apirequest import ApiRequest, Target
from kubelearn.widgets.identity import KINDS, Identity
from kubelearn.widgets.requestexamples import examples

HOST = "https://127.0.0.1:6443"
MAPS = CONFIG_MAPS.path("demo")
DEPLOYMENT = DEPLOYMENTS.path("demo", "web")
NODES = Resource("", "v1", "nodes", "Node", namespaced=False)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/api/v1/namespaces/demo/pods/p/log", Target("v1", "pods", "demo", "p", "log")),
        ("/apis/apps/v1/deployments", Target("apps/v1", "deployments")),
        ("/api/v1/namespaces/demo", Target("v1", "namespaces", "", "demo")),
        ("/api/v1/nodes/n?pretty=true", Target("v1", "nodes", "", "n")),
        ("/version", None),
    ],
)
def test_a_path_says_what_it_leads_to(path, target):
    assert ApiRequest("GET", path).target == target


@pytest.mark.parametrize(
    ("request_", "line"),
    [
        (ApiRequest("GET", MAPS), "get configmaps -n demo -o yaml"),
        (ApiRequest("GET", "/version"), "get --raw /version"),
        (ApiRequest("POST", MAPS, "{}"), "create -f request.yaml -n demo"),
        (
            ApiRequest("POST", f"{MAPS}?dryRun=All", "{}"),
            "create -f request.yaml -n demo --dry-run=server",
        ),
        (
            ApiRequest("POST", f"{MAPS}?fieldValidation=Strict", "{}"),
            "create -f request.yaml -n demo --validate=strict",
        ),
        (ApiRequest("GET", f"{MAPS}?limit=1"), f"get --raw {MAPS}?limit=1"),
        (ApiRequest("PUT", f"{MAPS}/a", "{}"), "replace -f request.yaml -n demo"),
        (
            ApiRequest("PATCH", f"{DEPLOYMENT}/scale", "spec: {replicas: 2}", MERGE_PATCH),
            'patch deployments web --type=merge -p {"spec":{"replicas":2}} '
            "--subresource=scale -n demo",
        ),
        (
            ApiRequest("PATCH", DEPLOYMENT, "{}", APPLY_PATCH),
            "apply --server-side -f request.yaml -n demo",
        ),
        (ApiRequest("DELETE", DEPLOYMENT), "delete deployments web -n demo"),
        (
            ApiRequest("POST", f"{PODS.path('demo', 'p')}/eviction", "{}"),
            "create --raw /api/v1/namespaces/demo/pods/p/eviction -f request.json",
        ),
    ],
)
def test_kubectl_is_told_the_same(request_, line):
    assert shlex.split(request_.kubectl(CONFIG_MAPS, HOST)) == ["kubectl", *line.split()]


def test_what_the_server_does_not_know_is_asked_for_by_its_path():
    request = ApiRequest("GET", "/apis/apps/v1/deploymentz")
    assert request.kubectl(None, HOST) == "kubectl get --raw /apis/apps/v1/deploymentz"


@pytest.mark.parametrize(
    ("request_", "resource", "call"),
    [
        (ApiRequest("GET", MAPS), CONFIG_MAPS, "CoreV1Api(api).list_namespaced_config_map('demo')"),
        (ApiRequest("GET", "/api/v1/pods"), PODS, "CoreV1Api(api).list_pod_for_all_namespaces()"),
        (ApiRequest("GET", "/api/v1/nodes/n"), NODES, "CoreV1Api(api).read_node('n')"),
        (
            ApiRequest("PUT", f"{DEPLOYMENT}/status", "{}"),
            DEPLOYMENTS,
            "AppsV1Api(api).replace_namespaced_deployment_status('web', 'demo', body)",
        ),
        (
            ApiRequest("DELETE", ROLE_BINDINGS.path("demo", "b")),
            ROLE_BINDINGS,
            "RbacAuthorizationV1Api(api).delete_namespaced_role_binding('b', 'demo')",
        ),
    ],
)
def test_in_python_it_is_the_typed_call_of_the_official_client(request_, resource, call):
    assert request_.python(resource, HOST).splitlines()[-1] == f"client.{call}"


def test_what_the_official_client_has_no_call_for_is_sent_plainly():
    lines = ApiRequest("GET", "/version").python(None, HOST)
    assert lines.endswith("send(api, 'GET', '/version')")


def test_over_the_wire_goes_json_whatever_was_typed():
    request = ApiRequest("POST", MAPS, "data: {a: 'yes'}", identity=Identity("user", "jane"))
    head, _, body = request.http(HOST).partition("\n\n")
    assert head.splitlines() == [
        f"POST {MAPS} HTTP/1.1",
        "Host: 127.0.0.1:6443",
        "Accept: application/json",
        "Impersonate-User: jane",
        "Content-Type: application/json",
    ]
    assert ast.literal_eval(body) == {"data": {"a": "yes"}}


def test_a_body_that_is_no_yaml_is_refused_before_it_is_sent():
    with pytest.raises(ManifestError, match="no YAML"):
        _ = ApiRequest("POST", MAPS, "a: [").body


@pytest.mark.parametrize("kind", KINDS)
def test_every_identity_can_be_written_down(kind):
    identity = Identity(kind, "somebody", "demo")
    request = ApiRequest("GET", MAPS, identity=identity)
    ast.parse(request.python(CONFIG_MAPS, HOST))
    # kubectl would ask for a user name.
    program = "curl" if kind == "none" else "kubectl"
    assert shlex.split(request.kubectl(CONFIG_MAPS, HOST))[0] == program
    # Only a client that shows no certificate is taken for somebody else.
    bare = "--kubeconfig=/dev/null" in request.kubectl(CONFIG_MAPS, HOST)
    assert bare == (kind in ("token", "account"))


def test_without_credentials_curl_sends_the_body_from_a_file():
    request = ApiRequest("POST", MAPS, "{}", identity=Identity("none"))
    assert shlex.split(request.kubectl(CONFIG_MAPS, HOST)) == [
        *("curl", "--cacert", "ca.crt", "-X", "POST", f"{HOST}{MAPS}"),
        *("-H", "Content-Type: application/json", "-d", "@request.json"),
    ]


def test_every_example_can_be_written_down():
    for each in examples("demo").values():
        ast.parse(each.request.python(None, HOST))
        assert each.request.http(HOST).startswith(each.request.method)
