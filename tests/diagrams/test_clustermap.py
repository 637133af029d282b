"""The map of a cluster as a picture."""

from __future__ import annotations

import random
import re
from xml.etree import ElementTree

from kubelearn.diagrams.clustermap import draw, image_tag, natural, node_row, pod_row

_NAME = "{http://www.w3.org/2000/svg}text"


def words(picture):
    return [element.text for element in ElementTree.fromstring(picture).iter(_NAME)]


def test_a_pods_name_is_cut_into_owner_and_what_tells_it_from_its_siblings(make_pod):
    row = pod_row(make_pod())
    assert (row["head"], row["tail"], row["tag"]) == ("web", "x7k2p", "1.0")
    assert row["owner"] == "ReplicaSet/web-5d9c7b8f6"
    assert (row["ready"], row["restarts"]) == ("1/1", 2)


def test_a_bare_pod_keeps_its_whole_name(make_pod):
    row = pod_row(make_pod("first-pod", bare=True))
    assert (row["head"], row["tail"], row["owner"]) == ("first-pod", "", "")


def test_a_node_without_a_ready_condition_counts_as_unknown():
    row = node_row({"metadata": {"name": "new"}})
    assert row["ready"] == "Unknown"
    assert row["role"] == "worker"


def test_the_same_objects_in_another_order_give_the_same_bytes(make_pod, make_node):
    nodes = [node_row(make_node(f"worker{i}")) for i in range(1, 12)]
    pods = [pod_row(make_pod(f"web-5d9c7b8f6-{i:05}", node=f"worker{i % 12}")) for i in range(30)]
    first = draw(nodes, pods)
    mixed = random.Random(1)
    mixed.shuffle(nodes)
    mixed.shuffle(pods)
    assert draw(nodes, pods) == first
    assert not re.search(r'\bid="', first)


def test_worker2_comes_before_worker10():
    assert sorted(["worker10", "worker2", "worker"], key=natural) == [
        "worker",
        "worker2",
        "worker10",
    ]


def test_pods_without_a_node_wait_in_a_lane_of_their_own(make_pod, make_node):
    waiting = pod_row(make_pod("web-5d9c7b8f6-later", node="", phase="Pending", state={}))
    drawn = words(draw([node_row(make_node())], [waiting]))
    assert "Waiting for a node" in drawn
    assert "pods: 1 Pending" in drawn


def test_a_node_shows_what_is_wrong_with_it(make_node):
    row = node_row(make_node(ready="False", cordoned=True))
    assert "worker · NotReady · cordoned" in words(draw([row], []))


def test_more_than_200_pods_are_counted_and_not_named(make_pod, make_node):
    pods = [pod_row(make_pod(f"web-5d9c7b8f6-{i:05}")) for i in range(1000)]
    picture = draw([node_row(make_node())], pods)
    assert "1000 Running" in words(picture)
    assert len(picture) < 4000


def test_an_empty_cluster_says_so():
    assert "no nodes yet" in words(draw([], []))


def test_a_lost_connection_is_part_of_the_picture():
    assert "no answer" in words(draw([], [], notice="no answer"))


def test_names_are_escaped(make_node):
    node = make_node("<worker> & co")
    assert "<worker> & co" in words(draw([node_row(node)], []))


def test_tags_of_images():
    assert image_tag("kubelearn/hello:2.0") == "2.0"
    assert image_tag("registry.example:5000/app") == ""
    assert image_tag("app@sha256:0123456789abcdef") == "sha256:01234567"
