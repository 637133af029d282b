"""RequestXray, kernel side."""

from __future__ import annotations

import pytest

from kubelearn.objects import PODS
from kubelearn.widgets import requestxray
from kubelearn.widgets.requestxray import RequestXray
from kubelearn.widgets.watchset import watches_of

LIST = {"method": "GET", "path": PODS.path("demo"), "kind": "own"}


@pytest.fixture
def shown(watches, cluster):
    return RequestXray(cluster, "demo")


def states(widget):
    return {row["name"]: row["state"] for row in widget.document.get("stages", "shown")}


def request(widget):
    return widget.document.get("request", "shown")


def outcome(widget):
    return widget.document.get("outcome", "shown")


def test_it_begins_with_a_request_that_is_not_sent_yet(shown, cluster):
    assert request(shown)["kubectl"] == "kubectl create -f request.yaml -n demo"
    assert set(states(shown).values()) == {"waiting"}
    assert cluster.requests == []
    assert shown.line() == "POST /api/v1/namespaces/demo/pods: not sent yet"


def test_a_created_object_is_followed_to_the_watch(shown, cluster):
    shown.ask()
    assert outcome(shown)["code"] == 201
    assert set(states(shown).values()) == {"passed"}
    rows = {row["name"]: row for row in shown.document.get("stages", "shown")}
    made = cluster.get(PODS, "xray")
    version = made["metadata"]["resourceVersion"]
    assert rows["storage"]["facts"] == [
        "/registry/pods/demo/xray",
        f"created in revision {version}",
    ]
    assert rows["watch"]["facts"] == [
        f"A watch of the collection told its state as of revision {version}."
    ]
    (entry,) = shown.document.section("trace").values()
    assert entry["command"] == "kubectl create -f request.yaml -n demo"
    assert entry["request"] == "POST /api/v1/namespaces/demo/pods"


def test_the_answer_is_shown_as_yaml_and_only_the_beginning_of_a_long_one(shown, monkeypatch):
    shown.ask("404")
    assert 'message: pods "no-such-pod" not found' in outcome(shown)["answer"]
    monkeypatch.setattr(requestxray, "LINES_SHOWN", 3)
    shown.ask("list")
    *lines, rest = outcome(shown)["answer"].splitlines()
    assert len(lines) == 3
    assert rest.endswith("lines more")


def test_the_watch_ends_with_the_request(shown, cluster):
    kept = watches_of(cluster.api_client)
    shown.ask()
    assert kept.open_watches == []


@pytest.mark.parametrize(
    ("example", "code", "stage"),
    [
        ("401", 401, "authentication"),
        ("403-none", 403, "authorization"),
        ("404", 404, "lookup"),
    ],
)
def test_a_refusal_ends_where_it_happened(shown, example, code, stage):
    shown.comm.click("pick", example=example)
    shown.comm.click("ask", **request(shown)["form"])
    assert outcome(shown)["code"] == code
    assert states(shown)[stage] == "refused"
    assert shown.line().startswith("GET ")
    assert f"{code}, refused by" in shown.line()


def test_a_name_that_is_taken_is_refused_by_storage(shown):
    shown.ask("create")
    shown.ask("create")
    assert outcome(shown)["code"] == 409
    assert states(shown)["storage"] == "refused"


def test_what_is_typed_is_shown_in_all_forms_and_the_old_outcome_goes(shown):
    shown.ask("create")
    shown.comm.click("compose", **LIST)
    assert outcome(shown) is None
    assert request(shown)["kubectl"] == "kubectl get pods -n demo -o yaml"
    assert "list_namespaced_pod('demo')" in request(shown)["python"]
    assert request(shown)["example"] == ""


def test_the_form_is_only_filled_when_an_example_is_picked(shown):
    before = request(shown)["picked"]
    shown.comm.click("compose", **LIST)
    assert request(shown)["picked"] == before
    shown.comm.click("pick", example="jane")
    assert request(shown)["picked"] == before + 1
    assert request(shown)["form"]["name"] == "jane"


def test_a_body_that_cannot_be_read_is_said_and_not_sent(shown, cluster):
    bad = {"method": "POST", "path": PODS.path("demo"), "text": "a: [", "kind": "own"}
    shown.comm.click("compose", **bad)
    assert "no YAML" in request(shown)["problem"]
    shown.comm.click("ask", **bad)
    assert "no YAML" in outcome(shown)["problem"]
    assert cluster.requests == []


def test_an_unreachable_cluster_is_said(shown, cluster):
    cluster.switch(on=False)
    shown.ask("list")
    assert "no answer from the API server" in outcome(shown)["problem"]
    assert "no answer from the API server" in shown.line()


def test_an_example_must_exist(watches, cluster):
    with pytest.raises(ValueError, match="there is no example 'tea'"):
        RequestXray(cluster, example="tea")


def test_the_picture_says_how_far_it_got(shown):
    shown.ask("404")
    data, _ = shown._repr_mimebundle_()
    assert (
        data["text/plain"] == "GET /api/v1/namespaces/demo/pods/no-such-pod: 404, refused by read"
    )
    assert "404, refused by read" in data["image/svg+xml"]
