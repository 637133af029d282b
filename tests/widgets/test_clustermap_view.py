"""ClusterMap in a browser, without Jupyter: what is drawn, clicked, focused and sent."""

from __future__ import annotations

import copy

import pytest

from kubelearn.objects import PODS
from kubelearn.widgets.clustermap import ClusterMap
from kubelearn.widgets.simulation import SimulatedCluster


@pytest.fixture
def state(watches, cluster):
    return {"snapshot": ClusterMap(cluster).document.snapshot()}


@pytest.fixture
def view(open_view, state):
    return open_view(ClusterMap, state)


@pytest.fixture
def rows(state):
    return state["snapshot"]["sections"]["pods"]


COUNTS = "window.sent.map((message) => message.count)"


def focused(view):
    return view.page.evaluate("document.activeElement.dataset.key")


def test_nodes_and_their_pods_are_drawn(view, rows):
    assert view(".kl-node strong").all_inner_texts() == [
        "simulated-control-plane",
        "simulated-worker",
        "simulated-worker2",
    ]
    assert view(".kl-pod").count() == 3
    assert view(".kl-chip").all_text_contents() == ["3 Running"]
    assert not view(".kl-lane").is_visible()
    assert view(".kl-pulse").inner_text() == "live"


def test_a_change_touches_only_its_own_pod(view, rows):
    first, second = list(rows)[:2]
    view.page.evaluate("window.before = [...document.querySelectorAll('.kl-pod')]")
    view.diff(pods={first: {**rows[first], "phase": "Terminating", "word": "Terminating"}})
    assert view(f'.kl-pod[data-key="{first}"]').get_attribute("data-phase") == "Terminating"
    assert view(f'.kl-pod[data-key="{second}"]').get_attribute("data-phase") == "Running"
    assert view.page.evaluate("window.before.every((pod) => pod.isConnected)")
    assert view(".kl-chip").all_text_contents() == ["2 Running", "1 Terminating"]


def test_a_new_pod_waits_in_its_lane_and_moves_to_its_node(view, rows):
    row = {**next(iter(rows.values())), "name": "web-new", "node": "", "phase": "Pending"}
    view.diff(pods={"demo/web-new": row})
    assert view(".kl-lane .kl-pod").count() == 1
    view.diff(pods={"demo/web-new": {**row, "node": "simulated-worker", "phase": "Creating"}})
    assert not view(".kl-lane").is_visible()
    assert view(".kl-pod").count() == 4
    view.diff(pods={"demo/web-new": None})
    assert view(".kl-pod").count() == 3


def test_a_lost_message_is_noticed_and_everything_asked_for_again(view, rows, state):
    view.revision += 1
    key = next(iter(rows))
    view.diff(pods={key: {**rows[key], "phase": "Failed", "word": "Error"}})
    assert view.sent == [{"type": "resync"}]
    rest = {k: row for k, row in rows.items() if k != key}
    sections = {**state["snapshot"]["sections"], "pods": rest}
    view.tell({"type": "snapshot", "rev": 9, "sections": sections})
    assert view(".kl-pod").count() == 2
    view.revision = 9
    view.diff(pods={key: rows[key]})
    assert view(".kl-pod").count() == 3
    assert len(view.sent) == 1


def test_a_heartbeat_reveals_a_lost_message_too(view):
    view.tell({"type": "beat", "rev": view.revision})
    assert view.sent == []
    view.tell({"type": "beat", "rev": view.revision + 1})
    assert view.sent == [{"type": "resync"}]


def test_an_old_message_changes_nothing(view, rows):
    view.diff(pods={next(iter(rows)): None})
    view.tell({"type": "diff", "rev": 1, "sections": {"pods": dict.fromkeys(rows)}})
    assert view(".kl-pod").count() == 2


def test_a_second_view_shows_the_same_and_goes_on_with_the_first(view, rows):
    view.diff(pods={next(iter(rows)): None})
    view.page.evaluate("window.open()")
    assert view(".kl-root").count() == 2
    assert view(".kl-pod").count() == 4
    view.diff(pods={list(rows)[1]: None})
    assert view(".kl-pod").count() == 2


def test_the_kernel_knows_how_many_views_are_open(view):
    view.page.evaluate("window.open(); window.closeView()")
    assert view.page.evaluate(COUNTS) == [1, 2, 1]


def test_the_kernel_goes_on_watching_while_a_view_is_displayed_again(open_view, state):
    view = open_view(ClusterMap, state, clock=True)
    view.page.evaluate("window.closeView(); window.open()")
    view.page.clock.fast_forward(5_000)
    assert view.page.evaluate(COUNTS) == [1, 1]
    view.page.evaluate("window.closeView()")
    view.page.clock.fast_forward(5_000)
    assert view.page.evaluate(COUNTS) == [1, 1, 0]


def test_a_click_on_a_pod_deletes_it(view, rows):
    view(".kl-pod").first.click()
    (sent,) = view.sent
    assert sent["name"] == "delete"
    assert f"demo/{sent['arguments']['name']}" in rows
    assert sent["arguments"]["namespace"] == "demo"


def test_the_hover_text_says_what_a_click_does(view):
    assert "Click: kubectl delete pod web-" in view(".kl-pod").first.get_attribute("title")


def test_a_pod_on_its_way_out_is_not_deleted_again(view, rows):
    key = next(iter(rows))
    view.diff(pods={key: {**rows[key], "phase": "Terminating", "word": "Terminating"}})
    view(f'.kl-pod[data-key="{key}"]').click()
    assert view.sent == []


def test_a_pod_that_nobody_would_bring_back_asks_for_a_second_click(view, rows):
    key = next(iter(rows))
    view.diff(pods={key: {**rows[key], "owner": ""}})
    pod = view(f'.kl-pod[data-key="{key}"]')
    pod.click()
    assert view.sent == []
    assert "Click again to delete it" in view(".kl-detail").inner_text()
    pod.click()
    assert [message["name"] for message in view.sent] == ["delete"]


def test_a_map_without_actions_sends_nothing(open_view, state):
    state["snapshot"]["sections"]["facts"]["actions"] = False
    view = open_view(ClusterMap, state)
    view(".kl-pod").first.click()
    assert view(".kl-more").count() == 0
    assert view.sent == []
    assert "delete" not in view(".kl-pod").first.get_attribute("title")


def test_the_menu_of_a_node_cordons_and_stops_it(view, state):
    view(".kl-node >> nth=1").locator(".kl-more").click()
    view(".kl-do-cordon:visible").click()
    view(".kl-node >> nth=1").locator("strong").click()
    view(".kl-do-stop:visible").click()
    assert [(m["name"], m["arguments"]["name"]) for m in view.sent] == [
        ("cordon", "simulated-worker"),
        ("stop", "simulated-worker"),
    ]


def test_what_is_wrong_with_a_node_is_written_on_it(view, state):
    row = state["snapshot"]["sections"]["nodes"]["simulated-worker"]
    view.diff(nodes={"simulated-worker": {**row, "ready": "Unknown", "cordoned": True}})
    card = view(".kl-node >> nth=1")
    assert card.locator(".kl-mark").all_inner_texts() == ["NotReady", "cordoned"]
    card.locator(".kl-more").click()
    assert card.locator(".kl-button").all_inner_texts() == ["Uncordon", "Start"]


def test_the_control_plane_cannot_be_stopped_by_a_click(view):
    view(".kl-more").first.click()
    assert view(".kl-do-stop:visible").is_disabled()


def test_escape_closes_the_menu_and_gives_the_focus_back(view):
    view(".kl-more").nth(1).click()
    view.page.keyboard.press("Escape")
    assert not view(".kl-menu").nth(1).is_visible()
    label = view.page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert label == "Actions for node simulated-worker"


def test_the_keyboard_reaches_every_pod_and_deletes_one(view, rows):
    view(".kl-more").last.focus()
    view(".kl-pod").first.focus()
    view.page.keyboard.press("End")
    last = focused(view)
    view.page.keyboard.press("Home")
    assert focused(view) != last
    seen = {focused(view)}
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"):
        view.page.keyboard.press(key)
        seen.add(focused(view))
    assert seen == set(rows)
    assert view('.kl-pod[tabindex="0"]').count() == 1
    at = focused(view)
    view.page.keyboard.press("Delete")
    assert f"demo/{view.sent[0]['arguments']['name']}" == at


def test_the_focus_stays_when_the_pod_changes_and_goes_on_when_it_is_gone(view, rows):
    pod = view(".kl-pod").first
    pod.focus()
    key = focused(view)
    view.diff(pods={key: {**rows[key], "phase": "Terminating", "node": ""}})
    assert focused(view) == key
    view.diff(pods={key: None})
    assert focused(view) in set(rows) - {key}


def test_keys_do_not_reach_jupyterlabs_shortcuts(view):
    view.page.evaluate(
        "window.leaked = []; document.addEventListener('keydown', (e) => window.leaked.push(e.key))"
    )
    view(".kl-pod").first.focus()
    for key in ("b", "d", "d", "x", "Enter"):
        view.page.keyboard.press(key)
    assert view.page.evaluate("window.leaked") == []
    assert view(".kl-pod").first.get_attribute("data-lm-suppress-shortcuts") == "true"


def test_a_silent_kernel_is_told_and_forgotten_when_it_speaks_again(open_view, state):
    view = open_view(ClusterMap, state, clock=True)
    view.page.clock.fast_forward(13_000)
    assert view(".kl-root").get_attribute("data-state") == "stale"
    assert "run this cell again" in view(".kl-notice").inner_text()
    view.tell({"type": "beat", "rev": view.revision})
    assert view(".kl-root").get_attribute("data-state") == "live"
    assert not view(".kl-notice").is_visible()


def test_a_lost_cluster_is_told_with_its_reason(view):
    view.diff(connection={"reason": "connection refused", "since": 0})
    assert view(".kl-pulse").inner_text() == "disconnected"
    assert "connection refused" in view(".kl-notice").inner_text()
    view.diff(connection={"reason": None})
    assert view(".kl-pulse").inner_text() == "live"


def test_each_action_shows_its_command_its_request_and_the_answer(view):
    entry = {
        "command": "kubectl delete pod web-1 -n demo",
        "request": "DELETE /api/v1/namespaces/demo/pods/web-1",
        "body": "",
        "code": 200,
        "message": "",
        "ms": 3.2,
        "at": 0,
    }
    view.diff(trace={"1": entry})
    view.diff(trace={"2": {**entry, "code": 404, "message": 'pods "web-1" not found'}})
    newest, oldest = view(".kl-trace li").all()
    assert "DELETE /api/v1/namespaces/demo/pods/web-1 → 200 3 ms" in oldest.inner_text()
    assert 'pods "web-1" not found' in newest.inner_text()
    assert newest.get_attribute("class") == "kl-failed"


def test_names_are_text_and_never_markup(view, rows):
    key = next(iter(rows))
    evil = "<img src=x onerror=window.hacked=1>"
    view.diff(pods={key: {**rows[key], "head": evil, "name": evil, "tail": evil}})
    view(f'.kl-pod[data-key="{key}"]').hover()
    assert view(".kl-root img").count() == 0
    assert view.page.evaluate("window.hacked") is None


@pytest.mark.parametrize(("pods", "density"), [(18, "roomy"), (40, "cosy"), (400, "dense")])
def test_more_pods_are_drawn_smaller(open_view, state, rows, pods, density):
    row = next(iter(rows.values()))
    state["snapshot"]["sections"]["pods"] = {
        f"demo/web-{i}": {**row, "name": f"web-{i}", "tail": str(i)} for i in range(pods)
    }
    view = open_view(ClusterMap, state)
    assert view(".kl-pod").count() == pods
    assert view(".kl-body").get_attribute("data-density") == density
    calm = view(".kl-root").evaluate("element => element.classList.contains('kl-calm')")
    assert calm == (pods > 30)


def test_who_wants_no_motion_gets_none(open_view, state):
    view = open_view(ClusterMap, state, reduced_motion="reduce")
    style = "element => getComputedStyle(element).animationName"
    assert view(".kl-icon").first.evaluate(style) == "none"


@pytest.mark.parametrize("width", [320, 600, 1200])
def test_nothing_sticks_out_at_any_width(open_view, state, width):
    view = open_view(ClusterMap, state, viewport={"width": width, "height": 800})
    view.check_width()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_about(open_view, theme):
    view = open_view(ClusterMap, {"snapshot": everything()})
    view.page.evaluate("theme => document.body.classList.add(theme)", theme)
    view(".kl-more").nth(1).click()
    view.check_accessible()


def everything():
    """A snapshot with pods in all states, marks on nodes and a trace."""
    cluster = SimulatedCluster(replicas=7)
    cluster.settle()
    widget = ClusterMap(cluster)
    widget.wait()
    widget.document.put("trace", "1", {"command": "c", "request": "r", "code": 404, "message": "m"})
    snapshot = copy.deepcopy(widget.document.snapshot())
    widget.close()
    sections = snapshot["sections"]
    for row, phase in zip(sections["pods"].values(), sections["facts"]["phases"], strict=True):
        row["phase"] = phase
        row["node"] = "" if phase == "Pending" else row["node"]
    sections["nodes"]["simulated-worker"] |= {"ready": "Unknown", "cordoned": True}
    assert len(cluster.all(PODS)) == 7
    return snapshot
