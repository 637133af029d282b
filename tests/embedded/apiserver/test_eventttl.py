from __future__ import annotations

EVENTS = "/api/v1/namespaces/default/events"


def event(name: str) -> object:
    involved = {"kind": "Pod", "name": "web", "namespace": "default"}
    return {"metadata": {"name": name}, "involvedObject": involved, "reason": "Started"}


async def names(api) -> set[str]:
    return {each["metadata"]["name"] for each in (await api.get(EVENTS)).body["items"]}


async def test_an_event_goes_an_hour_after_it_was_told_last(api, clock) -> None:
    for name in ("once", "again"):
        assert (await api.post(EVENTS, event(name))).status == 201
    since = (await api.get(EVENTS)).body["metadata"]["resourceVersion"]
    await clock.advance(31 * 60)
    assert (await api.patch(f"{EVENTS}/again", {"count": 2})).status == 200
    await clock.advance(28 * 60)
    assert await names(api) == {"once", "again"}
    await clock.advance(3 * 60)
    assert await names(api) == {"again"}
    told = await api.watch(f"{EVENTS}?watch=true&timeoutSeconds=20&resourceVersion={since}", 2)
    assert [(each["type"], each["object"]["metadata"]["name"]) for each in told] == [
        ("MODIFIED", "again"),
        ("DELETED", "once"),
    ]
    await clock.advance(32 * 60)
    assert await names(api) == set()
