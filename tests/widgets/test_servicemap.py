"""ServiceMap, kernel side."""

from __future__ import annotations

import pytest

from kubelearn.objects import ENDPOINT_SLICES, PODS, SERVICES
from kubelearn.widgets.servicemap import NOBODY, UNKNOWN, ServiceMap


@pytest.fixture
def shown(watches, cluster):
    return ServiceMap(cluster, "web", "demo")


def states(widget):
    return {name: row["state"] for name, row in widget.document.section("pods").items()}


def commands(widget):
    return [entry["command"] for entry in widget.document.section("trace").values()]


def move(cluster, watches):
    cluster.step()
    watches.tell()


def test_it_follows_services_pods_and_slices_of_one_namespace(shown, watches):
    assert watches.collections == [(SERVICES, "demo"), (PODS, "demo"), (ENDPOINT_SLICES, "demo")]
    assert shown.line() == "web: 3 endpoints"
    assert set(states(shown).values()) == {"endpoint"}


def test_a_missing_service_is_said_and_nothing_fails(watches, cluster):
    other = ServiceMap(cluster, "none", "demo")
    assert other.line() == "none: no such Service"
    other.comm.click("heal")
    assert commands(other) == []
    assert other.picture().startswith("<svg")


def test_a_wrong_selector_breaks_the_service_and_healing_puts_it_back(shown, cluster, watches):
    shown.comm.click("selector", key="app", value="wep")
    assert commands(shown) == [
        """kubectl patch service web -p '{"spec":{"selector":{"app":"wep"}}}' -n demo"""
    ]
    move(cluster, watches)
    assert set(states(shown).values()) == {"other"}
    assert shown.document.get("service", "row")["changed"]
    assert shown.ask() == {NOBODY: 1}
    shown.comm.click("heal")
    move(cluster, watches)
    assert cluster.get(SERVICES, "web")["spec"]["selector"] == {"app": "web"}
    assert set(states(shown).values()) == {"endpoint"}
    assert not shown.document.get("service", "row")["changed"]


def test_healing_removes_what_was_added_and_sets_ports_back(shown, cluster, watches):
    shown.comm.click("selector", key="tier", value="front")
    shown.comm.click("selector", key="app", value=None)
    shown.comm.click("target", port=80, target="htpp")
    move(cluster, watches)
    spec = cluster.get(SERVICES, "web")["spec"]
    assert spec["selector"] == {"tier": "front"}
    assert spec["ports"][0]["targetPort"] == "htpp"
    shown.comm.click("heal")
    assert cluster.requests[-1][2] == {
        "spec": {
            "selector": {"tier": None, "app": "web"},
            "ports": [{"port": 80, "targetPort": 8080}],
        }
    }


def test_a_target_port_where_nobody_listens_is_refused(shown, cluster, watches):
    shown.comm.click("target", port=80, target="9")
    assert cluster.requests[-1][2] == {"spec": {"ports": [{"port": 80, "targetPort": 9}]}}
    move(cluster, watches)
    # Labels and readiness are as they should be: only asking shows it.
    assert set(states(shown).values()) == {"endpoint"}
    assert shown.ask(2) == {NOBODY: 2}
    assert "connection refused" in shown.document.get("asking", "last")["text"]


def test_requests_are_counted_by_the_pod_that_answered(shown, cluster):
    shown.comm.click("ask", times=6)
    names = {pod["metadata"]["name"] for pod in cluster.all(PODS)}
    assert shown.answers == dict.fromkeys(names, 2)
    assert shown.document.get("asking", "last")["who"] in names
    shown.comm.click("clear")
    assert shown.answers == {}
    assert shown.document.get("asking", "last") is None


def test_an_answer_that_names_no_pod_is_counted_apart(shown):
    shown._count({"code": 200, "text": "It works!", "ms": 1})
    assert shown.answers == {UNKNOWN: 1}


def test_of_two_names_that_fit_the_longer_one_answered(shown, cluster, watches):
    pod = cluster.all(PODS)[0]
    name = pod["metadata"]["name"]
    pod["metadata"]["name"] = f"{name}-more"
    cluster.put(pod)
    watches.tell()
    shown._count({"code": 200, "text": f"Hello from {name}-more", "ms": 1})
    assert shown.answers == {f"{name}-more": 1}


def test_a_round_ends_where_nobody_answers_at_all(shown, cluster):
    cluster.switch(on=False)
    shown.comm.click("ask", times=20)
    assert shown.answers == {NOBODY: 1}


def test_a_round_is_never_longer_than_a_hundred_requests(shown):
    shown.comm.click("ask", times=5_000)
    assert sum(shown.answers.values()) == 100


def test_asking_on_stops_when_nobody_looks(shown, monkeypatch):
    monkeypatch.setattr(shown._traffic, "_run", lambda off: None)
    shown.comm.click("keep", on=True)
    assert shown.document.get("asking", "on")
    shown.close()
    assert not shown._traffic.on


def test_slices_of_other_services_are_not_shown(shown, cluster, watches):
    piece = cluster.all(ENDPOINT_SLICES)[0]
    piece["metadata"] |= {"name": "other", "labels": {"kubernetes.io/service-name": "other"}}
    cluster.put(piece)
    watches.tell()
    assert len(shown.document.section("slices")) == 1


def test_the_port_that_is_asked_can_be_chosen(watches, cluster):
    shown = ServiceMap(cluster, "web", "demo", port="8080")
    assert shown.document.get("asking", "path").endswith("/services/web:8080/proxy/")


def test_a_named_port_is_asked_by_its_name(shown, cluster, watches):
    # Upstream: without a port, the proxy looks for one without a name.
    assert shown.document.get("asking", "path").endswith("/services/web/proxy/")
    service = cluster.get(SERVICES, "web")
    service["spec"]["ports"] = [{**service["spec"]["ports"][0], "name": "http"}]
    cluster.put(service)
    watches.tell()
    assert shown.document.get("asking", "path").endswith("/services/web:http/proxy/")
    shown.ask()
    assert shown.document.get("asking", "last")["code"] == 200


def test_a_pod_that_dies_is_no_endpoint_any_more(shown, cluster, watches):
    pod = cluster.all(PODS)[0]
    cluster.delete(pod)
    watches.tell()
    assert states(shown)[pod["metadata"]["name"]] == "leaving"


def test_what_is_not_up_to_date_is_said(shown):
    shown.on_connection("the API server is gone")
    assert shown.line() == "web: not known (the API server is gone)"
