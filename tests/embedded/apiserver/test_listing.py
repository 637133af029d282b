from __future__ import annotations

from urllib.parse import quote

import pytest

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture
async def five(api):
    for name in "abcde":
        labels = {"odd": str(name in "ace").lower()}
        await api.post(CONFIG_MAPS, {"metadata": {"name": name, "labels": labels}})
    return api


def names(answer) -> str:
    return "".join(each["metadata"]["name"] for each in answer.body["items"])


async def test_items_of_a_list_do_not_repeat_their_kind(five) -> None:
    answer = await five.get(CONFIG_MAPS)
    assert (answer.body["kind"], answer.body["apiVersion"]) == ("ConfigMapList", "v1")
    assert all("kind" not in item and "apiVersion" not in item for item in answer.body["items"])


async def test_pages_show_one_moment(five) -> None:
    first = await five.get(f"{CONFIG_MAPS}?limit=2")
    assert names(first) == "ab"
    assert first.body["metadata"]["remainingItemCount"] == 3
    await five.delete(f"{CONFIG_MAPS}/c")
    await five.post(CONFIG_MAPS, {"metadata": {"name": "cc"}})
    token = first.body["metadata"]["continue"]
    second = await five.get(f"{CONFIG_MAPS}?limit=2&continue={token}")
    assert names(second) == "cd"
    last = await five.get(f"{CONFIG_MAPS}?limit=2&continue={second.body['metadata']['continue']}")
    assert names(last) == "e"
    assert "continue" not in last.body["metadata"]
    versions = {each.body["metadata"]["resourceVersion"] for each in (first, second, last)}
    assert len(versions) == 1


async def test_pages_with_a_selector_are_full_and_uncounted(five) -> None:
    first = await five.get(f"{CONFIG_MAPS}?limit=2&labelSelector=odd%3Dtrue")
    assert names(first) == "ac"
    assert "remainingItemCount" not in first.body["metadata"]
    token = first.body["metadata"]["continue"]
    assert (
        names(await five.get(f"{CONFIG_MAPS}?limit=2&continue={token}&labelSelector=odd%3Dtrue"))
        == "e"
    )


async def test_an_expired_token_comes_with_one_to_go_on_with(five, store) -> None:
    first = await five.get(f"{CONFIG_MAPS}?limit=2")
    await five.delete(f"{CONFIG_MAPS}/a")
    await store.compact(store.revision)
    token = first.body["metadata"]["continue"]
    expired = await five.get(f"{CONFIG_MAPS}?limit=2&continue={token}")
    assert (expired.status, expired.body["reason"]) == (410, "Expired")
    assert expired.message.startswith("The provided continue parameter is too old")
    token = expired.body["metadata"]["continue"]
    assert names(await five.get(f"{CONFIG_MAPS}?continue={token}")) == "cde"


@pytest.mark.parametrize("token", ["rubbish", "!!!", "e30", "eyJydiI6MSwic3RhcnQiOiIuLi94In0"])
async def test_a_forged_token_is_refused(five, token) -> None:
    answer = await five.get(f"{CONFIG_MAPS}?limit=2&continue={token}")
    assert answer.status == 400
    assert answer.message.startswith("invalid continue token: continue key is not valid")


async def test_a_list_can_be_read_at_an_old_version(five) -> None:
    version = (await five.get(CONFIG_MAPS)).body["metadata"]["resourceVersion"]
    await five.delete(f"{CONFIG_MAPS}/a")
    exact = f"resourceVersion={version}&resourceVersionMatch=Exact"
    assert names(await five.get(f"{CONFIG_MAPS}?{exact}")) == "abcde"
    newer = f"resourceVersion={version}&resourceVersionMatch=NotOlderThan"
    assert names(await five.get(f"{CONFIG_MAPS}?{newer}")) == "bcde"
    assert names(await five.get(f"{CONFIG_MAPS}?resourceVersion=0")) == "bcde"


async def test_a_version_that_is_forgotten_cannot_be_read(five, store) -> None:
    version = (await five.get(CONFIG_MAPS)).body["metadata"]["resourceVersion"]
    await five.delete(f"{CONFIG_MAPS}/a")
    await store.compact(store.revision)
    query = f"resourceVersion={version}&resourceVersionMatch=Exact"
    answer = await five.get(f"{CONFIG_MAPS}?{query}")
    assert (answer.status, answer.body["reason"], answer.message) == (
        410,
        "Expired",
        "The resourceVersion for the provided list is too old.",
    )


async def test_a_version_from_the_future_times_out(api) -> None:
    answer = await api.get(f"{CONFIG_MAPS}?resourceVersion=999999")
    assert (answer.status, answer.body["reason"]) == (504, "Timeout")
    assert answer.message.startswith("Timeout: Too large resource version: 999999, current: ")
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("fieldSelector=data.x%3D1", '"data.x" is not a known field selector'),
        ("labelSelector=a+b", "unable to parse requirement: found 'b'"),
        ("limit=many", 'strconv.ParseInt: parsing "many": invalid syntax'),
        ("resourceVersion=x", "invalid resource version: resourceVersion: Invalid value"),
    ],
)
async def test_bad_parameters_get_400(api, query, message) -> None:
    answer = await api.get(f"{CONFIG_MAPS}?{query}")
    assert answer.status == 400
    assert answer.message.startswith(message)


async def test_field_selectors_look_at_the_kinds_own_fields(with_account, pod) -> None:
    api = with_account
    await api.post("/api/v1/namespaces/default/pods", pod("a"))
    for selector, found in (
        ("metadata.name%3Da", "a"),
        ("spec.nodeName%3D", "a"),
        ("status.phase!%3DPending", ""),
        ("spec.hostNetwork%3Dfalse", "a"),
    ):
        assert names(await api.get(f"/api/v1/pods?fieldSelector={selector}")) == found


async def test_metadata_alone_can_be_had(five) -> None:
    accept = {"Accept": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"}
    answer = await five.get(CONFIG_MAPS, headers=accept)
    assert answer.body["kind"] == "PartialObjectMetadataList"
    assert set(answer.body["items"][0]) == {"kind", "apiVersion", "metadata"}
    wrong = await five.get(f"{CONFIG_MAPS}/a", headers=accept)
    assert wrong.status == 406


async def test_a_table_has_rows_and_the_lists_metadata(five) -> None:
    accept = {"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}
    answer = await five.get(f"{CONFIG_MAPS}?limit=2", headers=accept)
    assert answer.body["kind"] == "Table"
    assert [row["cells"][0] for row in answer.body["rows"]] == ["a", "b"]
    assert answer.body["metadata"]["remainingItemCount"] == 3
    wrong = await five.get(f"{CONFIG_MAPS}?includeObject=Everything", headers=accept)
    assert (wrong.status, wrong.body["reason"]) == (400, "BadRequest")


@pytest.mark.parametrize(
    ("selector", "where"),
    [
        ("a/b/c", '<nil>: Invalid value: "a/b/c"'),
        ("a in (x/y,b)", 'values[1][a]: Invalid value: "x/y"'),
    ],
)
async def test_a_label_that_cannot_be_is_refused(api, selector, where):
    answer = await api.get(f"/api/v1/pods?labelSelector={quote(selector)}")
    assert answer.status == 400
    assert answer.message.startswith(f"unable to parse requirement: {where}: a valid label")


async def test_objects_have_no_heads(api):
    assert (await api("HEAD", "/api/v1/namespaces/default/configmaps/c")).status == 405


async def test_an_empty_dry_run_is_none(api):
    path = "/api/v1/namespaces/default/configmaps?dryRun="
    answer = await api.post(path, {"metadata": {"name": "c"}})
    assert answer.status == 422
    assert 'dryRun: Unsupported value: [""]: supported values: "All"' in answer.message
