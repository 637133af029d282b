from __future__ import annotations

import asyncio

import pytest

PODS = "/api/v1/namespaces/default/pods"
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"


async def test_a_namespace_must_exist(api) -> None:
    answer = await api.post("/api/v1/namespaces/no/configmaps", {"metadata": {"name": "a"}})
    assert (answer.status, answer.message) == (404, 'namespaces "no" not found')


async def test_nothing_is_made_in_a_namespace_that_goes(api) -> None:
    await api.post("/api/v1/namespaces", {"metadata": {"name": "n"}})
    await api.delete("/api/v1/namespaces/n")
    answer = await api.post("/api/v1/namespaces/n/configmaps", {"metadata": {"name": "late"}})
    assert answer.status == 403
    assert answer.message == (
        'configmaps "late" is forbidden: unable to create new content in namespace n because it '
        "is being terminated"
    )
    assert answer.body["details"]["causes"] == [
        {
            "reason": "NamespaceTerminating",
            "message": "namespace n is being terminated",
            "field": "metadata.namespace",
        }
    ]


async def test_a_pod_runs_as_the_default_account_and_gets_its_token(with_account, pod) -> None:
    spec = (await with_account.post(PODS, pod())).body["spec"]
    assert (spec["serviceAccountName"], spec["serviceAccount"]) == ("default", "default")
    [volume] = spec["volumes"]
    assert volume["name"].startswith("kube-api-access-")
    assert spec["containers"][0]["volumeMounts"] == [
        {"name": volume["name"], "readOnly": True, "mountPath": TOKEN}
    ]


async def test_a_pod_may_do_without_a_token(with_account, pod) -> None:
    spec = (await with_account.post(PODS, pod(automountServiceAccountToken=False))).body["spec"]
    assert "volumes" not in spec


async def test_an_account_that_is_missing_is_named(with_account, pod, clock) -> None:
    creating = asyncio.create_task(with_account.post(PODS, pod(serviceAccountName="robot")))
    while not creating.done():
        await clock.advance(1)
    answer = creating.result()
    assert answer.status == 403
    assert answer.message == (
        'pods "web" is forbidden: error looking up service account default/robot: '
        'serviceaccount "robot" not found'
    )


async def test_a_pod_waits_for_the_default_account_of_a_new_namespace(api, pod, clock) -> None:
    creating = asyncio.create_task(api.post(PODS, pod()))
    for _ in range(100):
        await asyncio.sleep(0.001)
        if clock._sleepers:
            break
    made = await api.post(
        "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}}
    )
    assert made.status == 201
    await clock.advance(0.05)
    assert (await creating).status == 201


async def test_pods_tolerate_silent_nodes_for_five_minutes(with_account, pod) -> None:
    mine = {
        "key": "node.kubernetes.io/not-ready",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 1,
    }
    spec = (await with_account.post(PODS, pod(tolerations=[mine]))).body["spec"]
    assert spec["tolerations"] == [
        mine,
        {
            "key": "node.kubernetes.io/unreachable",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": 300,
        },
    ]


async def test_priority_comes_from_the_class(with_account, pod) -> None:
    api = with_account
    plain = (await api.post(PODS, pod("plain"))).body["spec"]
    assert (plain["priority"], plain["preemptionPolicy"]) == (0, "PreemptLowerPriority")
    important = await api.post(PODS, pod("important", priorityClassName="system-node-critical"))
    assert important.body["spec"]["priority"] == 2_000_001_000
    classes = "/apis/scheduling.k8s.io/v1/priorityclasses"
    await api.post(classes, {"metadata": {"name": "low"}, "value": -5, "globalDefault": True})
    usual = (await api.post(PODS, pod("usual"))).body["spec"]
    assert (usual["priority"], usual["priorityClassName"]) == (-5, "low")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"priorityClassName": "no"}, "no PriorityClass with name no was found"),
        ({"priority": 7}, "the integer value of priority (7) must not be provided in pod spec"),
    ],
)
async def test_a_priority_of_ones_own_is_refused(with_account, pod, spec, message) -> None:
    answer = await with_account.post(PODS, pod(**spec))
    assert answer.status == 403
    assert message in answer.message


async def test_a_new_node_takes_no_pods_yet(api) -> None:
    node = (await api.post("/api/v1/nodes", {"metadata": {"name": "n"}})).body
    assert node["spec"]["taints"] == [
        {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
    ]
