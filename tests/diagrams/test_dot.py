"""Graphs in Graphviz's language, and laid out by dot."""

from __future__ import annotations

import shutil
from xml.etree import ElementTree

import pytest

from kubelearn.diagrams import dot, objectgraph, pipelinedag
from kubelearn.diagrams.graph import lay_out
from kubelearn.errors import KubelearnError
from tests.diagrams.objectshop import PODS, shop

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="no dot: install Graphviz")
TASKS = [pipelinedag.Task("load"), pipelinedag.Task("train", ("load",), after=("load",))]


@pytest.fixture
def whole():
    return objectgraph.graph(shop(unready=PODS[0]))


def source(whole):
    return dot.to_dot(whole, strokes=objectgraph.STROKES, looks=objectgraph.LOOKS).source


def test_the_source_has_all_boxes_and_connections_with_ids_and_classes(whole):
    text = source(whole)
    assert 'id="Deployment-web"' in text
    assert 'class="node Deployment Working"' in text
    assert f'"Service-web" -> "Pod-{PODS[1]}"' in text
    assert f'id="serves--EndpointSlice-web-x7x2z--Pod-{PODS[0]}"' in text
    assert "arrowhead=odot" in text
    assert text == source(whole)


def test_no_dot_is_needed_for_the_source_nor_for_our_own_layout(whole, monkeypatch):
    drawn = objectgraph.draw(shop())
    monkeypatch.setenv("PATH", "")
    assert source(whole)
    assert objectgraph.draw(shop()) == drawn
    assert pipelinedag.draw(TASKS)
    with pytest.raises(KubelearnError, match="there is no program dot") as told:
        dot.lay_out(whole)
    assert "leave the layout to kubelearn" in told.value.hint


@needs_dot
def test_dot_puts_every_box_and_every_connection_somewhere(whole):
    layout = dot.lay_out(whole)
    own = lay_out(whole)
    assert layout.spots.keys() == own.spots.keys()
    assert layout.routes.keys() == own.routes.keys()
    for spot in layout.spots.values():
        assert 0 <= spot.x <= layout.width - spot.width + 1
        assert 0 <= spot.y <= layout.height - spot.height + 1
    assert all(len(route) % 3 == 1 for route in layout.routes.values())


@needs_dot
def test_a_picture_that_dot_laid_out_has_the_same_ids(whole):
    def ids(picture):
        return {each.get("id") for each in ElementTree.fromstring(picture).iter() if each.get("id")}

    objects = shop(unready=PODS[0])
    assert ids(objectgraph.draw(objects, layout=dot.lay_out(whole))) == ids(
        objectgraph.draw(objects)
    )


@needs_dot
def test_two_connections_of_the_same_two_boxes_are_told_apart():
    layout = dot.lay_out(pipelinedag.graph(TASKS))
    assert len(set(layout.routes.values())) == 2


@needs_dot
def test_graphviz_accepts_the_source_and_keeps_the_ids(whole):
    digraph = dot.to_dot(whole, strokes=objectgraph.STROKES, looks=objectgraph.LOOKS)
    picture = digraph.pipe(format="svg", encoding="utf-8")
    groups = {each.get("id"): each for each in ElementTree.fromstring(picture).iter()}
    assert "Deployment Working" in groups["Deployment-web"].get("class")
    assert "selects" in groups[f"selects--Service-web--Pod-{PODS[1]}"].get("class")
