from __future__ import annotations

from kubelearn.embedded.apiserver.eventttl import EventTTL

EVENTS = "/api/v1/namespaces/default/events"


def event(name: str) -> object:
    involved = {"kind": "Pod", "name": "web", "namespace": "default"}
    return {"metadata": {"name": name}, "involvedObject": involved, "reason": "Started"}


async def names(api) -> set[str]:
    return {each["metadata"]["name"] for each in (await api.get(EVENTS)).body["items"]}


async def test_an_event_goes_an_hour_after_it_was_told_last(api, server, clock) -> None:
    # A clock of its own, so that nothing else in the server has to live through these hours.
    its_clock = type(clock)()
    ttl = EventTTL(server.registries.resource("events"), clock=its_clock)

    async def minutes(count: int) -> None:
        for _ in range(count):
            await its_clock.advance(60)
            await ttl.look()

    await ttl.look()
    for name in ("once", "again"):
        assert (await api.post(EVENTS, event(name))).status == 201
    since = (await api.get(EVENTS)).body["metadata"]["resourceVersion"]
    await minutes(31)
    assert (await api.patch(f"{EVENTS}/again", {"count": 2})).status == 200
    await minutes(28)
    assert await names(api) == {"once", "again"}
    await minutes(3)
    assert await names(api) == {"again"}
    told = await api.watch(f"{EVENTS}?watch=true&timeoutSeconds=20&resourceVersion={since}", 2)
    assert [(each["type"], each["object"]["metadata"]["name"]) for each in told] == [
        ("MODIFIED", "again"),
        ("DELETED", "once"),
    ]
    await minutes(32)
    assert await names(api) == set()
