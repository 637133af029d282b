"""Fixed pictures of parts: what holds of all of them."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from kubelearn.diagrams import architecture, microservices, virtualmachine
from kubelearn.errors import KubelearnError

SVG = "{http://www.w3.org/2000/svg}"
PICTURES = [architecture, microservices, virtualmachine]


def groups(picture):
    root = ElementTree.fromstring(picture)
    return {g.get("id"): g for g in root.iter(f"{SVG}g") if g.get("id")}


def boxes(picture):
    """Where the parts are."""
    found = {}
    for name, group in groups(picture).items():
        rect = group.find(f"{SVG}rect")
        if "part" in group.get("class").split():
            found[name] = tuple(float(rect.get(key)) for key in ("x", "y", "width", "height"))
    return found


def talks(picture):
    """The lines: source, target, first point, last point."""
    for name, group in groups(picture).items():
        if "talk" in group.get("class").split():
            numbers = [float(n) for n in re.findall(r"-?[\d.]+", group.find(f"{SVG}path").get("d"))]
            yield name.split("--"), numbers[:2], numbers[-2:]


@pytest.mark.parametrize("module", PICTURES)
def test_ids_are_unique_and_every_part_says_what_it_is(module):
    root = ElementTree.fromstring(module.draw())
    ids = [g.get("id") for g in root.iter(f"{SVG}g") if g.get("id")]
    assert len(ids) == len(set(ids)) > 5
    for group in groups(module.draw()).values():
        assert group.find(f"{SVG}title").text


@pytest.mark.parametrize("module", PICTURES)
def test_a_line_begins_and_ends_at_the_rims_of_its_parts(module):
    where = boxes(module.draw())
    for ends, *points in talks(module.draw()):
        for name, (px, py) in zip(ends, points, strict=True):
            x, y, width, height = where[name]
            assert x <= px <= x + width, name
            assert y <= py <= y + height, name
            assert px in (x, x + width) or py in (y, y + height), name


@pytest.mark.parametrize("module", PICTURES)
def test_parts_lie_within_the_picture_and_do_not_overlap_by_half(module):
    where = boxes(module.draw())
    assert all(x >= 0 and x + width <= 760 for x, _, width, _ in where.values())
    listed = list(where.items())
    for i, (one, (ax, ay, aw, ah)) in enumerate(listed):
        for other, (bx, by, bw, bh) in listed[i + 1 :]:
            apart = ax + aw <= bx or bx + bw <= ax or ay + ah <= by or by + bh <= ay
            inside = ax <= bx and ay <= by and bx + bw <= ax + aw and by + bh <= ay + ah
            assert apart or inside, (one, other)


@pytest.mark.parametrize("module", PICTURES)
def test_what_is_marked_stands_out_and_nothing_else_changes(module):
    plain = groups(module.draw())
    name = next(iter(plain))
    marked = groups(module.draw(mark=[name]))
    assert "marked" in marked[name].get("class").split()
    changed = [
        key
        for key in plain
        if ElementTree.tostring(plain[key]) != ElementTree.tostring(marked[key])
    ]
    assert changed == [name]


@pytest.mark.parametrize("module", PICTURES)
def test_a_part_that_is_not_there_cannot_be_marked(module):
    with pytest.raises(KubelearnError, match="no part 'kubelt'"):
        module.draw(mark=["kubelt"])


def test_all_come_to_the_api_server_and_only_it_to_etcd():
    ends = [tuple(each[0]) for each in talks(architecture.draw())]
    assert [source for source, target in ends if target == "etcd"] == ["kube-apiserver"]
    callers = {source for source, target in ends if target == "kube-apiserver"}
    assert callers == {
        "you",
        "kube-controller-manager",
        "kube-scheduler",
        *(f"worker-{n}-{name}" for n in (1, 2) for name in ("kubelet", "kube-proxy")),
    }


def test_a_microservice_has_data_of_its_own_and_the_monolith_one_store():
    classes = {name: g.get("class").split() for name, g in groups(microservices.draw()).items()}
    assert {name for name in classes if "store" in classes[name]} == {
        "monolith-store",
        *(f"service-{name}-store" for name in ("orders", "stock", "payments")),
    }
