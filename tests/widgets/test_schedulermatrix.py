"""SchedulerMatrix, kernel side."""

from __future__ import annotations

import pytest

from kubelearn.clusters.nointernals import NoInternals
from kubelearn.objects import NODES, PODS
from kubelearn.widgets.schedulermatrix import LABEL, TAINT, SchedulerMatrix

WORKERS = ["simulated-worker", "simulated-worker2"]


@pytest.fixture
def shown(watches, cluster):
    return SchedulerMatrix(cluster, "demo")


@pytest.fixture
def go_on(watches, cluster):
    """Let the cluster work until it rests, and tell it."""

    def settle():
        cluster.settle()
        watches.tell()

    return settle


def decision(widget):
    return widget.document.get("decision", "shown")


def verdict(widget):
    return widget.document.get("choice", "verdict")


def test_nodes_are_shown_with_what_is_on_them(shown, cluster):
    rows = shown.document.section("nodes")
    assert rows["simulated-control-plane"]["taints"] == [
        "node-role.kubernetes.io/control-plane:NoSchedule"
    ]
    homes = [pod["spec"]["nodeName"] for pod in cluster.all(PODS)]
    assert [rows[name]["pods"][0] for name in WORKERS] == [homes.count(name) for name in WORKERS]


def test_nothing_is_made_or_told_before_one_has_chosen(shown, cluster, go_on):
    shown.comm.click("compare")
    go_on()
    assert cluster.requests == []
    assert decision(shown) is None
    assert verdict(shown) == "Choose a node first: where would you put it?"
    with pytest.raises(ValueError, match="choose a node first"):
        shown.compare()


def test_after_the_choice_the_pod_is_made_and_the_decision_is_shown(shown, cluster, go_on):
    shown.comm.click("choose", node="simulated-control-plane")
    shown.comm.click("compare")
    go_on()
    chosen = cluster.get(PODS, "sample")["spec"]["nodeName"]
    assert verdict(shown) == f"You chose simulated-control-plane; the scheduler chose {chosen}."
    assert decision(shown)["node"] == chosen
    assert set(decision(shown)["sums"]) == set(WORKERS)
    (filters,) = decision(shown)["filters"]
    assert filters["plugin"] == "TaintToleration"
    assert filters["cells"]["simulated-control-plane"]
    (entry,) = shown.document.section("trace").values()
    assert entry["command"] == "kubectl create -f sample.yaml -n demo"


def test_a_choice_stays_once_it_was_compared(shown, go_on):
    shown.comm.click("choose", node=WORKERS[0])
    shown.comm.click("choose", node=WORKERS[1])
    shown.comm.click("compare")
    go_on()
    shown.comm.click("choose", node="")
    assert shown.document.get("choice", "node") == WORKERS[1]


def test_a_pod_that_fits_nowhere_shows_the_words_of_the_scheduler(shown, go_on):
    for name in WORKERS:
        shown.comm.click("cordon", node=name, on=True)
    go_on()
    shown.comm.click("choose", node="")
    shown.comm.click("compare")
    go_on()
    assert verdict(shown) == "You chose nowhere, and so does the scheduler."
    assert [row["plugin"] for row in shown.document.get("decision", "counted")] == [
        "TaintToleration",
        "NodeUnschedulable",
    ]
    message = shown.document.get("pod", "shown")["reason"]
    assert message.startswith("0/3 nodes are available: 1 node(s) had untolerated taint(s)")
    # Once there is room, it goes its way.
    shown.comm.click("cordon", node=WORKERS[0], on=False)
    go_on()
    assert verdict(shown) == f"You chose nowhere; the scheduler chose {WORKERS[0]}."


def test_the_event_is_shown_in_its_own_words(shown, cluster, watches):
    about = {"kind": "Pod", "name": "sample", "namespace": "demo"}
    event = {"kind": "Event", "metadata": {"name": "sample.1", "namespace": "demo"}}
    event |= {"involvedObject": about, "reason": "FailedScheduling", "message": "0/3: no"}
    cluster.put(event)
    watches.tell()
    assert shown.document.get("pod", "event") == "0/3: no"


def test_another_pod_begins_anew_and_the_first_stays(shown, cluster, go_on):
    shown.choose(WORKERS[0])
    shown.comm.click("compare")
    go_on()
    shown.comm.click("another")
    assert decision(shown) is None
    assert shown.document.section("choice") == {
        "verdict": "Choose a node first: where would you put it?"
    }
    shown.comm.click("sample", cpu="2", memory="", selector="disk=ssd", toleration="")
    shown.choose("")
    shown.comm.click("compare")
    assert cluster.get(PODS, "sample")
    spec = cluster.get(PODS, "sample-2")["spec"]
    assert spec["nodeSelector"] == {"disk": "ssd"}


def test_what_was_typed_wrongly_is_said_and_nothing_is_made(shown, cluster):
    shown.comm.click("sample", cpu="much", memory="", selector="", toleration="")
    shown.choose("")
    shown.comm.click("compare")
    assert cluster.requests == []
    (entry,) = shown.document.section("trace").values()
    assert "no quantity" in entry["message"]
    assert verdict(shown) == "You chose nowhere: now let the scheduler decide."


def test_a_pod_that_exists_cannot_ask_for_something_else(shown, go_on):
    shown.choose("")
    shown.comm.click("compare")
    go_on()
    shown.comm.click("sample", cpu="9", memory="", selector="", toleration="")
    assert shown.document.get("pod", "shown")["sample"]["cpu"] == "100m"


def test_nodes_are_marked_with_the_requests_of_kubectl(shown, cluster, watches):
    for name, text in (("taint", TAINT), ("label", LABEL)):
        shown.comm.click(name, node=WORKERS[0], text=text, on=True)
        watches.tell()
    row = shown.document.section("nodes")[WORKERS[0]]
    assert (row["taints"], row["labels"]) == ([TAINT], [LABEL])
    shown.comm.click("taint", node=WORKERS[0], text=TAINT, on=False)
    assert "taints" not in cluster.get(NODES, WORKERS[0])["spec"]
    shown.comm.click("taint", node=WORKERS[0], text="nonsense", on=True)
    assert list(shown.document.section("trace").values())[-1]["code"] == 0


def test_where_the_scheduler_keeps_it_to_itself_the_api_tells_what_it_can(
    shown, cluster, go_on, monkeypatch
):
    monkeypatch.setattr(cluster.internals, "decision", NoInternals("").decision)
    shown.choose(WORKERS[0])
    shown.comm.click("compare")
    go_on()
    chosen = cluster.get(PODS, "sample")["spec"]["nodeName"]
    assert decision(shown) is None
    assert "keep to themselves" in shown.document.get("decision", "reason")
    assert chosen in verdict(shown) or "so did the scheduler" in verdict(shown)


def test_until_the_scheduler_has_decided_it_says_so(shown, cluster, watches):
    cluster.internals.stop("kube-scheduler")
    shown.choose(WORKERS[0])
    shown.comm.click("compare")
    cluster.settle()
    watches.tell()
    assert verdict(shown) == f"You chose {WORKERS[0]}. The scheduler has not decided yet."
    assert "has not decided" in shown.document.get("decision", "reason")


def test_a_decision_about_an_older_pod_of_that_name_is_not_taken_for_this_ones(
    shown, cluster, go_on, monkeypatch
):
    shown.choose(WORKERS[0])
    shown.comm.click("compare")
    go_on()
    old = cluster.internals.decision("sample", "demo")
    pod = cluster.get(PODS, "sample")
    pod["metadata"]["creationTimestamp"] = "2999-01-01T00:00:00Z"
    shown.comm.click("another")
    shown._sample = shown._sample.__class__("sample", "demo")
    shown.choose("")
    monkeypatch.setattr(cluster.internals, "decision", lambda *_: old)
    cluster.put(pod)
    shown.comm.click("compare")
    go_on()
    assert decision(shown) is None


def test_the_picture_and_the_line_tell_the_verdict(shown, go_on):
    data, _ = shown._repr_mimebundle_()
    assert data["text/plain"] == "sample: Choose a node first: where would you put it?"
    shown.choose("")
    shown.comm.click("compare")
    go_on()
    data, _ = shown._repr_mimebundle_()
    assert "the scheduler chose" in data["text/plain"]
    assert "NodeResourcesFit" in data["image/svg+xml"]


def test_a_lost_connection_is_said(shown):
    shown.on_connection("nobody answers")
    assert shown.line() == "sample: nobody answers"
