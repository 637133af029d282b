from __future__ import annotations

import asyncio

import pytest

NAMESPACE = "/api/v1/namespaces/default"
QUOTAS = f"{NAMESPACE}/resourcequotas"


@pytest.fixture
def quota(with_account):
    """Make a quota of which nothing is used yet, as the controller would say."""

    async def make(name="q", *, spec=None, **hard):
        hard = {key.replace("_", "."): value for key, value in hard.items()}
        body = {"metadata": {"name": name}, "spec": {"hard": hard, **(spec or {})}}
        assert (await with_account.post(QUOTAS, body)).status == 201
        status = {"hard": hard, "used": dict.fromkeys(hard, "0")}
        answer = await with_account.patch(f"{QUOTAS}/{name}/status", {"status": status})
        assert answer.status == 200

    return make


@pytest.fixture
def used(api):
    async def read(name="q"):
        return (await api.get(f"{QUOTAS}/{name}")).body["status"]["used"]

    return read


def asking(pod, name, **resources):
    container = {"name": "a", "image": "x", "resources": resources}
    return pod(name, containers=[container])


async def test_the_last_place_is_given_once(with_account, quota, used, pod) -> None:
    await quota(pods="3")
    create = [with_account.post(f"{NAMESPACE}/pods", pod(f"p{n}")) for n in range(10)]
    answers = await asyncio.gather(*create)
    assert sorted(each.status for each in answers) == [201] * 3 + [403] * 7
    assert await used() == {"pods": "3"}


async def test_a_refusal_says_what_was_asked_used_and_allowed(with_account, quota, pod) -> None:
    await quota(requests_cpu="1", requests_memory="1Gi", pods="9")
    first = asking(pod, "first", requests={"cpu": "750m", "memory": "1Mi"})
    assert (await with_account.post(f"{NAMESPACE}/pods", first)).status == 201
    second = asking(pod, "second", requests={"cpu": "500m", "memory": "1Mi"})
    answer = await with_account.post(f"{NAMESPACE}/pods", second)
    assert (answer.status, answer.body["reason"]) == (403, "Forbidden")
    assert answer.message == (
        'pods "second" is forbidden: exceeded quota: q, requested: requests.cpu=500m, '
        "used: requests.cpu=750m, limited: requests.cpu=1"
    )


async def test_containers_must_say_what_is_limited(with_account, quota, pod) -> None:
    await quota(limits_cpu="1")
    answer = await with_account.post(f"{NAMESPACE}/pods", pod())
    assert answer.status == 403
    assert answer.message == (
        'pods "web" is forbidden: failed quota: q: must specify limits.cpu for: app'
    )


async def test_a_quota_that_nobody_has_counted_yet_holds_nothing_back(with_account, pod) -> None:
    body = {"metadata": {"name": "q"}, "spec": {"hard": {"pods": "0"}}}
    await with_account.post(QUOTAS, body)
    assert (await with_account.post(f"{NAMESPACE}/pods", pod())).status == 201
    await with_account.patch(f"{QUOTAS}/q/status", {"status": {"hard": {"pods": "5"}}})
    answer = await with_account.post(f"{NAMESPACE}/pods", pod("late"))
    assert answer.message == (
        'pods "late" is forbidden: status unknown for quota: q, resources: pods'
    )


async def test_a_dry_run_is_refused_alike_and_costs_nothing(with_account, quota, used, pod) -> None:
    await quota(pods="1")
    path = f"{NAMESPACE}/pods?dryRun=All"
    assert (await with_account.post(path, pod("a"))).status == 201
    assert await used() == {"pods": "0"}
    await with_account.post(f"{NAMESPACE}/pods", pod("a"))
    assert (await with_account.post(path, pod("b"))).status == 403


async def test_an_object_that_is_not_valid_costs_nothing(with_account, quota, used, pod) -> None:
    await quota(pods="1")
    assert (await with_account.post(f"{NAMESPACE}/pods", pod("Not a name"))).status == 422
    assert await used() == {"pods": "0"}


async def test_an_update_that_raises_usage_is_charged_the_difference(api, quota, used) -> None:
    await quota(services_nodeports="2", services="5")
    service = {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}}
    path = f"{NAMESPACE}/services"
    assert (await api.post(path, service)).status == 201
    assert await used() == {"services": "1", "services.nodeports": "0"}
    await api.patch(f"{path}/s", {"spec": {"type": "NodePort"}})
    assert await used() == {"services": "1", "services.nodeports": "1"}
    ports = [{"port": 80 + n, "name": f"p{n}"} for n in range(3)]
    answer = await api.patch(f"{path}/s", {"spec": {"ports": ports}})
    assert answer.message == (
        'services "s" is forbidden: exceeded quota: q, requested: services.nodeports=2, '
        "used: services.nodeports=1, limited: services.nodeports=2"
    )


async def test_any_kind_can_be_counted(api, quota, used) -> None:
    await quota(**{"count/roles.rbac.authorization.k8s.io": "1", "configmaps": "1"})
    path = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles"
    assert (await api.post(path, {"metadata": {"name": "a"}})).status == 201
    answer = await api.post(path, {"metadata": {"name": "b"}})
    assert answer.message == (
        'roles.rbac.authorization.k8s.io "b" is forbidden: exceeded quota: q, requested: '
        "count/roles.rbac.authorization.k8s.io=1, used: count/roles.rbac.authorization.k8s.io=1, "
        "limited: count/roles.rbac.authorization.k8s.io=1"
    )
    await api.post(f"{NAMESPACE}/configmaps", {"metadata": {"name": "a"}})
    assert (await used())["configmaps"] == "1"


async def test_scopes_choose_the_pods_that_count(with_account, quota, used, pod) -> None:
    await quota("best-effort", spec={"scopes": ["BestEffort"]}, pods="1")
    await quota("other", spec={"scopes": ["NotBestEffort"]}, pods="1")
    plain, asks = pod("plain"), asking(pod, "asks", requests={"cpu": "1"})
    for body in (plain, asks):
        assert (await with_account.post(f"{NAMESPACE}/pods", body)).status == 201
    assert await used("best-effort") == await used("other") == {"pods": "1"}


async def test_of_two_quotas_none_is_charged_when_one_refuses(
    with_account, quota, used, pod
) -> None:
    await quota("a", pods="5")
    await quota("b", pods="0")
    assert (await with_account.post(f"{NAMESPACE}/pods", pod())).status == 403
    assert await used("a") == {"pods": "0"}


async def test_a_deadline_moves_a_pod_into_another_scope(with_account, quota, used, pod) -> None:
    await quota("ends", spec={"scopes": ["Terminating"]}, pods="5")
    await with_account.post(f"{NAMESPACE}/pods", pod("web"))
    assert await used("ends") == {"pods": "0"}
    await with_account.patch(f"{NAMESPACE}/pods/web", {"spec": {"activeDeadlineSeconds": 60}})
    assert await used("ends") == {"pods": "1"}
