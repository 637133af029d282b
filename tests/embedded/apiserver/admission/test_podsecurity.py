from __future__ import annotations

import json

import pytest

NAMESPACES = "/api/v1/namespaces"
NAMESPACE = f"{NAMESPACES}/default"
PODS = f"{NAMESPACE}/pods"
PREFIX = "pod-security.kubernetes.io/"


@pytest.fixture
def label(with_account):
    async def set_labels(**labels):
        named = {PREFIX + name.replace("_", "-"): value for name, value in labels.items()}
        return await with_account.patch(NAMESPACE, {"metadata": {"labels": named}})

    return set_labels


def warnings(answer):
    return [
        json.loads(each.removeprefix("299 - ")) for each in answer.headers.getall("Warning", [])
    ]


def bad(pod, name="bad"):
    privileged = {"name": "a", "image": "x", "securityContext": {"privileged": True}}
    return pod(name, containers=[privileged])


async def test_what_violates_the_enforced_level_is_refused(with_account, pod, label) -> None:
    assert (await with_account.post(PODS, bad(pod, "early"))).status == 201
    await label(enforce="baseline")
    answer = await with_account.post(PODS, bad(pod))
    assert (answer.status, answer.body["reason"]) == (403, "Forbidden")
    assert answer.message == (
        'pods "bad" is forbidden: violates PodSecurity "baseline:latest": privileged '
        '(container "a" must not set securityContext.privileged=true)'
    )
    assert warnings(answer) == []
    assert (await with_account.post(PODS, pod("good"))).status == 201


async def test_a_version_is_part_of_the_level(with_account, pod, label) -> None:
    await label(enforce="restricted", enforce_version="v1.7")
    answer = await with_account.post(PODS, pod())
    assert 'violates PodSecurity "restricted:v1.7": runAsNonRoot != true' in answer.message


async def test_a_warning_lets_pass(with_account, pod, label) -> None:
    await label(warn="baseline")
    answer = await with_account.post(PODS, bad(pod))
    assert answer.status == 201
    assert warnings(answer) == [
        'would violate PodSecurity "baseline:latest": privileged (container "a" must not set '
        "securityContext.privileged=true)"
    ]


async def test_of_a_workload_whose_pods_would_be_refused_there_is_a_warning(
    with_account, deployment, label
) -> None:
    await label(enforce="restricted")
    path = "/apis/apps/v1/namespaces/default/deployments"
    answer = await with_account.post(path, deployment())
    assert answer.status == 201
    [warning] = warnings(answer)
    assert warning.startswith('would violate PodSecurity "restricted:latest": allowPrivilege')
    job = {
        "template": {"spec": deployment()["spec"]["template"]["spec"] | {"restartPolicy": "Never"}}
    }
    cron = {
        "metadata": {"name": "c"},
        "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": job}},
    }
    answer = await with_account.post("/apis/batch/v1/namespaces/default/cronjobs", cron)
    assert (answer.status, len(warnings(answer))) == (201, 1)


async def test_pods_that_are_there_are_told_of(with_account, pod, label) -> None:
    for name in ("b", "a", "c"):
        await with_account.post(PODS, bad(pod, name))
    await with_account.post(PODS, pod("host", hostPID=True))
    answer = await label(enforce="baseline")
    assert answer.status == 200
    assert warnings(answer) == [
        'existing pods in namespace "default" violate the new PodSecurity enforce level '
        '"baseline:latest"',
        "a (and 2 other pods): privileged",
        "host: host namespaces",
    ]
    assert warnings(await label(enforce="privileged")) == []


async def test_what_does_not_change_is_not_judged_again(with_account, pod, label) -> None:
    await with_account.post(PODS, bad(pod))
    await label(enforce="baseline")
    labelled = await with_account.patch(f"{PODS}/bad", {"metadata": {"labels": {"x": "y"}}})
    assert labelled.status == 200
    other = {"spec": {"containers": [{"name": "a", "image": "other"}]}}
    answer = await with_account.patch(f"{PODS}/bad", other, kind="strategic")
    assert (answer.status, "violates PodSecurity" in answer.message) == (403, True)


async def test_a_container_that_is_added_is_judged(with_account, pod, label) -> None:
    await with_account.post(PODS, pod("web"))
    await label(enforce="baseline")
    debugger = {"name": "d", "image": "x", "securityContext": {"privileged": True}}
    patch = {"spec": {"ephemeralContainers": [debugger]}}
    path = f"{PODS}/web/ephemeralcontainers"
    answer = await with_account.patch(path, patch, kind="strategic")
    assert 'privileged (container "d" must not' in answer.message


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            {"enforce": "strict"},
            'Invalid value: "strict": must be one of privileged, baseline, restricted',
        ),
        ({"warn-version": "1.30"}, 'Invalid value: "1.30": must be "latest" or "v1.x"'),
    ],
)
async def test_labels_must_make_sense(api, labels, message) -> None:
    named = {PREFIX + name: value for name, value in labels.items()}
    answer = await api.post(NAMESPACES, {"metadata": {"name": "n", "labels": named}})
    [label] = named
    assert answer.status == 422
    assert answer.message == f'Namespace "n" is invalid: metadata.labels[{label}]: {message}'
