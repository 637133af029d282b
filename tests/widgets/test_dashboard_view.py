"""Dashboard in a browser, without Jupyter."""

from __future__ import annotations

import time

import pytest
from axe_playwright_python.sync_playwright import Axe

from kubelearn.widgets.dashboard import Dashboard

FORBIDDEN = 'secrets is forbidden: User "kubelearn:view" cannot list resource "secrets"'


def place(**more):
    here = {"namespace": "demo", "kind": "", "name": "", "identity": "yourself", "user": ""}
    return {**here, "bound": "", "namespaces": "", "refused": "", **more}


def tile(count, reason="", **looks):
    return {"count": count, "looks": looks, "reason": reason}


@pytest.fixture
def state(recorded, courier, cluster, monkeypatch):
    monkeypatch.setattr(Dashboard, "look_every", 0)
    widget = Dashboard(cluster, "demo")
    widget.close()
    document = widget.document
    document.replace("place", place())
    document.put("connection", "reason", None)
    document.replace("namespaces", {"demo": True, "default": True})
    tiles = {"pods": tile(3, Running=2, Failed=1), "jobs": tile(0), "secrets": tile(0, FORBIDDEN)}
    document.replace("tiles", tiles)
    document.replace("usage", {"pods/web-1": [52, 24 * 2**20], "nodes?": "no such API"})
    document.replace("trace", {})
    return {"snapshot": document.snapshot()}


@pytest.fixture
def view(open_view, state):
    opened = open_view(Dashboard, state)
    opened.draw_at_once()
    return opened


@pytest.fixture
def table(view):
    """The view, at the table of pods."""
    rows = {
        f"demo/{name}": {"cells": [name, "1/1", word], "name": name, "namespace": "demo"}
        for name, word in (("web-2", "CrashLoopBackOff"), ("web-1", "Running"))
    }
    columns = {"columns": ["Name", "Ready", "Status"], "error": "", "more": 12}
    states = {"demo/web-1": "Running", "demo/web-2": "Failed"}
    view.diff(place=place(kind="pods"), rows=rows, table=columns, states=states)
    return view


@pytest.fixture
def page(view):
    """The view, at the page of a Deployment."""
    since = "2026-01-01T12:00:00Z"
    told = {
        "gone": False,
        "state": "Healthy",
        "word": "3/3",
        "facts": [["Image", "hello:1.0"]],
        "conditions": [
            {"type": "Available", "status": "True", "reason": "Min", "message": "", "since": since}
        ],
        "owners": [{"kind": "ReplicaSet", "name": "web-1"}],
        "yaml": ["kind: Deployment"],
        "edit": "kubectl edit deployment web -n demo",
        "deeds": {"scale": 3, "restart": True, "cordon": None, "delete": True},
        "consequence": "Its pods go with it.",
        "logs": True,
    }
    pod = {"name": "web-1", "node": "worker", "phase": "Running", "word": "Running"}
    pods = {"demo/web-1": {**pod, "ready": "1/1", "restarts": 0}}
    view.diff(place=place(kind="deployments", name="web"), object=told, pods=pods)
    return view


def go(**where):
    return {"type": "action", "name": "go", "arguments": where}


def test_the_overview_tells_counts_states_use_and_what_is_forbidden(view):
    assert [line.splitlines() for line in view(".kl-tile").all_inner_texts()] == [
        ["Pods", "3", "2 running", "1 failed", "uses 52m CPU, 24 MiB"],
        ["Jobs", "0"],
        ["Secrets", "?", "✕ 403 Forbidden"],
    ]
    assert view(".kl-tile").last.get_attribute("title") == FORBIDDEN
    view(".kl-tile").first.click()
    assert view.sent == [go(kind="pods")]


def test_kinds_are_walked_through_with_the_arrow_keys(view):
    assert view('.kl-link[tabindex="0"]').count() == 1
    view(".kl-link").first.focus()
    for _ in range(2):
        view.page.keyboard.press("ArrowDown")
    view.page.keyboard.press("Enter")
    assert view.sent == [go(kind="deployments")]


def test_a_namespace_is_chosen_or_typed(view):
    assert view.page.get_by_label("Namespace").input_value() == "demo"
    assert view("datalist option").evaluate_all("all => all.map((each) => each.value)") == [
        "default",
        "demo",
    ]
    view.page.get_by_label("Namespace").fill("kube-system")
    view.page.keyboard.press("Enter")
    assert view.sent == [go(kind="", namespace="kube-system")]


def test_a_table_is_the_servers_with_states_and_what_is_used(table):
    rows = table(".kl-objects tbody tr")
    lines = [rows.nth(i).locator("td").all_inner_texts() for i in range(2)]
    assert lines == [
        ["web-1", "1/1", "Running", "52m", "24 MiB"],
        ["web-2", "1/1", "CrashLoopBackOff", "", ""],
    ]
    assert table(".kl-objects .kl-badge").count() == 2
    assert table(".kl-objects .kl-more").inner_text() == "12 more are not shown."
    assert table('.kl-link[aria-current="page"]').inner_text() == "Pods"


def test_a_row_leads_to_its_object_and_keeps_the_focus_when_it_changes(table):
    table(".kl-objects .kl-about").last.focus()
    changed = {"cells": ["web-2", "1/1", "Running"], "name": "web-2", "namespace": "demo"}
    table.diff(rows={"demo/web-2": changed})
    assert table.page.evaluate("document.activeElement.innerText") == "web-2"
    table.page.keyboard.press("Enter")
    assert table.sent == [go(kind="pods", name="web-2")]


def test_rows_are_filtered(table):
    table(".kl-objects .kl-input").fill("crash")
    assert table(".kl-objects .kl-about").all_inner_texts() == ["web-2"]
    table(".kl-objects .kl-input").fill("nothing")
    assert table(".kl-objects .kl-empty").inner_text() == "No object is like that."


def test_a_table_that_is_forbidden_says_why(table):
    table.diff(table={"error": FORBIDDEN}, rows={"demo/web-1": None, "demo/web-2": None})
    assert table(".kl-objects .kl-notice").inner_text() == FORBIDDEN
    assert not table(".kl-objects .kl-empty").is_visible()


def test_an_object_tells_its_state_facts_conditions_owners_and_pods(page):
    assert "3/3" in page(".kl-objecthead").inner_text()
    assert page(".kl-facts").inner_text().split() == ["Image", "hello:1.0"]
    assert "Available\tTrue\tMin" in page(".kl-objectpage tbody tr").first.inner_text()
    page(".kl-owners .kl-about").click()
    page.page.get_by_role("button", name="web-1", exact=True).click()
    assert page.sent == [go(kind="ReplicaSet", name="web-1"), go(kind="pods", name="web-1")]


def test_yaml_events_and_logs_are_parts_of_the_page(page):
    page.page.get_by_role("button", name="YAML").click()
    assert page(".kl-yaml").inner_text() == "kind: Deployment"
    assert "kubectl edit deployment web -n demo" in page(".kl-edit").inner_text()
    page.page.get_by_role("button", name="Logs").click()
    assert page.sent == [{"type": "action", "name": "logs", "arguments": {}}]
    assert page(".kl-logpane").is_visible()
    assert not page(".kl-yaml").is_visible()


def test_pods_are_scaled_and_restarted(page):
    page(".kl-count").fill("5")
    page(".kl-scale").click()
    page(".kl-restart").click()
    assert [(m["name"], m["arguments"]) for m in page.sent] == [
        ("scale", {"replicas": 5}),
        ("restart", {}),
    ]


def test_deleting_asks_first_and_says_what_goes_too(page):
    page(".kl-delete").click()
    assert page.sent == []
    assert page(".kl-delete").inner_text() == "Click again to delete. Its pods go with it."
    page(".kl-delete").click()
    assert [m["name"] for m in page.sent] == ["delete"]


def test_a_refusal_stands_where_one_looks_and_what_is_gone_has_no_buttons(page):
    page.diff(place={"refused": FORBIDDEN})
    assert page(".kl-refused").inner_text() == FORBIDDEN
    page.diff(object={"gone": True})
    assert page(".kl-refused").inner_text() == "It is gone."
    assert page(".kl-deeds button").count() == 0


def test_one_can_be_somebody_else_and_reads_who(view):
    view.page.get_by_label("Act as").select_option("view")
    assert view.sent == [{"type": "action", "name": "become", "arguments": {"identity": "view"}}]
    view.diff(place=place(identity="view", user="kubelearn:view", bound="demo"))
    words = view(".kl-meaning").inner_text()
    assert "kubelearn:view, with the ClusterRole view in namespace demo" in words


def test_the_calls_behind_the_clicks_are_shown(view):
    entry = {"command": "kubectl get pods", "request": "GET /api/v1/pods", "code": 200, "ms": 12.3}
    view.diff(trace={"9": {**entry, "message": "", "at": round(time.time() * 1000)}})
    calls = view.page.get_by_role("list", name="API calls")
    assert "kubectl get pods" in calls.inner_text()
    assert "GET /api/v1/pods → 200 12 ms" in calls.inner_text()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("where", ["view", "table", "page"])
def test_it_is_accessible(request, where, dark):
    view = request.getfixturevalue(where)
    view.page.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
    found = Axe().run(view.page)
    assert found.violations_count == 0, found.generate_report()


def test_nothing_sticks_out_at_600_pixels(page):
    page.page.set_viewport_size({"width": 600, "height": 800})
    assert page(".kl-root").evaluate("e => e.scrollWidth <= e.clientWidth")
