"""What a kubelet may do, and what not: asked of a server as the node `one`."""

from __future__ import annotations

import random

import pytest

from kubelearn.embedded.apiserver import ApiServer
from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.authorization import Attributes
from kubelearn.embedded.apiserver.nodes.authorizer import NodeAuthorizer
from kubelearn.embedded.apiserver.nodes.graph import NodeGraph
from kubelearn.embedded.apiserver.rbac.policy import Policy

NAMESPACE = "/api/v1/namespaces/default"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"


class Kubelets:
    """The token is the user's name: `admin`, or that of a node."""

    def authenticate(self, token):
        if token == "admin":
            return User("admin", ("system:masters", "system:authenticated"))
        if "." in token:
            return None
        return User(f"system:node:{token}", ("system:nodes", "system:authenticated"))


@pytest.fixture
async def server(store, clock):
    started = ApiServer(store, clock=clock, random=random.Random(1), tokens=[Kubelets()])
    await started.start()
    yield started
    await started.stop()


@pytest.fixture
async def cluster(with_account, pod):
    """Two nodes with a pod each, and what the pod of node `one` refers to."""
    api = with_account
    for name in ("one", "two"):
        await api.post("/api/v1/nodes", {"metadata": {"name": name}})
        containers = [
            {
                "name": "a",
                "image": "x",
                "envFrom": [{"secretRef": {"name": f"env-{name}"}}],
                "env": [
                    {
                        "name": "A",
                        "valueFrom": {"configMapKeyRef": {"name": f"map-{name}", "key": "k"}},
                    }
                ],
            }
        ]
        claim = {"name": "v", "persistentVolumeClaim": {"claimName": f"claim-{name}"}}
        secret = {"name": "s", "secret": {"secretName": f"volume-{name}"}}
        spec = {"containers": containers, "volumes": [claim, secret], "nodeName": name}
        made = await api.post(f"{NAMESPACE}/pods", pod(name, **spec))
        assert made.status == 201
        for kind, prefixes in (("secrets", ("env", "volume")), ("configmaps", ("map",))):
            for prefix in prefixes:
                await api.post(f"{NAMESPACE}/{kind}", {"metadata": {"name": f"{prefix}-{name}"}})
    return api


async def test_a_kubelet_reads_what_its_pods_refer_to(cluster) -> None:
    for path in ("secrets/env-one", "secrets/volume-one", "configmaps/map-one", "pods/one"):
        assert (await cluster.get(f"{NAMESPACE}/{path}", token="one")).status == 200
    answer = await cluster.get(f"{NAMESPACE}/secrets/env-two", token="one")
    assert answer.status == 403
    assert answer.message == (
        'secrets "env-two" is forbidden: User "system:node:one" cannot get resource "secrets" in '
        'API group "" in the namespace "default": no relationship found between node \'one\' and '
        "this object"
    )


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/api/v1/namespaces/default/secrets", "No Object name found"),
        ("/api/v1/secrets", "can only read namespaced object of this type"),
        ("/api/v1/nodes", "node 'one' cannot read all nodes, only its own Node object"),
        ("/api/v1/nodes/two", "node 'one' cannot read 'two', only its own Node object"),
        ("/api/v1/pods", "can only list/watch pods with spec.nodeName field selector"),
        (
            "/api/v1/pods?fieldSelector=spec.nodeName%3Dtwo",
            "can only list/watch pods with spec.nodeName field selector",
        ),
        (f"{LEASES}/two", "can only access node lease with the same name as the requesting node"),
        ("/api/v1/persistentvolumes", "can only get individual resources of this type"),
    ],
)
async def test_and_nothing_of_others(cluster, path, reason) -> None:
    answer = await cluster.get(path, token="one")
    assert answer.status == 403
    assert answer.message.endswith(reason)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/nodes/one",
        "/api/v1/nodes?fieldSelector=metadata.name%3Done",
        "/api/v1/pods?fieldSelector=spec.nodeName%3Done",
        "/api/v1/services",
        f"{NAMESPACE}/secrets?fieldSelector=metadata.name%3Denv-one",
        f"{NAMESPACE}/serviceaccounts/default",
    ],
)
async def test_its_own_it_may_read(cluster, path) -> None:
    assert (await cluster.get(path, token="one")).status == 200


async def test_a_volume_is_read_by_way_of_its_claim(cluster) -> None:
    source = {"hostPath": {"path": "/tmp"}}
    common = {"capacity": {"storage": "1Mi"}, "accessModes": ["ReadWriteOnce"], **source}
    for name in ("one", "two"):
        reference = {"namespace": "default", "name": f"claim-{name}"}
        body = {"metadata": {"name": name}, "spec": {**common, "claimRef": reference}}
        assert (await cluster.post("/api/v1/persistentvolumes", body)).status == 201
    assert (await cluster.get("/api/v1/persistentvolumes/one", token="one")).status == 200
    assert (await cluster.get("/api/v1/persistentvolumes/two", token="one")).status == 403


async def test_what_a_pod_that_has_gone_referred_to_is_read_no_more(cluster) -> None:
    secret = f"{NAMESPACE}/secrets/env-one"
    assert (await cluster.get(secret, token="one")).status == 200
    await cluster.delete(f"{NAMESPACE}/pods/one", {"gracePeriodSeconds": 0})
    assert (await cluster.get(secret, token="one")).status == 403


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ({"spec": {"taints": []}}, 'node "one" is not allowed to modify taints'),
        (
            {"metadata": {"labels": {"node-role.kubernetes.io/control-plane": ""}}},
            "is not allowed to modify labels: node-role.kubernetes.io/control-plane",
        ),
        (
            {"metadata": {"labels": {"example.node-restriction.kubernetes.io/a": "b"}}},
            "is not allowed to modify labels: example.node-restriction.kubernetes.io/a",
        ),
    ],
)
async def test_a_node_does_not_draw_pods_to_itself(cluster, patch, message) -> None:
    answer = await cluster.patch("/api/v1/nodes/one", patch, token="one")
    assert (answer.status, answer.message) == (403, f'nodes "one" is forbidden: {message}')


async def test_a_node_writes_about_itself_only(cluster) -> None:
    labels = {"metadata": {"labels": {"kubernetes.io/os": "linux", "example.com/a": "b"}}}
    assert (await cluster.patch("/api/v1/nodes/one", labels, token="one")).status == 200
    answer = await cluster.patch("/api/v1/nodes/two", labels, token="one")
    assert answer.message == (
        'nodes "two" is forbidden: node "one" is not allowed to modify node "two"'
    )
    status = {"status": {"phase": "Running"}}
    assert (await cluster.patch("/api/v1/nodes/one/status", status, token="one")).status == 200
    assert (await cluster.post(LEASES, {"metadata": {"name": "one"}}, token="one")).status == 201
    assert (await cluster.post(LEASES, {"metadata": {"name": "two"}}, token="one")).status == 403


async def test_only_the_status_of_its_own_pods(cluster) -> None:
    status = {"status": {"phase": "Running"}}
    path = f"{NAMESPACE}/pods"
    assert (await cluster.patch(f"{path}/one/status", status, token="one")).status == 200
    answer = await cluster.patch(f"{path}/two/status", status, token="one")
    assert answer.message == (
        'pods "two" is forbidden: node "one" can only update pod status for pods with '
        "spec.nodeName set to itself"
    )
    assert (await cluster.patch(f"{path}/one", status, token="one")).status == 403
    for pod, code in (("two", 403), ("one", 200)):
        body = {"gracePeriodSeconds": 0}
        assert (await cluster.delete(f"{path}/{pod}", body, token="one")).status == code


async def test_a_node_makes_no_pods_but_mirrors(cluster, pod) -> None:
    path = f"{NAMESPACE}/pods"
    answer = await cluster.post(path, pod("new", nodeName="one"), token="one")
    assert answer.message == (
        'pods "new" is forbidden: pod does not have "kubernetes.io/config.mirror" annotation, '
        'node "one" can only create mirror pods'
    )
    mirror = pod("mirror", nodeName="one")
    mirror["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "hash"}
    answer = await cluster.post(path, mirror, token="one")
    assert answer.message.endswith("with an owner reference set to itself")
    node = (await cluster.get("/api/v1/nodes/one")).body["metadata"]
    owner = {"apiVersion": "v1", "kind": "Node", "name": "one", "uid": node["uid"]}
    mirror["metadata"]["ownerReferences"] = [{**owner, "controller": True}]
    mirror["spec"]["automountServiceAccountToken"] = False
    assert (await cluster.post(path, mirror, token="one")).status == 201
    mirror["metadata"]["name"] = "greedy"
    mirror["spec"]["volumes"] = [{"name": "v", "configMap": {"name": "map-two"}}]
    answer = await cluster.post(path, mirror, token="one")
    assert answer.message.endswith('node "one" can not create pods that reference configmaps')


async def test_a_token_is_for_a_pod_of_its_own(cluster) -> None:
    path = f"{NAMESPACE}/serviceaccounts/default/token"
    assert "not bound to a pod" in (await cluster.post(path, {"spec": {}}, token="one")).message
    for name, code in (("one", 201), ("two", 403)):
        uid = (await cluster.get(f"{NAMESPACE}/pods/{name}")).body["metadata"]["uid"]
        bound = {"apiVersion": "v1", "kind": "Pod", "name": name, "uid": uid}
        answer = await cluster.post(path, {"spec": {"boundObjectRef": bound}}, token="one")
        assert answer.status == code
    assert "scheduled on a different node" in answer.message


async def test_a_node_is_known_by_its_name_and_its_group(store) -> None:
    nodes = NodeAuthorizer(Policy(store), NodeGraph(store))
    for user, allowed in (
        (User("system:node:w", ("system:nodes",)), True),
        (User("system:node:w"), False),
        (User("ada", ("system:nodes",)), False),
    ):
        asked = Attributes(user, "create", resource="nodes")
        assert nodes.authorize(asked).allowed is allowed
