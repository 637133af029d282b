"""ReconcileLoop, kernel side."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from kubelearn.clusters.internals import ControllerState, Step
from kubelearn.errors import ClusterError, NotAvailable
from kubelearn.objects import DEPLOYMENTS, PODS
from kubelearn.widgets import reconcileloop
from kubelearn.widgets.reconcileloop import ReconcileLoop

HOUR = timedelta(hours=1)


class Loops:
    """Control loops whose queues the test fills."""

    def __init__(self):
        self.paused, self.waiting, self.steps = set(), {}, []
        self.works = lambda: None
        self.problem = ""

    def controllers(self):
        names = ["deployment-controller", "replicaset-controller", "kube-scheduler", "other"]
        return [
            ControllerState(
                name, name in self.paused, (), tuple(self.waiting.get(name, ())), {"demo/x": 7.4}
            )
            for name in names
        ]

    def pause(self, name):
        self.paused.add(name)

    def resume(self, name):
        if name not in self.paused:
            raise NotAvailable("it does not run")
        self.paused.remove(name)

    def step(self, name, key=""):
        if name not in self.paused:
            raise ClusterError(f"{name} is not paused")
        self.steps.append((name, key))
        self.works()
        return Step(key or self.waiting[name][0], self.problem)


@pytest.fixture
def loops(cluster, monkeypatch):
    found = Loops()
    for name in ("controllers", "pause", "resume", "step"):
        monkeypatch.setattr(cluster.internals, name, getattr(found, name))
    return found


@pytest.fixture
def shown(watches, cluster, loops):
    # The simulated past is dense, and so reaches into the future: let it lie back.
    cluster.log[:] = [replace(each, moment=each.moment - HOUR) for each in cluster.log]
    return ReconcileLoop(cluster, "web", "demo")


def queue(widget, name="deployment-controller"):
    return widget.document.get("queues", name)


def replicas(widget, loop):
    (card,) = widget.document.get("cards", loop)
    (row,) = (each for each in card["rows"] if each["what"] == "replicas")
    return row["desired"], row["observed"], row["live"]


def sent(widget):
    rows = sorted(widget.document.section("sent").values(), key=lambda row: row["at"])
    return [(row["loop"], row["step"], row["deed"].split()[0]) for row in rows]


def test_what_is_wanted_stands_beside_what_there_is(shown, cluster, watches):
    assert replicas(shown, "deployment-controller") == (3, 3, 3)
    cluster.remove(cluster.all(PODS)[0])
    watches.tell()
    assert replicas(shown, "deployment-controller") == (3, 3, 2)
    assert replicas(shown, "replicaset-controller") == (3, 3, 2)


def test_only_the_queues_of_its_loops_are_shown(shown, loops):
    loops.waiting["replicaset-controller"] = [f"demo/r{i}" for i in range(20)]
    shown.look()
    assert set(shown.document.section("queues")) == set(shown.loops)
    told = queue(shown, "replicaset-controller")
    assert (len(told["waiting"]), told["more"]) == (reconcileloop.KEYS_SHOWN, 8)
    assert told["later"] == {"demo/x": 7}


def test_a_loop_is_paused_and_let_go_and_the_lines_are_shown(shown, loops):
    shown.comm.click("pause", loop="kube-scheduler")
    assert queue(shown, "kube-scheduler")["paused"]
    assert "(kube-scheduler paused)" in shown.line()
    shown.comm.click("resume", loop="kube-scheduler")
    assert not queue(shown, "kube-scheduler")["paused"]
    commands = [entry["command"] for entry in shown.document.section("trace").values()]
    assert commands == [
        'cluster.internals.pause("kube-scheduler")',
        'cluster.internals.resume("kube-scheduler")',
    ]


def test_a_step_shows_what_it_worked_on_and_what_it_sent(shown, loops, cluster, watches):
    shown.comm.click("pause", loop="replicaset-controller")
    pod = cluster.all(PODS)[0]
    loops.waiting["replicaset-controller"] = ["demo/web-x"]

    def work():
        with cluster.acting("system:serviceaccount:kube-system:replicaset-controller"):
            cluster.put(pod)

    loops.works = work
    shown.comm.click("step", loop="replicaset-controller")
    (step,) = shown.document.section("steps").values()
    assert (step["loop"], step["key"], step["problem"]) == (
        "replicaset-controller",
        "demo/web-x",
        "",
    )
    assert sent(shown) == [("replicaset-controller", 1, "patches")]
    shown.comm.click("step", loop="replicaset-controller", key="demo/web-y")
    assert loops.steps[-1] == ("replicaset-controller", "demo/web-y")
    shown.comm.click("resume", loop="replicaset-controller")
    work()
    shown.look()
    assert [step for _, step, _ in sent(shown)] == [1, 2, 0]


def test_a_step_that_fails_says_what_went_wrong(shown, loops):
    loops.problem = "exceeded quota"
    loops.waiting["replicaset-controller"] = ["demo/r"]
    shown.comm.click("pause", loop="replicaset-controller")
    shown.comm.click("step", loop="replicaset-controller")
    (step,) = shown.document.section("steps").values()
    assert step["problem"] == "exceeded quota"


def test_a_step_that_cannot_be_taken_is_in_the_trace_only(shown, loops):
    shown.comm.click("step", loop="replicaset-controller")
    assert shown.document.section("steps") == {}
    (entry,) = shown.document.section("trace").values()
    assert entry["message"] == "replicaset-controller is not paused"


def test_only_its_own_loops_can_be_held(shown, loops):
    shown.comm.click("pause", loop="other")
    assert loops.paused == set()


def test_what_was_paused_here_goes_on_when_the_picture_is_closed(shown, loops):
    loops.paused.add("kube-scheduler")  # somebody else did that
    shown.comm.click("pause", loop="deployment-controller")
    shown.comm.click("pause", loop="replicaset-controller")
    loops.paused.remove("replicaset-controller")  # it was stopped, and started again
    shown.close()
    assert loops.paused == {"kube-scheduler"}


def test_one_wants_more_or_less_and_takes_a_pod_away(shown, cluster, watches):
    oldest = min(pod["metadata"]["creationTimestamp"] for pod in cluster.all(PODS))
    shown.comm.click("scale", by=1)
    assert cluster.get(DEPLOYMENTS, "web")["spec"]["replicas"] == 4
    shown.comm.click("kill")
    (gone,) = (p for p in cluster.all(PODS) if p["metadata"].get("deletionTimestamp"))
    assert gone["metadata"]["creationTimestamp"] == oldest
    commands = [entry["command"] for entry in shown.document.section("trace").values()]
    assert commands[0] == "kubectl scale deployment/web --replicas=4 -n demo"


def test_what_others_sent_is_left_out_and_only_the_latest_are_kept(shown, cluster, monkeypatch):
    monkeypatch.setattr(reconcileloop, "SENT_KEPT", 3)
    pod = cluster.all(PODS)[0]
    cluster.put(pod)
    for _ in range(5):
        with cluster.acting("system:kube-scheduler"):
            cluster.put(pod)
    shown.look()
    assert [loop for loop, _, _ in sent(shown)] == ["kube-scheduler"] * 3


def test_a_trail_that_no_longer_has_the_last_event_is_taken_up_again(shown, cluster, monkeypatch):
    shown._last = "long-forgotten"
    whole = cluster.internals.audit

    def audit(*, since=None, after=""):
        if after == "long-forgotten":
            raise ClusterError("the audit trail has no such event (any more)")
        return whole(since=since, after=after)

    monkeypatch.setattr(cluster.internals, "audit", audit)
    shown._quiet = 0
    shown.look()
    with cluster.acting("system:kube-scheduler"):
        cluster.put(cluster.all(PODS)[0])
    shown.look()
    assert [loop for loop, _, _ in sent(shown)] == ["kube-scheduler"]


def test_a_quiet_cluster_is_rarely_asked_for_its_trail(shown, cluster, monkeypatch):
    reads = []
    monkeypatch.setattr(cluster.internals, "audit", lambda **o: reads.append(o) or iter(()))
    for _ in range(reconcileloop._READ_EVERY * 3):
        shown.look()
    assert len(reads) <= reconcileloop._READS_AFTER_A_CHANGE + 3


def test_on_a_real_cluster_the_reason_stands_where_queues_would_be(watches, cluster):
    shown = ReconcileLoop(cluster, "web", "demo")
    assert "keep to themselves" in shown.document.get("inside", "reason")
    assert shown.document.section("queues") == {}
    assert replicas(shown, "deployment-controller") == (3, 3, 3)
    assert shown.line() == "web: all as wanted"


def test_without_an_audit_trail_the_reason_is_kept(shown, cluster, monkeypatch):
    def refuse(**_):
        raise NotAvailable("no access to the audit trail")

    monkeypatch.setattr(cluster.internals, "audit", refuse)
    shown._quiet = 0
    shown.look()
    assert shown.document.get("inside", "audit") == "no access to the audit trail"


def test_what_is_gone_is_said(shown, cluster, watches):
    cluster.remove(cluster.get(DEPLOYMENTS, "web"))
    watches.tell()
    data, _ = shown._repr_mimebundle_()
    assert data["text/plain"] == "web: it is not there"
    assert "it is not there" in data["image/svg+xml"]


def test_only_known_kinds_can_be_shown(watches, cluster):
    with pytest.raises(ValueError, match="not 'Pod'"):
        ReconcileLoop(cluster, "web", kind="Pod")
