from __future__ import annotations

import asyncio

import pytest

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


@pytest.fixture
async def one(api):
    await api.post(CONFIG_MAPS, {"metadata": {"name": "c"}, "data": {"a": "1", "b": "2"}})
    return api


@pytest.mark.parametrize(
    ("kind", "patch", "data"),
    [
        ("merge", {"data": {"a": None, "c": "3"}}, {"b": "2", "c": "3"}),
        ("strategic", {"data": {"a": None, "c": "3"}}, {"b": "2", "c": "3"}),
        ("json", [{"op": "remove", "path": "/data/a"}], {"b": "2"}),
    ],
)
async def test_each_type_of_patch_changes_the_object(one, kind, patch, data) -> None:
    answer = await one.patch(f"{CONFIG_MAPS}/c", patch, kind=kind)
    assert (answer.status, answer.body["data"]) == (200, data)


async def test_patches_that_race_all_arrive(one) -> None:
    await asyncio.gather(
        *(one.patch(f"{CONFIG_MAPS}/c", {"data": {f"k{n}": "x"}}) for n in range(20))
    )
    data = (await one.get(f"{CONFIG_MAPS}/c")).body["data"]
    assert {f"k{n}" for n in range(20)} <= set(data)


async def test_a_patch_with_an_old_version_conflicts(one) -> None:
    old = (await one.get(f"{CONFIG_MAPS}/c")).body["metadata"]["resourceVersion"]
    await one.patch(f"{CONFIG_MAPS}/c", {"data": {"a": "2"}})
    answer = await one.patch(f"{CONFIG_MAPS}/c", {"metadata": {"resourceVersion": old}})
    assert (answer.status, answer.body["reason"]) == (409, "Conflict")


@pytest.mark.parametrize(
    ("kind", "raw", "status", "message"),
    [
        ("strategic", b"[1", 400, "unexpected end of JSON input"),
        ("merge", b"[1", 400, "error decoding patch: unexpected end of JSON input"),
        (
            "json",
            b"{}",
            400,
            "error decoding patch: json: cannot unmarshal object into Go value of type "
            "[]handlers.jsonPatchOp",
        ),
        (
            "json",
            b'[{"op":"test","path":"/data/a","value":"9"}]',
            422,
            "the server rejected our request due to an error in our request",
        ),
        (
            "strategic",
            b'{"data":{"a":1}}',
            422,
            ' "" is invalid: patch: Invalid value: "map[data:map[a:1]]": '
            "cannot convert int64 to string",
        ),
    ],
)
async def test_a_patch_that_cannot_be_applied_is_explained(one, kind, raw, status, message) -> None:
    answer = await one.patch(f"{CONFIG_MAPS}/c", None, kind=kind, raw=raw)
    assert (answer.status, answer.message) == (status, message)


async def test_a_patch_of_another_name_is_refused(one) -> None:
    answer = await one.patch(f"{CONFIG_MAPS}/c", {"metadata": {"name": "d"}})
    assert answer.message == "the name of the object (d) does not match the name on the URL (c)"


async def test_unknown_fields_in_a_patch_are_warned_of_or_refused(one) -> None:
    warned = await one.patch(f"{CONFIG_MAPS}/c", {"dada": 1})
    assert warned.headers["Warning"] == '299 - "unknown field \\"dada\\""'
    strict = await one.patch(f"{CONFIG_MAPS}/c?fieldValidation=Strict", {"dada": 1})
    assert strict.status == 422
    assert 'strict decoding error: unknown field \\"dada\\"' in strict.raw.decode()


async def test_containers_are_patched_by_name(api, deployment) -> None:
    await api.post(DEPLOYMENTS, deployment())
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "x:2"}]}}}}
    answer = await api.patch(f"{DEPLOYMENTS}/web", patch, kind="strategic")
    [container] = answer.body["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "x:2"
    nameless = {"spec": {"template": {"spec": {"containers": [{"image": "x"}]}}}}
    answer = await api.patch(f"{DEPLOYMENTS}/web", nameless, kind="strategic")
    assert (answer.status, answer.message) == (
        500,
        "map: map[image:x] does not contain declared merge key: name",
    )


async def test_apply_creates_and_then_changes(api) -> None:
    wish = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "1"}}
    path = f"{CONFIG_MAPS}/c?fieldManager=ada"
    created = await api.patch(path, wish, kind="apply")
    assert created.status == 201
    [entry] = created.body["metadata"]["managedFields"]
    assert entry == {
        "manager": "ada",
        "operation": "Apply",
        "apiVersion": "v1",
        "time": "2026-01-01T12:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:data": {"f:a": {}}},
    }
    changed = await api.patch(path, wish | {"data": {"b": "2"}}, kind="apply")
    assert (changed.status, changed.body["data"]) == (200, {"b": "2"})


async def test_apply_takes_yaml_and_needs_a_manager(api) -> None:
    raw = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
    assert (
        await api.patch(f"{CONFIG_MAPS}/c?fieldManager=a", None, kind="apply", raw=raw)
    ).status == 201
    answer = await api.patch(f"{CONFIG_MAPS}/c", None, kind="apply", raw=raw)
    assert (answer.status, answer.message) == (
        422,
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: '
        "is required for apply patch",
    )
    broken = await api.patch(f"{CONFIG_MAPS}/c?fieldManager=a", None, kind="apply", raw=b"a: [")
    assert broken.status == 400
    forced = await api.patch(f"{CONFIG_MAPS}/c?force=true", {}, kind="merge")
    assert "force: Forbidden: may not be specified for non-apply patch" in forced.message


async def test_a_writer_without_a_manager_is_named_after_its_program(one) -> None:
    [entry] = (await one.get(f"{CONFIG_MAPS}/c")).body["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"]) == ("test", "Update")


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        ("merge", {"kind": "Secret"}),
        ("merge", {"apiVersion": "apps/v1"}),
        ("json", [{"op": "replace", "path": "/kind", "value": "Nothing"}]),
    ],
)
async def test_no_patch_makes_an_object_of_another_kind(one, kind, patch) -> None:
    answer = await one.patch(f"{CONFIG_MAPS}/c", patch, kind=kind)
    assert answer.status == 422
    assert "no kind" in answer.message


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        ("strategic", {"kind": "Secret", "apiVersion": "v2"}),
        ("merge", {"kind": None}),
        ("json", [{"op": "remove", "path": "/apiVersion"}]),
    ],
)
async def test_a_patch_without_a_kind_of_its_own_leaves_the_objects_kind(one, kind, patch) -> None:
    answer = await one.patch(f"{CONFIG_MAPS}/c", patch, kind=kind)
    assert (answer.status, answer.body["kind"], answer.body["apiVersion"]) == (
        200,
        "ConfigMap",
        "v1",
    )
