"""LayerStack, kernel side."""

from __future__ import annotations

import pytest

from kubelearn.containers.build.report import BuildReport, Step
from kubelearn.widgets.layerstack import LayerStack


def report(*states):
    texts = ["FROM python", "COPY app .", "USER 1000"]
    steps = [
        Step(n, 3, "", text, n, state=state, layer="sha256:1" if n == 2 else "", size=10 * (n == 2))
        for n, (text, state) in enumerate(zip(texts, states, strict=True), 1)
    ]
    return BuildReport("shop:1", "sha256:2", "a builder", steps, 1010, 0.1)


@pytest.fixture
def stack(recorded):
    return LayerStack(report("done", "done", "done"), ask=True)


def test_it_says_in_one_line_what_the_cache_had(stack):
    assert stack.line() == "shop:1: 3 instructions: 0 from the cache, 3 made anew"
    assert stack.picture().startswith("<svg")


def test_marks_come_from_the_browser_and_do_not_change_the_picture(stack):
    before = stack.picture()
    stack.comm.receive({"method": "update", "state": {"marked": [2, 3]}})
    assert stack.marked == [2, 3]
    assert stack.picture() == before


def test_a_comparison_goes_to_the_browser(stack):
    stack.compare(report("cached", "done", "done"))
    [sent] = [
        data["state"]
        for _, data in stack.comm.sent
        if data and "outcome" in data.get("state", {}) and data["state"]["outcome"]
    ]
    assert [row["state"] for row in sent["outcome"]] == ["cached", "done", "done"]
