from __future__ import annotations

import pytest

from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.authorization import Attributes
from kubelearn.embedded.apiserver.rbac.authorizer import RbacAuthorizer
from kubelearn.embedded.apiserver.rbac.policy import Policy

RBAC = "/apis/rbac.authorization.k8s.io/v1"
HERE = f"{RBAC}/namespaces/default"
PODS = "/api/v1/namespaces/default/pods"
ADA = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "ada"}


def ref(name: str, kind: str = "Role") -> dict[str, str]:
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}


def rules(resources: str, verbs: str) -> list[dict[str, list[str]]]:
    return [{"apiGroups": [""], "resources": resources.split(), "verbs": verbs.split()}]


async def make(api, path: str, name: str, **fields: object) -> None:
    answer = await api.post(path, {"metadata": {"name": name}, **fields})
    assert answer.status == 201, answer.body


async def test_a_role_is_worth_nothing_until_it_is_bound(api) -> None:
    await make(api, f"{HERE}/roles", "reader", rules=rules("pods", "get list"))
    assert (await api.get(PODS, token="ada")).status == 403
    await make(api, f"{HERE}/rolebindings", "readers", roleRef=ref("reader"), subjects=[ADA])
    assert (await api.get(PODS, token="ada")).status == 200
    assert (await api.get("/api/v1/pods", token="ada")).status == 403
    assert (await api.get("/api/v1/namespaces/kube-system/pods", token="ada")).status == 403
    await api.delete(f"{HERE}/rolebindings/readers")
    assert (await api.get(PODS, token="ada")).status == 403


async def test_a_changed_role_counts_at_once(api) -> None:
    await make(api, f"{HERE}/roles", "reader", rules=rules("secrets", "list"))
    await make(api, f"{HERE}/rolebindings", "readers", roleRef=ref("reader"), subjects=[ADA])
    assert (await api.get(PODS, token="ada")).status == 403
    await api.patch(f"{HERE}/roles/reader", {"rules": rules("pods", "list")})
    assert (await api.get(PODS, token="ada")).status == 200


async def test_a_cluster_role_may_be_bound_in_one_namespace(api) -> None:
    await make(api, f"{RBAC}/clusterroles", "reader", rules=rules("pods", "list"))
    reader = ref("reader", "ClusterRole")
    everybody = {**ADA, "kind": "Group", "name": "system:authenticated"}
    await make(api, f"{HERE}/rolebindings", "readers", roleRef=reader, subjects=[everybody])
    assert (await api.get(PODS, token="ada")).status == 200
    assert (await api.get("/api/v1/pods", token="ada")).status == 403
    await make(api, f"{RBAC}/clusterrolebindings", "r", roleRef=reader, subjects=[everybody])
    assert (await api.get("/api/v1/pods", token="ada")).status == 200


async def test_an_account_can_be_bound(api) -> None:
    account = {"kind": "ServiceAccount", "name": "robot", "namespace": "other"}
    await make(api, f"{HERE}/roles", "reader", rules=rules("pods", "list"))
    await make(api, f"{HERE}/rolebindings", "readers", roleRef=ref("reader"), subjects=[account])
    assert (await api.get(PODS, token="system:serviceaccount:other:robot")).status == 200
    assert (await api.get(PODS, token="system:serviceaccount:default:robot")).status == 403


async def test_a_binding_to_nothing_is_told_to_whom_it_binds(api) -> None:
    await make(api, f"{HERE}/rolebindings", "readers", roleRef=ref("no"), subjects=[ADA])
    answer = await api.get(PODS, token="ada")
    assert answer.message.endswith(
        'in the namespace "default": RBAC: role.rbac.authorization.k8s.io "no" not found'
    )


async def test_whoever_is_known_may_discover_and_ask_about_himself(api) -> None:
    for path in ("/api", "/apis/apps/v1", "/openapi/v3", "/version", "/healthz"):
        assert (await api.get(path, token="ada")).status == 200
    review = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    spec = {"resourceAttributes": {"verb": "get", "resource": "pods"}}
    assert (await api.post(review, {"spec": spec}, token="ada")).status == 201


@pytest.mark.parametrize(
    ("user", "verb", "group", "resource", "allowed"),
    [
        ("system:kube-scheduler", "create", "", "bindings", True),
        ("system:kube-scheduler", "delete", "", "nodes", False),
        ("system:kube-proxy", "watch", "discovery.k8s.io", "endpointslices", True),
        ("system:kube-proxy", "watch", "", "secrets", False),
    ],
)
async def test_components_have_their_roles(server, store, user, verb, group, resource, allowed):
    asked = Attributes(User(user), verb, group=group, resource=resource)
    assert RbacAuthorizer(Policy(store)).authorize(asked).allowed is allowed


@pytest.fixture
async def ann(api) -> str:
    """Somebody who may write roles, but not `escalate` nor `bind`, and may list pods."""
    group = ["rbac.authorization.k8s.io"]
    writing = {"apiGroups": group, "resources": ["*"], "verbs": ["create", "update", "get"]}
    subjects = [{**ADA, "name": "ann"}]
    await make(api, f"{RBAC}/clusterroles", "writer", rules=[writing, *rules("pods", "list")])
    binding = {"roleRef": ref("writer", "ClusterRole"), "subjects": subjects}
    await make(api, f"{RBAC}/clusterrolebindings", "writers", **binding)
    return "ann"


async def test_nobody_writes_a_role_that_may_more_than_himself(api, ann) -> None:
    more = {"metadata": {"name": "up"}, "rules": rules("pods", "list delete")}
    answer = await api.post(f"{HERE}/roles", more, token=ann)
    assert answer.status == 403
    assert answer.message == (
        'roles.rbac.authorization.k8s.io "up" is forbidden: user "ann" '
        '(groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently '
        'held:\n{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}'
    )
    less = {"metadata": {"name": "up"}, "rules": rules("pods", "list")}
    assert (await api.post(f"{HERE}/roles", less, token=ann)).status == 201


async def test_nobody_binds_a_role_that_may_more_than_himself(api, ann) -> None:
    binding = {"metadata": {"name": "up"}, "subjects": [ADA]}
    path = f"{RBAC}/clusterrolebindings"
    boss = {**binding, "roleRef": ref("cluster-admin", "ClusterRole")}
    assert (await api.post(path, boss, token=ann)).status == 403
    nothing = {**binding, "roleRef": ref("no", "ClusterRole")}
    assert (await api.post(path, nothing, token=ann)).status == 404
    own = {**binding, "roleRef": ref("writer", "ClusterRole")}
    assert (await api.post(path, own, token=ann)).status == 201


async def test_only_roles_can_be_bound(api, ann) -> None:
    body = {"metadata": {"name": "b"}, "roleRef": {"kind": "Pod", "name": "p"}}
    answer = await api.post(f"{RBAC}/namespaces/default/rolebindings", body, token=ann)
    assert answer.body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'unsupported role reference kind: "Pod"',
        "code": 500,
    }


async def test_administrators_have_their_rights_by_a_binding(server, store) -> None:
    user = User("kubernetes-admin", ("kubeadm:cluster-admins",))
    answer = RbacAuthorizer(Policy(store)).authorize(Attributes(user, "delete", resource="nodes"))
    assert answer.allowed
    assert 'ClusterRoleBinding "kubeadm:cluster-admins"' in answer.reason


async def test_only_administrators_aggregate(api, ann) -> None:
    role = {
        "metadata": {"name": "all"},
        "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]},
    }
    answer = await api.post(f"{RBAC}/clusterroles", role, token=ann)
    assert answer.message.endswith("must have cluster-admin privileges to use the aggregationRule")
    assert (await api.post(f"{RBAC}/clusterroles", role)).status == 201


async def test_the_verb_escalate_lifts_the_limit(api, ann) -> None:
    group = ["rbac.authorization.k8s.io"]
    lift = [{"apiGroups": group, "resources": ["roles"], "verbs": ["escalate"]}]
    await make(api, f"{HERE}/roles", "lift", rules=lift)
    subjects = [{**ADA, "name": ann}]
    await make(api, f"{HERE}/rolebindings", "lift", roleRef=ref("lift"), subjects=subjects)
    role = {"metadata": {"name": "up"}, "rules": rules("secrets", "delete")}
    assert (await api.post(f"{HERE}/roles", role, token=ann)).status == 201


async def test_default_roles_survive_a_restart_as_they_are(api, server, store) -> None:
    path = f"{RBAC}/clusterroles/system:basic-user"
    before = (await api.get(path)).body
    assert before["metadata"]["labels"] == {"kubernetes.io/bootstrapping": "rbac-defaults"}
    await server.stop()
    await server.start()
    assert (await api.get(path)).body == before
