from __future__ import annotations

import pytest

PATH = "/api/v1/componentstatuses"
TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}


@pytest.fixture
def running():
    return {"scheduler", "controller-manager"}


@pytest.fixture
def components(running):
    return {name: lambda name=name: name in running for name in sorted(running)}


async def rows(api):
    answer = await api.get(PATH, headers=TABLE)
    return [row["cells"] for row in answer.body["rows"]]


async def test_each_component_says_how_it_is(api):
    assert await rows(api) == [
        ["controller-manager", "Healthy", "ok", ""],
        ["scheduler", "Healthy", "ok", ""],
        ["etcd-0", "Healthy", "ok", ""],
    ]


async def test_one_that_does_not_run_refuses_connections(api, running):
    running.remove("scheduler")
    (condition,) = (await api.get(f"{PATH}/scheduler")).body["conditions"]
    assert condition["status"] == "False"
    assert condition["message"] == (
        'Get "https://127.0.0.1:10259/healthz": dial tcp 127.0.0.1:10259: connect: '
        "connection refused"
    )
    assert [row[1] for row in await rows(api)] == ["Healthy", "Unhealthy", "Healthy"]


async def test_others_are_not_there(api):
    answer = await api.get(f"{PATH}/moon")
    assert (answer.status, answer.message) == (404, 'componentstatus "moon" not found')


async def test_whoever_asks_is_told_that_nobody_should(api):
    assert "v1 ComponentStatus is deprecated" in (await api.get(PATH)).headers["Warning"]
