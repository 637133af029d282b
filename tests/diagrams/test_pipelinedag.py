"""The tasks of a pipeline as a graph."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from kubelearn.diagrams.graph import lay_out
from kubelearn.diagrams.pipelinedag import Task, draw, graph, summary
from kubelearn.errors import KubelearnError

SVG = "{http://www.w3.org/2000/svg}"
TASKS = [
    Task("load", status="Succeeded", cached=True),
    Task("train 1", ("load",), status="Succeeded", word="12 s"),
    Task("train 2", ("load",), status="Failed"),
    Task("choose", ("train 1", "train 2"), status="Skipped"),
    Task("notify", after=("choose",)),
]


def groups(picture):
    root = ElementTree.fromstring(picture)
    return {g.get("id"): g.get("class") for g in root.iter(f"{SVG}g") if g.get("id")}


def test_every_task_and_every_dependency_has_an_id_and_classes():
    found = groups(draw(TASKS))
    assert found["task-load"] == "node task Cached"
    assert found["task-train_1"] == "node task Succeeded"
    assert found["task-choose"] == "node task Skipped"
    assert found["feeds--task-load--task-train_1"] == "edge feeds"
    assert found["precedes--task-choose--task-notify"] == "edge precedes off"


def test_nothing_comes_from_a_task_that_failed():
    edges = {(e.source, e.target): e.status for e in graph(TASKS).edges}
    assert edges["task-train_1", "task-choose"] == ""
    assert edges["task-train_2", "task-choose"] == "off"


def test_tasks_stand_in_the_order_in_which_they_can_run():
    spots = lay_out(graph(TASKS)).spots
    columns = [spots[f"task-{name}"].x for name in ("load", "train_1", "choose", "notify")]
    assert columns == sorted(set(columns))
    assert spots["task-train_1"].x == spots["task-train_2"].x


def test_a_word_takes_the_place_of_the_state():
    assert "task · 12 s" in draw(TASKS)
    assert summary(graph(TASKS)) == (
        "5 tasks: 1 Pending, 1 Succeeded, 1 Cached, 1 Failed, 1 Skipped"
    )
    assert "no tasks" in draw([])


def test_equal_tasks_give_equal_bytes():
    assert draw(TASKS) == draw(list(TASKS))


@pytest.mark.parametrize(
    ("status", "state"),
    [("Succeeded", "Cached"), ("Skipped", "Cached"), ("Running", "Running"), ("Failed", "Failed")],
)
def test_what_the_cache_had_is_neither_run_nor_left_out(status, state):
    whole = graph([Task("load", status=status, cached=True), Task("train", ("load",))])
    assert whole.nodes[0].status == state
    assert whole.edges[0].status == ("" if state == "Cached" else "off")


@pytest.mark.parametrize(
    ("tasks", "words"),
    [
        ([Task("a"), Task("a")], "two tasks are named 'a'"),
        ([Task("a", ("b",))], "'a' waits for 'b', which is no task"),
        ([Task("a", status="Fine")], "'a' has the status 'Fine'"),
        ([Task("a", ("b",)), Task("b", ("a",))], "these tasks wait for each other: a, b"),
        ([Task("a", ("a",))], "these tasks wait for each other: a"),
    ],
)
def test_what_cannot_be_a_pipeline_is_refused(tasks, words):
    with pytest.raises(KubelearnError, match=words):
        graph(tasks)
