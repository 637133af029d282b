"""What runs on a node: containers, and processes as a tree."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from kubelearn.clusters.internals import NodeContainer, NodeProcess
from kubelearn.diagrams.nodes import STATE_PHASES, container_row, draw, process_rows, summary
from kubelearn.diagrams.phases import PHASES

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def container(identifier="c" * 64, state="Running"):
    return NodeContainer(identifier, "app", "web", "shop", "hello:1", state, 0, NOW, 7)


def process(pid, ppid, container=""):
    return NodeProcess(pid, ppid, "root", NOW, f"program {pid}", container)


def test_each_process_stands_below_its_parent():
    found = [process(9, 7), process(7, 1), process(3, 1), process(8, 7), process(5, 3)]
    rows = process_rows(found, [])
    assert [(row["pid"], row["depth"]) for row in rows] == [(3, 0), (5, 1), (7, 0), (8, 1), (9, 1)]


def test_a_processs_container_is_named_even_when_the_runtime_forgot_it():
    rows = process_rows([process(1, 0, "c" * 64), process(2, 0, "d" * 64)], [container()])
    assert [row["container"] for row in rows] == ["web/app", "d" * 13]


def test_a_process_that_is_its_own_parent_is_shown_once():
    assert len(process_rows([process(0, 0), process(1, 0)], [])) == 2


@pytest.mark.parametrize("state", STATE_PHASES)
def test_every_state_of_a_container_has_a_look(state):
    assert container_row(container(state=state))["phase"] in PHASES


def test_the_summary_counts():
    rows = [container_row(container(state=state)) for state in ("Running", "Exited", "Exited")]
    assert summary(rows, process_rows([process(1, 0)], [])) == (
        "1 container runs, 2 have ended; processes: 1"
    )


def test_the_picture_shows_the_tree():
    tree = process_rows([process(1, 0), process(2, 1, "c" * 64)], [container()])
    drawn = draw([], tree, title="Node worker")
    ElementTree.fromstring(drawn)
    assert "program 2" in drawn
    assert "is switched off" in draw([], [], title="Node worker", notice="it is switched off")
