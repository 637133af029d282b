"""The layout of graphs in columns."""

from __future__ import annotations

import itertools
import random

import pytest

from kubelearn.diagrams.layered import GAP_Y, Link, arrange

SIZE = (100.0, 40.0)


def sizes(*names):
    return dict.fromkeys(names, SIZE)


def chain(*names):
    return [Link(a, b) for a, b in itertools.pairwise(names)]


def crossings(layout, links):
    """How many links between two neighbouring columns cross."""
    ends = [(layout.spots[link.source], layout.spots[link.target]) for link in links]
    return sum(
        a[0].x == b[0].x and (a[0].y - b[0].y) * (a[1].y - b[1].y) < 0
        for a, b in itertools.combinations(ends, 2)
    )


def overlapping(layout):
    return [
        (one, other)
        for (one, a), (other, b) in itertools.combinations(layout.spots.items(), 2)
        if a.x == b.x and abs(a.y - b.y) < a.height + GAP_Y - 0.01
    ]


def test_links_lead_to_the_right():
    layout = arrange(sizes("a", "b", "c"), [*chain("a", "b", "c"), Link("a", "c")])
    x = {name: spot.x for name, spot in layout.spots.items()}
    assert x["a"] < x["b"] < x["c"]


def test_equal_things_stand_in_one_column_where_they_are_told_to():
    layout = arrange(sizes("pod", "lone"), [], ranks={"pod": 2, "lone": 2})
    assert layout.spots["pod"].x == layout.spots["lone"].x == 0


def test_a_link_that_could_be_drawn_without_a_crossing_is():
    links = [Link("a", "z"), Link("b", "y"), Link("c", "x")]
    layout = arrange(sizes("a", "b", "c", "x", "y", "z"), links)
    assert crossings(layout, links) == 0


def test_a_node_stands_in_the_middle_of_what_it_leads_to():
    links = [Link("a", name) for name in "xyz"]
    spots = arrange(sizes("a", *"xyz"), links).spots
    assert spots["a"].y == pytest.approx(spots["y"].y)


@pytest.mark.parametrize("seed", range(5))
def test_nothing_overlaps_and_routes_begin_and_end_at_their_nodes(seed):
    chance = random.Random(seed)
    names = [f"n{i}" for i in range(40)]
    links = [Link(*chance.sample(names, 2), group=chance.choice("ab")) for _ in range(60)]
    layout = arrange(sizes(*names), links)
    assert overlapping(layout) == []
    for link, route in layout.routes.items():
        for name, (x, y) in ((link.source, route[0]), (link.target, route[-1])):
            spot = layout.spots[name]
            assert x in (pytest.approx(spot.x), pytest.approx(spot.x + spot.width))
            assert spot.y <= y <= spot.y + spot.height
    assert min(spot.y for spot in layout.spots.values()) >= 0
    assert layout.height >= max(spot.y + spot.height for spot in layout.spots.values())


def test_a_cycle_is_drawn_too():
    layout = arrange(sizes("a", "b", "c"), [*chain("a", "b", "c", "a")])
    assert len({spot.x for spot in layout.spots.values()}) == 3
    assert layout.routes[Link("c", "a")][-1][0] == layout.spots["a"].x + SIZE[0]


def test_long_links_of_one_group_share_their_way_through_a_column():
    targets = [f"pod{i}" for i in range(8)]
    links = [Link("set", "owner"), *(Link("owner", name, "owns") for name in targets)]
    links += [Link("service", name, "selects") for name in targets]
    ranks = dict.fromkeys(targets, 2)
    layout = arrange(sizes("set", "service", "owner", *targets), links, ranks=ranks)
    ways = {layout.routes[link][3] for link in links if link.group == "selects"}
    assert len(ways) == 1


def test_the_same_graph_has_the_same_layout():
    links = [*chain("a", "b", "c"), Link("a", "d"), Link("d", "c")]
    assert arrange(sizes(*"abcd"), links) == arrange(sizes(*"abcd"), links)


def test_what_was_there_keeps_its_order_when_something_comes_or_goes():
    names = ["p1", "p2", "p3", "p4"]
    links = [Link("set", name) for name in names]
    first = arrange(sizes("set", *names), links)
    renamed = ["p0", "p4", "p3", "p2", "p1"]
    second = arrange(sizes("set", *renamed), [Link("set", name) for name in renamed], before=first)
    heights = [second.spots[name].y for name in (*names, "p0")]
    assert heights == sorted(heights)


def test_the_former_order_gives_way_to_one_with_fewer_crossings():
    names = sizes("a", "b", "x", "y")
    former = arrange(names, [Link("a", "x"), Link("b", "y")])
    links = [Link("a", "y"), Link("b", "x")]
    assert crossings(arrange(names, links, before=former), links) == 0


def test_what_is_unknown_or_leads_to_itself_is_left_out():
    layout = arrange(sizes("a"), [Link("a", "a"), Link("a", "nobody")])
    assert layout.routes == {}
    assert arrange({}, []).spots == {}
