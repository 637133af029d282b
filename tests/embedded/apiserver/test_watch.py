from __future__ import annotations

import asyncio

import orjson
import pytest
from aiohttp import WSMsgType

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
FROM_NOW = "watch=true&timeoutSeconds=20"


def seen(events) -> list[tuple[str, str]]:
    return [(event["type"], event["object"]["metadata"]["name"]) for event in events]


async def version(api) -> str:
    return (await api.get(CONFIG_MAPS)).body["metadata"]["resourceVersion"]


async def test_changes_come_in_their_order(api) -> None:
    since = await version(api)
    await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})
    await api.patch(f"{CONFIG_MAPS}/a", {"data": {"x": "1"}})
    deleted = await version(api)
    await api.delete(f"{CONFIG_MAPS}/a")
    events = await api.watch(f"{CONFIG_MAPS}?{FROM_NOW}&resourceVersion={since}", 3)
    assert seen(events) == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]
    last = events[-1]["object"]
    assert last["data"] == {"x": "1"}
    assert int(last["metadata"]["resourceVersion"]) > int(deleted)


async def test_a_change_reaches_a_watch_that_waits(api) -> None:
    since = await version(api)
    url = f"{CONFIG_MAPS}?{FROM_NOW}&resourceVersion={since}"
    watching = asyncio.create_task(api.watch(url, 1))
    await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})
    async with asyncio.timeout(5):
        assert seen(await watching) == [("ADDED", "a")]


async def test_without_a_version_it_begins_with_what_there_is(api) -> None:
    await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})
    for query in ("", "&resourceVersion=0"):
        assert seen(await api.watch(f"{CONFIG_MAPS}?{FROM_NOW}{query}", 1)) == [("ADDED", "a")]


async def test_the_end_of_the_initial_events_is_marked(api) -> None:
    await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})
    query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    before = await version(api)
    added, bookmark = await api.watch(f"{CONFIG_MAPS}?{FROM_NOW}&{query}", 2)
    assert added["type"] == "ADDED"
    # The server itself writes now and then.
    revision = bookmark["object"]["metadata"].pop("resourceVersion")
    assert int(before) <= int(revision) <= int(await version(api))
    assert bookmark == {
        "type": "BOOKMARK",
        "object": {
            "kind": "ConfigMap",
            "apiVersion": "v1",
            "metadata": {"annotations": {"k8s.io/initial-events-end": "true"}},
        },
    }


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        (
            "sendInitialEvents=true",
            "resourceVersionMatch: Forbidden: sendInitialEvents requires setting "
            "resourceVersionMatch to NotOlderThan",
        ),
        (
            "resourceVersionMatch=NotOlderThan",
            "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless "
            "sendInitialEvents is provided",
        ),
    ],
)
async def test_options_that_contradict_each_other_are_refused(api, query, problem) -> None:
    answer = await api.get(f"{CONFIG_MAPS}?watch=true&{query}")
    assert (answer.status, answer.message) == (
        422,
        f'ListOptions.meta.k8s.io "" is invalid: {problem}',
    )


async def test_with_a_selector_leaving_it_is_a_deletion(api) -> None:
    since = await version(api)
    await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})
    await api.patch(f"{CONFIG_MAPS}/a", {"metadata": {"labels": {"lit": "1"}}})
    await api.patch(f"{CONFIG_MAPS}/a", {"metadata": {"annotations": {"n": "1"}}})
    left = await api.patch(f"{CONFIG_MAPS}/a", {"metadata": {"labels": {"lit": None}}})
    url = f"{CONFIG_MAPS}?{FROM_NOW}&resourceVersion={since}&labelSelector=lit%3D1"
    events = await api.watch(url, 3)
    assert seen(events) == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]
    meta = events[-1]["object"]["metadata"]
    assert meta["labels"] == {"lit": "1"}
    assert meta["resourceVersion"] == left.body["metadata"]["resourceVersion"]


async def test_a_watch_of_one_object_hears_of_no_other(api) -> None:
    since = await version(api)
    for name in ("a", "b"):
        await api.post(CONFIG_MAPS, {"metadata": {"name": name}})
    query = f"{FROM_NOW}&resourceVersion={since}"
    by_field = f"{CONFIG_MAPS}?{query}&fieldSelector=metadata.name%3Db"
    by_path = f"/api/v1/watch/namespaces/default/configmaps/b?{query}"
    for url in (by_field, by_path):
        assert seen(await api.watch(url, 1)) == [("ADDED", "b")]


async def test_a_version_before_the_window_is_told_in_the_stream(api) -> None:
    [event] = await api.watch(f"{CONFIG_MAPS}?{FROM_NOW}&resourceVersion=1", 5)
    assert event["type"] == "ERROR"
    status = event["object"]
    assert (status["code"], status["reason"]) == (410, "Expired")
    assert status["message"].startswith("too old resource version: 1 (")


async def test_history_that_is_compacted_is_told_in_the_stream(api, store) -> None:
    since = await version(api)
    await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})
    await store.compact(store.revision)
    [event] = await api.watch(f"{CONFIG_MAPS}?{FROM_NOW}&resourceVersion={since}", 5)
    assert event["object"]["code"] == 410


async def test_a_watch_ends_after_its_time_with_a_bookmark(api) -> None:
    since = await version(api)
    url = f"{CONFIG_MAPS}?watch=true&timeoutSeconds=1&resourceVersion={since}"
    events = await api.watch(f"{url}&allowWatchBookmarks=true", 5)
    assert [event["type"] for event in events] == ["BOOKMARK"]
    # The server itself may have written meanwhile.
    metadata = events[0]["object"]["metadata"]
    assert metadata.keys() == {"resourceVersion"}
    assert int(since) <= int(metadata["resourceVersion"]) <= int(await version(api))


async def test_tables_in_a_watch_show_their_columns_once(api) -> None:
    for name in ("a", "b"):
        await api.post(CONFIG_MAPS, {"metadata": {"name": name}})
    headers = {
        "Authorization": "Bearer admin",
        "Accept": "application/json;as=Table;g=meta.k8s.io;v=v1",
    }
    url = api.url(f"{CONFIG_MAPS}?{FROM_NOW}&resourceVersion=0")
    async with api.session.get(url, headers=headers) as answer:
        first, second = [await answer.content.readline() for _ in range(2)]
    assert b'"columnDefinitions":[{"name":"Name"' in first
    assert b'"columnDefinitions":null' in second


async def test_a_client_that_leaves_is_forgotten_without_a_word(api, eventually, caplog) -> None:
    headers = {"Authorization": "Bearer admin"}
    url = api.url(f"{CONFIG_MAPS}?{FROM_NOW}&resourceVersion=0")
    await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})
    answer = await api.session.get(url, headers=headers)
    await answer.content.readline()
    streams = api.server._streams
    assert len(streams) == 1
    answer.close()
    for n in range(3):
        await api.patch(f"{CONFIG_MAPS}/a", {"data": {"n": str(n)}})
    await eventually(lambda: len(streams) == 0)
    assert not caplog.records


async def test_a_bookmark_in_a_table_is_a_row_without_content(api) -> None:
    # As upstream, where the row's cells come from an object without fields.
    options = "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    url = api.url(f"/api/v1/namespaces/default/pods?watch=true&timeoutSeconds=1{options}")
    media = "application/json;as=Table;v=v1;g=meta.k8s.io"
    headers = {"Authorization": "Bearer admin", "Accept": media}
    async with api.session.get(url, headers=headers) as answer:
        event = orjson.loads(await answer.content.readline())
    (row,) = event["object"]["rows"]
    assert event["type"] == "BOOKMARK"
    assert len(row["cells"]) == len(event["object"]["columnDefinitions"])
    assert row["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def browser(api, query: str):
    """A watch over a WebSocket, as scripts in a browser ask for one."""
    headers = {"Authorization": "Bearer admin"}
    url = api.url(f"{CONFIG_MAPS}?watch=true{query}")
    return api.session.ws_connect(url, headers=headers, protocols=["mine"])


async def test_a_browser_gets_each_event_as_a_message(api) -> None:
    async with browser(api, f"&resourceVersion={await version(api)}") as socket:
        assert socket.protocol == "mine"
        for name in ("a", "b"):
            await api.post(CONFIG_MAPS, {"metadata": {"name": name}})
        events = [orjson.loads(await socket.receive_str(timeout=20)) for _ in range(2)]
    assert seen(events) == [("ADDED", "a"), ("ADDED", "b")]


async def test_a_watch_of_a_browser_ends_when_its_time_is_over(api) -> None:
    async with browser(api, "&timeoutSeconds=1") as socket:
        assert (await socket.receive(timeout=20)).type is WSMsgType.CLOSE


async def test_a_watch_of_a_browser_that_leaves_is_over(api) -> None:
    async def open_watches() -> float:
        lines = (await api.get("/metrics")).raw.decode().splitlines()
        [line] = (each for each in lines if each.startswith("apiserver_longrunning_requests{"))
        return float(line.split()[1])

    async with browser(api, ""):
        assert await open_watches() == 1
    async with asyncio.timeout(20):
        while await open_watches():
            await asyncio.sleep(0.01)
