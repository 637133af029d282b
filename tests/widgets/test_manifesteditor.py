"""ManifestEditor, kernel side."""

from __future__ import annotations

import pytest

from kubelearn.objects import CONFIG_MAPS, DEPLOYMENTS
from kubelearn.widgets.manifesteditor import ManifestEditor

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\n"
WEB = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: demo}\nspec:\n"
MORE = f"{WEB}  replicas: 5\n"


@pytest.fixture
def editor(watches, cluster):
    return ManifestEditor(cluster, MAP, "demo")


def type_(editor, text, name="check", **more):
    turn = editor.document.get("text", "now")["turn"] + 1
    editor.comm.click(name, text=text, turn=turn, page="p", **more)


def rows(editor):
    return list(editor.document.section("objects").values())


def test_the_text_is_tried_at_once_and_nothing_is_stored(editor, cluster):
    [row] = rows(editor)
    assert (row["name"], row["state"], row["namespace"]) == ("configmap/a", "new", "demo")
    assert ("+", "  a: b") in row["difference"]
    assert cluster.at(CONFIG_MAPS.path("demo", "a")) is None


def test_what_was_typed_is_tried_and_kept_for_later_cells(editor):
    type_(editor, MAP.replace("name: a", "name: b"))
    assert rows(editor)[0]["name"] == "configmap/b"
    assert "name: b" in editor.text
    assert editor.document.get("checked", "text") == {"turn": 1, "problem": None}


def test_text_that_is_no_yaml_has_its_line(editor):
    type_(editor, f"{MAP}---\na: b: c\n")
    assert rows(editor) == []
    problem = editor.document.get("checked", "text")["problem"]
    assert problem["line"] == 6
    assert "mapping values" in problem["message"]
    type_(editor, "")
    assert editor.document.get("checked", "text")["problem"] is None


def test_what_the_server_refuses_has_its_line(editor):
    type_(editor, f"{WEB}  replicas: -1\n")
    [row] = rows(editor)
    assert row["state"] == "refused"
    assert [(each["line"], each["field"]) for each in row["problems"]] == [(5, "spec.replicas")]


def test_applying_sends_one_request_for_each_object_and_shows_it(editor, cluster):
    type_(editor, f"{MAP}---\n{MAP.replace('name: a', 'name: c')}", "apply")
    told = list(editor.document.section("trace").values())
    assert [entry["command"] for entry in told] == [
        "kubectl apply --server-side -n demo -f -   # configmap/a",
        "kubectl apply --server-side -n demo -f -   # configmap/c",
    ]
    assert "fieldManager=kubectl&fieldValidation=Strict" in told[0]["request"]
    assert cluster.at(CONFIG_MAPS.path("demo", "c"))["data"] == {"a": "b"}
    assert [row["state"] for row in rows(editor)] == ["same", "same"]


def test_a_conflict_names_the_manager_and_is_applied_only_by_force(editor, cluster):
    type_(editor, MORE)
    [row] = rows(editor)
    assert row["state"] == "conflict"
    assert 'conflict with "autoscaler"' in row["problems"][0]["message"]
    type_(editor, MORE, "apply")
    assert cluster.get(DEPLOYMENTS, "web")["spec"]["replicas"] == 3
    type_(editor, MORE, "apply", force=True)
    assert cluster.get(DEPLOYMENTS, "web")["spec"]["replicas"] == 5
    *_, last = editor.document.section("trace").values()
    assert "--force-conflicts" in last["command"]
    assert "force=true" in last["request"]


def test_a_cluster_that_does_not_answer_is_said_and_tried_again(editor, cluster):
    cluster.switch(on=False)
    type_(editor, MAP)
    assert "switched off" in editor.disconnected
    cluster.switch(on=True)
    editor.look()
    assert editor.disconnected is None
    assert rows(editor)[0]["state"] == "new"


def test_the_picture_and_the_line_say_what_would_come_of_it(editor):
    data, _ = editor._repr_mimebundle_()
    assert data["text/plain"] == "manifest: 1 would be created"
    assert "configmap/a" in data["image/svg+xml"]
    type_(editor, "a: b: c")
    assert editor.line().startswith("manifest: the manifest is not valid YAML: line 1")


def test_a_view_that_opens_later_gets_what_was_typed(editor):
    type_(editor, MORE)
    assert editor.document.get("text", "now") == {"text": MORE, "turn": 1, "page": "p"}
