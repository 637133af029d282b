"""What the dashboard shows of objects, and its overview as a picture."""

from __future__ import annotations

import base64
from xml.etree import ElementTree

from kubelearn.diagrams.dashboard import (
    conditions,
    draw,
    masked,
    owners,
    summary,
    table_of,
    yaml_lines,
)

APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def tile(count, looks=None, reason=""):
    return {"count": count, "looks": looks or {}, "reason": reason}


def test_of_a_secret_only_the_sizes_are_shown():
    value = base64.b64encode(b"hunter2").decode()
    annotations = {APPLIED: f'{{"data": {{"password": "{value}"}}}}', "team": "a"}
    meta = {"name": "db", "annotations": annotations}
    secret = {"kind": "Secret", "metadata": meta, "data": {"password": value}}
    text = "\n".join(yaml_lines(secret))
    assert value not in text
    assert "password: '(hidden: 7 bytes)'" in text
    assert "team: a" in text
    assert secret["data"]["password"] == value


def test_other_objects_are_shown_as_they_are_without_managed_fields():
    obj = {"kind": "ConfigMap", "metadata": {"name": "a", "managedFields": []}, "data": {"k": "v"}}
    assert masked(obj) is obj
    assert yaml_lines(obj) == ["data:", "  k: v", "kind: ConfigMap", "metadata:", "  name: a"]


def test_conditions_and_owners_are_read_and_may_be_missing():
    owner = {"kind": "ReplicaSet", "name": "web-1", "uid": "u"}
    obj = {
        "metadata": {"ownerReferences": [owner]},
        "status": {"conditions": [{"type": "Ready", "status": "False", "reason": "Waiting"}]},
    }
    assert owners(obj) == [{"kind": "ReplicaSet", "name": "web-1"}]
    assert [(c["type"], c["reason"], c["message"]) for c in conditions(obj)] == [
        ("Ready", "Waiting", "")
    ]
    assert conditions({"metadata": {}}) == owners({"metadata": {}}) == []


def test_a_table_keeps_the_columns_that_kubectl_prints():
    definitions = [{"name": "Name"}, {"name": "Age", "priority": 0}, {"name": "IP", "priority": 1}]
    row = {"cells": ["web", None, "10.0.0.1"], "object": {"metadata": {"name": "web"}}}
    table = {"kind": "Table", "columnDefinitions": definitions, "rows": [row]}
    titles, rows = table_of(table)
    assert titles == ["Name", "Age"]
    assert rows == [{"cells": ["web", "<none>"], "name": "web", "namespace": ""}]


def test_a_server_without_tables_gives_names():
    answer = {"kind": "PodList", "items": [{"metadata": {"name": "web", "namespace": "demo"}}]}
    assert table_of(answer) == (
        ["Name"],
        [{"cells": ["web"], "name": "web", "namespace": "demo"}],
    )


def test_the_picture_has_a_tile_for_what_there_is_and_for_what_is_forbidden():
    tiles = {
        "pods": tile(3, {"Running": 2, "Failed": 1}),
        "jobs": tile(0),
        "secrets": tile(0, reason='secrets is forbidden: User "a"'),
        "events": tile(9, {"Warning": 4}),
    }
    drawn = draw("Namespace demo", tiles)
    ElementTree.fromstring(drawn)
    assert drawn == draw("Namespace demo", tiles)
    assert "pods" in drawn
    assert "jobs" not in drawn
    assert "secrets is forbid" in drawn
    assert summary(tiles) == "3 pods, 9 events"
    assert summary({}) == "nothing"
