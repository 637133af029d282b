from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


async def scraped(api):
    """The families by name, and their samples as pairs of labels and value."""
    answer = await api.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        family.name: [(each.name, each.labels, each.value) for each in family.samples]
        for family in text_string_to_metric_families(answer.raw.decode())
    }


async def test_requests_are_counted_by_what_they_ask_and_get(api):
    await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})
    await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})
    await api.get(f"{CONFIG_MAPS}/a")
    await api.get("/api/v1/configmaps")
    apply = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    await api.patch(f"{CONFIG_MAPS}/a?fieldManager=m&dryRun=All", apply, kind="apply")
    counted = {
        tuple(labels[name] for name in ("verb", "scope", "dry_run", "code")): value
        for _, labels, value in (await scraped(api))["apiserver_request"]
        if labels["resource"] == "configmaps"
    }
    assert counted == {
        ("POST", "resource", "", "201"): 1,
        ("POST", "resource", "", "409"): 1,
        ("GET", "resource", "", "200"): 1,
        ("LIST", "cluster", "", "200"): 1,
        ("APPLY", "resource", "All", "200"): 1,
    }


async def test_how_long_requests_take_falls_into_buckets(api):
    for _ in range(3):
        await api.get(CONFIG_MAPS)
    found = (await scraped(api))["apiserver_request_duration_seconds"]
    count = [value for name, labels, value in found if name.endswith("_count")]
    last = [value for name, labels, value in found if labels.get("le") == "+Inf"]
    assert count == last == [3]


async def test_watches_are_counted_while_they_run(api, clock):
    async def running():
        found = (await scraped(api))["apiserver_longrunning_requests"]
        return [value for _, labels, value in found if labels["verb"] == "WATCH"]

    url = api.url(f"{CONFIG_MAPS}?watch=true&timeoutSeconds=5")
    async with api.session.get(url, headers={"Authorization": "Bearer admin"}) as stream:
        assert await running() == [1]
        await clock.advance(6)
        await stream.read()
    assert await running() == [0]


async def test_the_stored_objects_are_counted(api):
    await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}})
    found = (await scraped(api))["apiserver_resource_objects"]
    assert ("apiserver_resource_objects", {"group": "", "resource": "configmaps"}, 1) in found


async def test_a_scrape_tells_the_version_and_what_the_process_needs(api):
    found = await scraped(api)
    ((_, labels, _),) = found["kubernetes_build_info"]
    assert (labels["major"], labels["minor"]) == ("1", "36")
    assert found["process_resident_memory_bytes"][0][2] > 0


async def test_nobody_scrapes_without_permission(api):
    assert (await api.get("/metrics", token="ada")).status == 403
