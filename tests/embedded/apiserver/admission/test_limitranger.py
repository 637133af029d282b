from __future__ import annotations

import pytest

NAMESPACE = "/api/v1/namespaces/default"
PODS = f"{NAMESPACE}/pods"


@pytest.fixture
def limits(with_account):
    async def make(*items, name="l"):
        body = {"metadata": {"name": name}, "spec": {"limits": list(items)}}
        assert (await with_account.post(f"{NAMESPACE}/limitranges", body)).status == 201

    return make


@pytest.fixture
def create(with_account, pod):
    async def make(*, init=None, **resources):
        containers = [{"name": "a", "image": "x", "resources": resources}]
        return await with_account.post(PODS, pod(containers=containers, initContainers=init))

    return make


async def test_containers_that_say_nothing_get_the_defaults(create, limits) -> None:
    default = {"cpu": "1", "memory": "256Mi"}
    await limits({"type": "Container", "default": default, "defaultRequest": {"cpu": "100m"}})
    made = (await create(init=[{"name": "i", "image": "x"}], limits={"memory": "1Gi"})).body
    assert made["spec"]["containers"][0]["resources"] == {
        "requests": {"cpu": "100m", "memory": "1Gi"},
        "limits": {"cpu": "1", "memory": "1Gi"},
    }
    # What a LimitRange leaves open it fills in itself: requests follow from limits.
    assert made["metadata"]["annotations"] == {
        "kubernetes.io/limit-ranger": (
            "LimitRanger plugin set: cpu request for container a; cpu limit for container a; "
            "cpu, memory request for init container i; cpu, memory limit for init container i"
        )
    }


async def test_a_container_that_says_all_is_left_alone(create, limits) -> None:
    await limits({"type": "Container", "default": {"cpu": "1"}})
    made = (await create(limits={"cpu": "2"})).body
    assert made["spec"]["containers"][0]["resources"]["limits"] == {"cpu": "2"}
    assert "annotations" not in made["metadata"]


@pytest.mark.parametrize(
    ("limit", "resources", "message"),
    [
        (
            {"min": {"cpu": "100m"}},
            {"limits": {"cpu": "50m"}},
            "minimum cpu usage per Container is 100m, but request is 50m",
        ),
        (
            {"max": {"memory": "1Gi"}},
            {"requests": {"memory": "1Mi"}, "limits": {"memory": "2Gi"}},
            "maximum memory usage per Container is 1Gi, but limit is 2Gi",
        ),
        (
            {"maxLimitRequestRatio": {"cpu": "2"}},
            {"requests": {"cpu": "100m"}, "limits": {"cpu": "500m"}},
            "cpu max limit to request ratio per Container is 2, but provided ratio is 5.000000",
        ),
        (
            {"maxLimitRequestRatio": {"cpu": "2"}},
            {},
            "cpu max limit to request ratio per Container is 2, but no request is specified or "
            "request is 0",
        ),
    ],
)
async def test_what_a_container_goes_beyond_is_named(
    create, limits, limit, resources, message
) -> None:
    await limits({"type": "Container", **limit})
    answer = await create(**resources)
    assert answer.status == 403
    assert answer.message == f'pods "web" is forbidden: {message}'


async def test_limits_of_a_pod_hold_for_all_its_containers_together(
    with_account, pod, limits
) -> None:
    await limits(
        {"type": "Pod", "max": {"cpu": "1"}},
        {"type": "Container", "min": {"memory": "1Mi"}, "default": {"memory": "2Mi"}},
    )
    each = {"image": "x", "resources": {"limits": {"cpu": "750m"}}}
    containers = [{"name": "a", **each}, {"name": "b", **each}]
    answer = await with_account.post(PODS, pod(containers=containers))
    assert answer.message == (
        'pods "web" is forbidden: maximum cpu usage per Pod is 1, but limit is 1500m'
    )


async def test_several_problems_are_told_together_and_each_once(create, limits) -> None:
    bounds = {"min": {"cpu": "1"}, "max": {"memory": "1Mi"}}
    await limits({"type": "Pod", **bounds})
    answer = await create()
    assert answer.message == (
        'pods "web" is forbidden: [minimum cpu usage per Pod is 1.  No request is specified, '
        "maximum memory usage per Pod is 1Mi.  No limit is specified]"
    )


async def test_a_claim_asks_for_neither_too_much_nor_too_little(api, limits) -> None:
    bounds = {"min": {"storage": "1Gi"}, "max": {"storage": "2Gi"}}
    await limits({"type": "PersistentVolumeClaim", **bounds})
    for size, message in (
        ("1Mi", "minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi"),
        ("3Gi", "maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi"),
    ):
        resources = {"requests": {"storage": size}}
        spec = {"accessModes": ["ReadWriteOnce"], "resources": resources}
        body = {"metadata": {"name": "c"}, "spec": spec}
        answer = await api.post(f"{NAMESPACE}/persistentvolumeclaims", body)
        assert answer.message == f'persistentvolumeclaims "c" is forbidden: {message}'


async def test_pods_that_exist_are_not_judged_again(with_account, create, limits) -> None:
    await create()
    await limits({"type": "Container", "min": {"cpu": "1"}})
    answer = await with_account.patch(f"{PODS}/web", {"metadata": {"labels": {"a": "b"}}})
    assert answer.status == 200
