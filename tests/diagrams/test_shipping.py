"""The steps from a folder to a public URL, from what is seen."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from kubelearn.diagrams.shipping import LOOKS, Order, Seen, draw, has_image, steps, summary

FILES = ("app.py", "Dockerfile", "k8s.yaml")
IMAGE = "docker.io/library/shop:1.0"
ORDER = Order(
    "shop", "demo", "shop:1.0", IMAGE, "shop", FILES, "docker build -t shop:1.0 shop", "load"
)
CONTROL_PLANE = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}


def node(*, images=(), ready="True", taints=()):
    return {
        "spec": {"taints": list(taints)},
        "status": {
            "conditions": [{"type": "Ready", "status": ready}],
            "images": [{"names": [name]} for name in images],
        },
    }


def pod(*, ready="True", waiting=""):
    state = {"waiting": {"reason": waiting}} if waiting else {"running": {}}
    return {
        "metadata": {"name": "shop-1"},
        "spec": {"nodeName": "worker"},
        "status": {
            "phase": "Pending" if waiting else "Running",
            "conditions": [{"type": "Ready", "status": ready}],
            "containerStatuses": [{"ready": ready == "True", "state": state}],
        },
    }


def seen(**changes):
    """All steps done, but for the changes."""
    done = {
        "files": dict.fromkeys(FILES, True),
        "built": True,
        "nodes": {"worker": node(images=[IMAGE])},
        "deployment": {
            "spec": {"replicas": 1},
            "status": {"conditions": [{"type": "Available", "status": "True"}]},
        },
        "pods": {"shop-1": pod()},
        "service": {"spec": {"ports": [{"port": 80, "nodePort": 30080}]}},
        "slices": {"shop": {"endpoints": [{"conditions": {"ready": True}}]}},
        "answer": ("http://192.0.2.1:30080/", 200, "Hello"),
    }
    return Seen(**{**done, **changes})


def row(key, **changes):
    [found] = [each for each in steps(ORDER, seen(**changes)) if each["key"] == key]
    return found["state"], found["seen"]


def test_when_all_is_so_all_is_ticked():
    rows = steps(ORDER, seen())
    assert {each["state"] for each in rows} == {"done"}
    assert summary(rows) == "7 of 7 steps done"


def test_with_nothing_the_first_step_is_next_and_the_others_are_not_yet():
    rows = steps(ORDER, Seen())
    assert [each["state"] for each in rows] == ["next", *["later"] * 6]
    assert summary(rows) == "0 of 7 steps done; next: The app has a folder"


@pytest.mark.parametrize(
    ("key", "changes", "verdict"),
    [
        ("folder", {"files": {"app.py": True}}, ("next", "missing: Dockerfile, k8s.yaml")),
        ("image", {"built": False}, ("next", "there is no image shop:1.0")),
        ("cluster", {"nodes": {"a": node(ready="False")}}, ("next", "0 of 1 nodes ready")),
        ("nodes", {"nodes": {"a": node()}}, ("next", "0 of 1 nodes for pods have it")),
        (
            "nodes",
            {"nodes": {"a": node(images=[IMAGE]), "b": node()}},
            ("moving", "1 of 2 nodes for pods have it"),
        ),
        ("pods", {"deployment": None}, ("next", "there is no Deployment yet")),
        (
            "pods",
            {"pods": {"shop-1": pod(ready="False", waiting="ImagePullBackOff")}},
            ("failed", "0 of 1 ready: 1 ImagePullBackOff"),
        ),
        ("pods", {"pods": {}}, ("moving", "0 of 1 ready")),
        ("service", {"service": None}, ("next", "there is no Service yet")),
        ("service", {"slices": {}}, ("moving", "it has no endpoints")),
        (
            "public",
            {"service": {"spec": {"ports": [{"port": 80}]}}},
            ("next", "no port of the nodes leads to it"),
        ),
        (
            "public",
            {"answer": ("http://a:1/", 0, "refused")},
            ("moving", "http://a:1/ → no answer refused"),
        ),
        ("public", {"answer": ("http://a:1/", 503, "")}, ("moving", "http://a:1/ → 503")),
    ],
)
def test_a_step_is_judged_by_what_is_seen(key, changes, verdict):
    assert row(key, **changes) == verdict


def test_a_node_that_is_kept_for_the_control_plane_need_not_have_the_image():
    nodes = {"worker": node(images=[IMAGE]), "control": node(taints=[CONTROL_PLANE])}
    assert row("nodes", nodes=nodes) == ("done", "1 of 1 nodes for pods have it")


def test_a_pod_on_its_way_out_does_not_count():
    old = pod()
    old["metadata"]["deletionTimestamp"] = "2026-01-01T12:00:00Z"
    assert row("pods", pods={"old": old}) == ("moving", "0 of 1 ready")


def test_a_node_without_a_list_of_images_has_none():
    assert not has_image({}, IMAGE)


def test_the_picture_has_a_line_and_a_mark_for_each_step():
    rows = steps(ORDER, seen(pods={"shop-1": pod(ready="False", waiting="ImagePullBackOff")}))
    root = ElementTree.fromstring(draw("shop", rows))
    colours = [e.get("fill") for e in root.iter() if e.tag.endswith("circle")]
    assert colours[4] == LOOKS["failed"]["colour"]
    assert len(colours) == 7
    assert "not known" in draw("shop", rows, notice="not known")
