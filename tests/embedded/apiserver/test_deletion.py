from __future__ import annotations

import pytest

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
HOLD = "example.com/hold"


async def bind(api, name: str) -> None:
    target = {"metadata": {"name": name}, "target": {"kind": "Node", "name": "worker"}}
    assert (await api.post(f"{PODS}/{name}/binding", target)).status == 201


async def test_a_plain_object_is_gone_and_a_status_names_it(api) -> None:
    created = (await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})).body
    answer = await api.delete(f"{CONFIG_MAPS}/a")
    assert answer.body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {"name": "a", "kind": "configmaps", "uid": created["metadata"]["uid"]},
    }
    assert (await api.get(f"{CONFIG_MAPS}/a")).status == 404


async def test_finalizers_hold_an_object_until_the_last_is_gone(api) -> None:
    await api.post(CONFIG_MAPS, {"metadata": {"name": "a", "finalizers": [HOLD]}})
    meta = (await api.delete(f"{CONFIG_MAPS}/a")).body["metadata"]
    assert meta["deletionTimestamp"] == "2026-01-01T12:00:00Z"
    assert (meta["deletionGracePeriodSeconds"], meta["finalizers"]) == (0, [HOLD])
    freed = await api.patch(f"{CONFIG_MAPS}/a", {"metadata": {"finalizers": None}})
    assert freed.status == 200
    assert (await api.get(f"{CONFIG_MAPS}/a")).status == 404


async def test_preconditions_must_hold(api) -> None:
    created = (await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})).body["metadata"]
    answer = await api.delete(f"{CONFIG_MAPS}/a", {"preconditions": {"uid": "other"}})
    assert answer.status == 409
    assert answer.message == (
        'Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (other) does '
        f"not match the UID in record ({created['uid']}). "
        "The object might have been deleted and then recreated"
    )
    answer = await api.delete(f"{CONFIG_MAPS}/a", {"preconditions": {"resourceVersion": "1"}})
    assert "the ResourceVersion in the precondition (1)" in answer.message
    right = {"uid": created["uid"], "resourceVersion": created["resourceVersion"]}
    assert (await api.delete(f"{CONFIG_MAPS}/a", {"preconditions": right})).status == 200


@pytest.mark.parametrize(
    ("options", "finalizers"),
    [
        ({"propagationPolicy": "Foreground"}, ["foregroundDeletion"]),
        ({"propagationPolicy": "Orphan"}, ["orphan"]),
        ({"orphanDependents": True}, ["orphan"]),
    ],
)
async def test_the_propagation_policy_becomes_a_finalizer(api, options, finalizers) -> None:
    await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})
    meta = (await api.delete(f"{CONFIG_MAPS}/a", options)).body["metadata"]
    assert meta["finalizers"] == finalizers


async def test_background_is_the_default(api, deployment) -> None:
    deployments = "/apis/apps/v1/namespaces/default/deployments"
    await api.post(deployments, deployment())
    assert (await api.delete(f"{deployments}/web")).body["status"] == "Success"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"propagationPolicy": "Sideways"},
            'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: '
            '"Sideways": supported values: "Foreground", "Background", "Orphan", "nil"',
        ),
        (
            {"propagationPolicy": "Orphan", "orphanDependents": True},
            'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": '
            "orphanDependents and deletionPropagation cannot be both set",
        ),
    ],
)
async def test_bad_options_are_refused(api, options, message) -> None:
    await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})
    answer = await api.delete(f"{CONFIG_MAPS}/a", options)
    assert (answer.status, answer.message) == (422, message)


async def test_an_object_is_no_options(api) -> None:
    made = (await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})).body
    answer = await api.delete(f"{CONFIG_MAPS}/a", made)
    assert answer.status == 400
    assert answer.message.startswith('no kind "ConfigMap" is registered for version "v1" in scheme')
    assert (await api.get(f"{CONFIG_MAPS}/a")).status == 200


async def test_options_may_come_in_the_query(api) -> None:
    await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})
    answer = await api.delete(f"{CONFIG_MAPS}/a?propagationPolicy=Foreground")
    assert answer.body["metadata"]["finalizers"] == ["foregroundDeletion"]


async def test_a_dry_run_deletes_nothing(api) -> None:
    await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})
    assert (await api.delete(f"{CONFIG_MAPS}/a?dryRun=All")).body["status"] == "Success"
    assert (await api.get(f"{CONFIG_MAPS}/a")).status == 200


async def test_an_unscheduled_pod_vanishes_at_once(with_account, pod) -> None:
    api = with_account
    await api.post(PODS, pod())
    meta = (await api.delete(f"{PODS}/web")).body["metadata"]
    assert (meta["deletionGracePeriodSeconds"], meta["generation"]) == (0, 2)
    assert (await api.get(f"{PODS}/web")).status == 404


async def test_a_scheduled_pod_gets_its_grace(with_account, pod) -> None:
    api = with_account
    await api.post(PODS, pod())
    await bind(api, "web")
    meta = (await api.delete(f"{PODS}/web")).body["metadata"]
    assert meta["deletionTimestamp"] == "2026-01-01T12:00:30Z"
    assert (meta["deletionGracePeriodSeconds"], meta["generation"]) == (30, 2)
    assert (await api.get(f"{PODS}/web")).status == 200


async def test_grace_can_be_shortened_but_not_lengthened(with_account, pod) -> None:
    api = with_account
    await api.post(PODS, pod())
    await bind(api, "web")
    await api.delete(f"{PODS}/web?gracePeriodSeconds=20")
    longer = (await api.delete(f"{PODS}/web?gracePeriodSeconds=25")).body["metadata"]
    assert longer["deletionGracePeriodSeconds"] == 20
    shorter = (await api.delete(f"{PODS}/web?gracePeriodSeconds=5")).body["metadata"]
    assert shorter["deletionTimestamp"] == "2026-01-01T12:00:05Z"
    assert shorter["deletionGracePeriodSeconds"] == 5
    await api.delete(f"{PODS}/web?gracePeriodSeconds=0")
    assert (await api.get(f"{PODS}/web")).status == 404


async def test_the_kubelets_last_word_removes_a_pod(with_account, pod) -> None:
    api = with_account
    await api.post(PODS, pod(terminationGracePeriodSeconds=7))
    await bind(api, "web")
    uid = (await api.delete(f"{PODS}/web")).body["metadata"]["uid"]
    last = {"gracePeriodSeconds": 0, "preconditions": {"uid": uid}}
    assert (await api.delete(f"{PODS}/web", last)).status == 200
    assert (await api.get(f"{PODS}/web")).status == 404


async def test_a_collection_is_deleted_by_selector_and_listed(api) -> None:
    for name, go in (("a", "yes"), ("b", "no"), ("c", "yes")):
        await api.post(CONFIG_MAPS, {"metadata": {"name": name, "labels": {"go": go}}})
    answer = await api.delete(f"{CONFIG_MAPS}?labelSelector=go%3Dyes")
    assert answer.body["kind"] == "ConfigMapList"
    assert [each["metadata"]["name"] for each in answer.body["items"]] == ["a", "c"]
    left = (await api.get(CONFIG_MAPS)).body["items"]
    assert [each["metadata"]["name"] for each in left] == ["b"]


async def test_a_namespace_stays_until_it_is_finalized(api) -> None:
    await api.post("/api/v1/namespaces", {"metadata": {"name": "n"}})
    going = (await api.delete("/api/v1/namespaces/n")).body
    assert going["status"]["phase"] == "Terminating"
    assert "deletionGracePeriodSeconds" not in going["metadata"]
    assert (await api.delete("/api/v1/namespaces/n")).status == 200
    going["spec"]["finalizers"] = ["kubernetes", "mine"]
    refused = await api.put("/api/v1/namespaces/n/finalize", going)
    assert 'spec.finalizers[1]: Invalid value: "mine"' in refused.body["message"]
    going["spec"]["finalizers"] = []
    assert (await api.put("/api/v1/namespaces/n/finalize", going)).status == 200
    assert (await api.get("/api/v1/namespaces/n")).status == 404


async def test_the_namespaces_of_the_system_stay(api) -> None:
    for name in ("default", "kube-system", "kube-public"):
        answer = await api.delete(f"/api/v1/namespaces/{name}")
        assert answer.status == 403
        assert answer.message == (
            f'namespaces "{name}" is forbidden: this namespace may not be deleted'
        )
