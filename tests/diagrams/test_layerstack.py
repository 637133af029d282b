"""The layers of an image as a picture."""

from __future__ import annotations

from xml.etree import ElementTree

from kubelearn.containers.build.report import BuildReport, Step
from kubelearn.diagrams.layerstack import draw, step_rows, summary


def step(number, text, *, state="done", size=0):
    layer = "sha256:1" if size else ""
    return Step(number, 3, "", text, number, state=state, layer=layer, size=size)


REPORT = BuildReport(
    "shop:1",
    "sha256:2",
    "a builder",
    [
        step(1, "FROM python", state="cached"),
        step(2, "COPY app .", size=2000),
        step(3, "USER 1000"),
    ],
    1_002_000,
    0.1,
)


def test_the_base_is_what_no_other_step_has_made():
    assert [row["shown"] for row in step_rows(REPORT)] == ["1 MB", "2 kB", "settings"]
    assert [row["size"] for row in step_rows(REPORT)] == [0, 2000, -1]


def test_a_builder_that_tells_no_sizes_still_tells_files_from_settings():
    steps = [step(1, "FROM python"), step(2, "COPY app ."), step(3, "USER 1000")]
    rows = step_rows(BuildReport("shop:1", "sha256:2", "Docker Engine", steps, 2_000_000, 0.1))
    assert [row["shown"] for row in rows] == ["2 MB", "files", "settings"]


def test_the_summary_counts_what_the_cache_had():
    assert summary(step_rows(REPORT)) == "3 instructions: 1 from the cache, 2 made anew"


def test_the_base_lies_at_the_bottom():
    root = ElementTree.fromstring(draw("shop:1", step_rows(REPORT)))
    words = [element.text for element in root.iter() if element.tag.endswith("text")]
    order = [words.index(text) for text in ("USER 1000", "COPY app .", "FROM python")]
    assert order == sorted(order)
