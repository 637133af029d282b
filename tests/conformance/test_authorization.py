"""Who may do what: roles, bindings, the accounts of pods and their tokens."""

from __future__ import annotations

import pytest
from kubernetes import client

RBAC = "rbac.authorization.k8s.io"


@pytest.fixture(scope="session")
def rbac(api):
    return client.RbacAuthorizationV1Api(api)


@pytest.fixture
def acting_as(cluster, api):
    """The core API as somebody else: with a token, or as an administrator who impersonates."""
    made = []

    def build(*, user="", token=""):
        configuration = api.configuration
        if token:
            configuration = client.Configuration(host=api.configuration.host)
            configuration.ssl_ca_cert = api.configuration.ssl_ca_cert
            configuration.api_key = {"authorization": f"Bearer {token}"}
        made.append(other := client.ApiClient(configuration))
        if user:
            other.default_headers = {**api.default_headers, "Impersonate-User": user}
        return client.CoreV1Api(other)

    yield build
    for each in made:
        each.close()


@pytest.fixture
def grant(rbac, namespace):
    """Let a subject use verbs on resources of the test's namespace."""

    def make(name, subject, rules):
        rbac.create_namespaced_role(namespace, {"metadata": {"name": name}, "rules": rules})
        binding = {
            "metadata": {"name": name},
            "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": name},
            "subjects": [subject],
        }
        rbac.create_namespaced_role_binding(namespace, binding)

    return make


def rule(resource, *verbs, **more):
    return {"apiGroups": [""], "resources": [resource], "verbs": list(verbs), **more}


def user(name):
    return {"apiGroup": RBAC, "kind": "User", "name": name}


def test_a_user_may_nothing_until_a_role_is_bound(acting_as, grant, namespace, refused, eventually):
    jane = acting_as(user="jane")
    status = refused(jane.list_namespaced_pod, namespace)
    assert (status["code"], status["reason"]) == (403, "Forbidden")
    assert status["message"] == (
        'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the '
        f'namespace "{namespace}"'
    )
    grant("reader", user("jane"), [rule("pods", "get", "list")])
    eventually(lambda: allowed(jane.list_namespaced_pod, namespace))
    assert refused(jane.list_namespaced_secret, namespace)["code"] == 403
    assert refused(jane.list_pod_for_all_namespaces)["code"] == 403


def allowed(call, *args):
    try:
        call(*args)
    except client.ApiException as error:
        if error.status != 403:
            raise
        return False
    return True


def test_a_rule_can_name_single_objects(core, acting_as, grant, namespace, refused, eventually):
    for name in ("open", "closed"):
        core.create_namespaced_config_map(namespace, {"metadata": {"name": name}})
    grant("one", user("jane"), [rule("configmaps", "get", resourceNames=["open"])])
    jane = acting_as(user="jane")
    eventually(lambda: allowed(jane.read_namespaced_config_map, "open", namespace))
    assert refused(jane.read_namespaced_config_map, "closed", namespace)["code"] == 403
    assert refused(jane.list_namespaced_config_map, namespace)["code"] == 403


def test_nobody_grants_more_than_he_has(
    api, rbac, acting_as, grant, namespace, refused, eventually
):
    writing = {"apiGroups": [RBAC], "resources": ["roles"], "verbs": ["create"]}
    grant("writer", user("ann"), [writing, rule("pods", "get")])
    ann = client.RbacAuthorizationV1Api(acting_as(user="ann").api_client)
    less = {"metadata": {"name": "less"}, "rules": [rule("pods", "get")]}
    eventually(lambda: allowed(ann.create_namespaced_role, namespace, less))
    more = {"metadata": {"name": "more"}, "rules": [rule("pods", "get", "delete")]}
    message = refused(ann.create_namespaced_role, namespace, more)["message"]
    assert "is attempting to grant RBAC permissions not currently held" in message
    assert message.endswith('{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}')


def test_the_roles_view_and_edit_have_their_rules(rbac, eventually, has_nodes, lacking):
    if not has_nodes:
        lacking("nobody aggregates roles here")

    def rules(name):
        found = rbac.read_cluster_role(name).rules or []
        return {(resource, verb) for r in found for resource in r.resources for verb in r.verbs}

    eventually(lambda: ("pods", "list") in rules("view"))
    assert ("secrets", "list") not in rules("view")
    eventually(lambda: ("secrets", "list") in rules("edit"))


def test_a_user_can_ask_what_he_may_do(api, acting_as, grant, namespace, eventually):
    grant("reader", user("jane"), [rule("pods", "list")])
    jane = client.AuthorizationV1Api(acting_as(user="jane").api_client)

    def may(verb):
        asked = {"namespace": namespace, "verb": verb, "resource": "pods"}
        body = {"spec": {"resourceAttributes": asked}}
        return jane.create_self_subject_access_review(body).status

    eventually(lambda: may("list").allowed)
    assert may("list").reason == (
        f'RBAC: allowed by RoleBinding "reader/{namespace}" of Role "reader" to User "jane"'
    )
    assert not may("delete").allowed


def test_an_account_acts_with_its_token(core, acting_as, grant, namespace, refused, eventually):
    core.create_namespaced_service_account(namespace, {"metadata": {"name": "robot"}})
    request = {"spec": {"expirationSeconds": 600}}
    issued = core.create_namespaced_service_account_token("robot", namespace, request)
    robot = acting_as(token=issued.status.token)
    message = refused(robot.list_namespaced_pod, namespace)["message"]
    assert f'User "system:serviceaccount:{namespace}:robot" cannot list' in message
    account = {"kind": "ServiceAccount", "name": "robot", "namespace": namespace}
    grant("reader", account, [rule("pods", "list")])
    eventually(lambda: allowed(robot.list_namespaced_pod, namespace))


def test_a_token_ends_with_its_account(core, acting_as, namespace, eventually):
    core.create_namespaced_service_account(namespace, {"metadata": {"name": "robot"}})
    issued = core.create_namespaced_service_account_token("robot", namespace, {"spec": {}})
    robot = acting_as(token=issued.status.token)
    core.delete_namespaced_service_account("robot", namespace)

    def status():
        try:
            robot.list_namespaced_pod(namespace)
        except client.ApiException as error:
            return error.status

    eventually(lambda: status() == 401)


@pytest.mark.parametrize("way", ["exec", "attach", "portforward"])
def test_a_way_into_a_pod_takes_the_verb_create(
    acting_as, grant, namespace, refused, eventually, way
):
    grant("looker", user("jane"), [rule(f"pods/{way}", "get"), rule("pods", "get", "list")])
    jane = acting_as(user="jane")
    eventually(lambda: allowed(jane.list_namespaced_pod, namespace))
    # A WebSocket begins with GET, but `get` alone must not be enough.
    status = refused(getattr(jane, f"connect_get_namespaced_pod_{way}"), "p", namespace)
    assert status["code"] == 403
    assert status["message"] == 'pods "p" is forbidden: '


@pytest.mark.parametrize(
    ("account", "verb", "resource", "allowed"),
    [
        ("deployment-controller", "create", "apps/replicasets", True),
        ("deployment-controller", "update", "apps/deployments/status", True),
        ("deployment-controller", "create", "/pods", False),
        ("replicaset-controller", "create", "/pods", True),
        ("replicaset-controller", "update", "apps/deployments", False),
        ("job-controller", "create", "/pods", True),
        ("generic-garbage-collector", "delete", "/configmaps", True),
        ("generic-garbage-collector", "create", "/configmaps", False),
        ("endpointslice-controller", "create", "discovery.k8s.io/endpointslices", True),
        ("endpoint-controller", "update", "/endpoints", True),
        ("expand-controller", "update", "/persistentvolumeclaims/status", True),
        ("namespace-controller", "deletecollection", "/secrets", True),
    ],
)
def test_each_controller_may_do_its_own_work(api, account, verb, resource, allowed):
    group, plural, *sub = resource.split("/")
    attributes = {"namespace": "default", "verb": verb, "group": group, "resource": plural}
    spec = {
        "user": f"system:serviceaccount:kube-system:{account}",
        "groups": ["system:serviceaccounts", "system:serviceaccounts:kube-system"],
        "resourceAttributes": {**attributes, "subresource": "".join(sub)},
    }
    review = client.AuthorizationV1Api(api).create_subject_access_review({"spec": spec})
    assert bool(review.status.allowed) is allowed


@pytest.mark.needs_nodes
def test_controllers_have_accounts_in_kube_system(core, eventually):
    wanted = {"deployment-controller", "generic-garbage-collector", "job-controller"}

    def accounts():
        found = core.list_namespaced_service_account("kube-system").items
        return {each.metadata.name for each in found}

    assert eventually(lambda: wanted <= accounts())


FETCH_KEYS = """
import json, ssl, urllib.request
folder = "/var/run/secrets/kubernetes.io/serviceaccount"
trust = ssl.create_default_context(cafile=f"{folder}/ca.crt")
headers = {"Authorization": "Bearer " + open(f"{folder}/token").read()}
def fetch(url):
    request = urllib.request.Request(url, headers=headers)
    return json.load(urllib.request.urlopen(request, context=trust, timeout=20))
found = fetch("https://kubernetes.default.svc/.well-known/openid-configuration")
print([key["use"] for key in fetch(found["jwks_uri"])["keys"]])
"""


@pytest.mark.needs_nodes
def test_a_pod_can_fetch_the_keys_that_sign_tokens(pods):
    pods.python(FETCH_KEYS)
    pods.finished()
    assert pods.log() == "['sig']\n"
