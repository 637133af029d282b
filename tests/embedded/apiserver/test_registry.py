from __future__ import annotations

import pytest

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


async def test_a_new_object_gets_what_only_the_server_knows(api) -> None:
    answer = await api.post(CONFIG_MAPS, {"metadata": {"name": "a", "uid": "mine"}})
    assert answer.status == 201
    meta = answer.body["metadata"]
    assert meta["namespace"] == "default"
    assert meta["creationTimestamp"] == "2026-01-01T12:00:00Z"
    assert meta["uid"] != "mine"
    assert "selfLink" not in meta
    assert list(answer.body)[:3] == ["kind", "apiVersion", "metadata"]


async def test_a_second_object_of_the_name_is_refused(api) -> None:
    await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})
    answer = await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})
    assert answer.raw.decode() == (
        '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",'
        '"message":"configmaps \\"a\\" already exists","reason":"AlreadyExists",'
        '"details":{"name":"a","kind":"configmaps"},"code":409}\n'
    )


async def test_a_name_that_is_being_deleted_is_taken_still(api) -> None:
    await api.post(CONFIG_MAPS, {"metadata": {"name": "a", "finalizers": ["example.com/hold"]}})
    await api.delete(f"{CONFIG_MAPS}/a")
    answer = await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})
    assert answer.message == 'object is being deleted: configmaps "a" already exists'


async def test_a_missing_name_is_invalid(api) -> None:
    answer = await api.post(CONFIG_MAPS, {})
    assert answer.status == 422
    assert answer.message == (
        'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'
    )


async def test_names_are_generated_from_a_cut_base(api) -> None:
    answer = await api.post(CONFIG_MAPS, {"metadata": {"generateName": "x" * 70}})
    name = answer.body["metadata"]["name"]
    assert name.startswith("x" * 58)
    assert len(name) == 63
    assert set(name[58:]) <= set("bcdfghjklmnpqrstvwxz2456789")


async def test_an_object_for_another_namespace_is_refused(api) -> None:
    answer = await api.post(CONFIG_MAPS, {"metadata": {"name": "a", "namespace": "other"}})
    assert answer.status == 400
    assert answer.message == (
        "the namespace of the provided object does not match the namespace sent on the request"
    )


async def test_a_version_on_a_new_object_is_refused(api) -> None:
    answer = await api.post(CONFIG_MAPS, {"metadata": {"name": "a", "resourceVersion": "1"}})
    assert (answer.status, answer.message) == (
        500,
        "resourceVersion should not be set on objects to be created",
    )


async def test_a_dry_run_answers_and_stores_nothing(api) -> None:
    answer = await api.post(f"{CONFIG_MAPS}?dryRun=All", {"metadata": {"name": "ghost"}})
    assert answer.status == 201
    assert "resourceVersion" not in answer.body["metadata"]
    assert (await api.get(f"{CONFIG_MAPS}/ghost")).status == 404


async def test_a_stale_update_conflicts(api) -> None:
    old = (await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})).body
    await api.put(f"{CONFIG_MAPS}/a", old | {"data": {"x": "1"}})
    answer = await api.put(f"{CONFIG_MAPS}/a", old | {"data": {"x": "2"}})
    assert answer.status == 409
    assert answer.message == (
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )


async def test_an_update_without_a_version_goes_through(api) -> None:
    await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}, "data": {"x": "1"}})
    answer = await api.put(f"{CONFIG_MAPS}/a", {"metadata": {"name": "a"}, "data": {"x": "2"}})
    assert (answer.status, answer.body["data"]) == (200, {"x": "2"})


async def test_a_lease_must_not_be_updated_blindly(api) -> None:
    leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
    await api.post(leases, {"metadata": {"name": "a"}})
    answer = await api.put(f"{leases}/a", {"metadata": {"name": "a"}})
    assert answer.status == 422
    assert answer.message == (
        'leases.coordination.k8s.io "a" is invalid: metadata.resourceVersion: '
        "Invalid value: 0: must be specified for an update"
    )


async def test_an_update_may_create_some_kinds_and_not_others(api) -> None:
    leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
    assert (await api.put(f"{leases}/a", {"metadata": {"name": "a"}})).status == 201
    answer = await api.put(f"{CONFIG_MAPS}/a", {"metadata": {"name": "a"}})
    assert (answer.status, answer.message) == (404, 'configmaps "a" not found')


async def test_an_update_that_changes_nothing_writes_nothing(api) -> None:
    created = (await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})).body
    updated = (await api.put(f"{CONFIG_MAPS}/a", created)).body
    assert updated == created


async def test_an_update_keeps_what_only_the_server_may_set(api) -> None:
    created = (await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})).body["metadata"]
    changed = {"name": "a", "creationTimestamp": "2020-01-01T00:00:00Z", "labels": {"x": "y"}}
    updated = (await api.put(f"{CONFIG_MAPS}/a", {"metadata": changed})).body["metadata"]
    assert updated["creationTimestamp"] == created["creationTimestamp"]
    assert updated["uid"] == created["uid"]


async def test_an_update_of_another_incarnation_conflicts(api) -> None:
    await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})
    stored = (await api.get(f"{CONFIG_MAPS}/a")).body["metadata"]
    answer = await api.put(f"{CONFIG_MAPS}/a", {"metadata": {"name": "a", "uid": "other"}})
    assert (answer.status, answer.message) == (
        409,
        'Operation cannot be fulfilled on configmaps "a": StorageError: invalid object, Code: 4, '
        "Key: /registry/configmaps/default/a, ResourceVersion: 0, AdditionalErrorMsg: "
        f"Precondition failed: UID in precondition: other, UID in object meta: {stored['uid']}",
    )


async def test_version_0_is_any_version_and_others_are_numbers(api) -> None:
    await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})
    body = {"metadata": {"name": "a", "resourceVersion": "0"}, "data": {"x": "y"}}
    assert (await api.put(f"{CONFIG_MAPS}/a", body)).body["data"] == {"x": "y"}
    body["metadata"]["resourceVersion"] = "x"
    answer = await api.put(f"{CONFIG_MAPS}/a", body)
    assert (answer.status, answer.message) == (
        500,
        'strconv.ParseUint: parsing "x": invalid syntax',
    )


async def test_body_and_path_must_name_the_same_object(api) -> None:
    await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})
    answer = await api.put(f"{CONFIG_MAPS}/a", {"metadata": {"name": "b"}})
    assert answer.message == "the name of the object (b) does not match the name on the URL (a)"


async def test_generation_counts_changes_of_the_spec_only(api, deployment) -> None:
    created = (await api.post(DEPLOYMENTS, deployment())).body
    assert created["metadata"]["generation"] == 1

    async def generation(path: str, patch: object) -> int:
        answer = await api.patch(f"{DEPLOYMENTS}/web{path}", patch)
        assert answer.status == 200
        return answer.body["metadata"]["generation"]

    assert await generation("", {"metadata": {"labels": {"a": "b"}}}) == 1
    assert await generation("", {"spec": {"replicas": 1}}) == 1
    assert await generation("", {"spec": {"replicas": 2}}) == 2
    assert await generation("/status", {"status": {"replicas": 2}}) == 2
    assert await generation("", {"metadata": {"annotations": {"a": "b"}}}) == 3


async def test_spec_and_status_have_doors_of_their_own(api, deployment) -> None:
    created = (await api.post(DEPLOYMENTS, deployment() | {"status": {"replicas": 7}})).body
    assert created["status"] == {}
    both = {"spec": {"replicas": 5}, "status": {"replicas": 5}}
    main = (await api.patch(f"{DEPLOYMENTS}/web", both)).body
    assert (main["spec"]["replicas"], main["status"]) == (5, {})
    both = {"spec": {"replicas": 6}, "status": {"replicas": 6}}
    status = (await api.patch(f"{DEPLOYMENTS}/web/status", both)).body
    assert (status["spec"]["replicas"], status["status"]) == (5, {"replicas": 6})


@pytest.mark.parametrize("manager", ["x" * 129, "a\nb"])
async def test_options_are_checked(api, manager) -> None:
    answer = await api.post(
        f"{CONFIG_MAPS}?fieldManager={manager.replace(chr(10), '%0A')}", {"metadata": {"name": "a"}}
    )
    assert answer.status == 422
    assert answer.message.startswith('CreateOptions.meta.k8s.io "" is invalid: fieldManager: ')


async def test_one_storage_serves_two_versions(api) -> None:
    event = {
        "metadata": {"name": "e"},
        "involvedObject": {"kind": "Pod", "name": "p", "namespace": "default"},
        "reason": "Started",
        "message": "hello",
        "type": "Normal",
    }
    assert (await api.post("/api/v1/namespaces/default/events", event)).status == 201
    new = (await api.get("/apis/events.k8s.io/v1/namespaces/default/events/e")).body
    assert (new["apiVersion"], new["note"]) == ("events.k8s.io/v1", "hello")
    assert new["regarding"]["name"] == "p"
    found = await api.get("/apis/events.k8s.io/v1/events?fieldSelector=regarding.name%3Dp")
    assert [each["metadata"]["name"] for each in found.body["items"]] == ["e"]
