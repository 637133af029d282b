"""A Service and its pods as rows and as a picture."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from kubelearn.diagrams.servicemap import MOST_PODS, draw, pod_rows, service_row, slice_row, summary
from tests.diagrams.objectshop import LABELS, PODS, endpoints, pod, thing


def service(**spec):
    ports = [{"port": 80, "targetPort": 8080}]
    return thing("Service", "web", spec={"selector": LABELS, "ports": ports, **spec})


@pytest.fixture
def pods():
    made = [pod(name, ready=name != PODS[2]) for name in PODS]
    for each in made:
        each["status"]["podIP"] = "10.244.1.7"
    return [*made, pod("api", labels={"app": "api"})]


@pytest.fixture
def rows(pods):
    piece = thing("EndpointSlice", "web-x", endpoints=endpoints(*PODS, unready=PODS[2]))
    return pod_rows(service(), pods, [piece])


def test_endpoints_come_first_and_strangers_last(rows):
    assert [(row["name"], row["state"]) for row in rows] == [
        (PODS[0], "endpoint"),
        (PODS[1], "endpoint"),
        (PODS[2], "held"),
        ("api", "other"),
    ]
    assert summary(service_row(service()), rows) == "2 endpoints, 1 held back, 1 not selected"
    assert summary(None, []) == "no such Service"


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ({"clusterIP": "10.96.0.7"}, "ClusterIP"),
        ({"clusterIP": "None"}, "headless"),
        ({"type": "NodePort"}, "NodePort"),
        ({"type": "ExternalName", "externalName": "db.example"}, "ExternalName"),
    ],
)
def test_the_type_is_told_with_what_it_means(spec, kind):
    row = service_row(service(**spec))
    assert row["type"] == kind
    assert row["meaning"]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (8080, "8080, which a container declares"),
        (81, "81, which no container declares; it may listen there all the same"),
        ("http", "http is 8080 here"),
        ("htpp", "no container has a port named htpp"),
    ],
)
def test_where_a_port_leads_at_each_pod(target, words):
    ports = [{"name": "http", "containerPort": 8080}]
    made = pod("web-a", spec={"containers": [{"name": "web", "ports": ports}]})
    (row,) = pod_rows(service(ports=[{"port": 80, "targetPort": target}]), [made], [])
    assert row["ports"][0]["words"] == words


def test_a_slice_tells_conditions_and_ports():
    piece = thing("EndpointSlice", "web-x", endpoints=endpoints("a", "b", unready="b"))
    piece |= {
        "addressType": "IPv4",
        "ports": [{"name": "", "port": 8080}, {"name": "m", "port": 9}],
    }
    row = slice_row(piece)
    assert row["ports"] == ["8080", "m 9"]
    assert [each["ready"] for each in row["endpoints"]] == [True, False]
    assert not row["endpoints"][0]["terminating"]


def test_the_picture_has_a_line_for_each_pod_that_the_selector_fits(rows):
    drawn = draw(service_row(service()), rows, title="Service web")
    root = ElementTree.fromstring(drawn)
    lines = [e for e in root.iter("{http://www.w3.org/2000/svg}path") if e.get("fill") == "none"]
    ways = [each for each in lines if (each.get("d") or "").startswith("M240")]
    assert [bool(each.get("stroke-dasharray")) for each in ways] == [False, False, True]
    assert "has app=api; the selector asks for app=web" in drawn
    assert draw(service_row(service()), rows, title="Service web") == drawn


def test_addresses_that_are_no_pods_are_counted_where_there_is_no_selector(pods):
    piece = thing("EndpointSlice", "by-hand", endpoints=[{"addresses": ["192.0.2.7"]}])
    row = service_row(service(selector=None), [piece])
    rows = pod_rows(service(selector=None), pods, [piece])
    assert rows == []
    assert summary(row, rows) == "0 endpoints, 1 address outside of pods"
    assert "no selector" in draw(row, rows, title="Service web")


def test_a_crowd_is_cut_and_counted(pods):
    many = [pod(f"web-{i}") for i in range(MOST_PODS + 5)]
    drawn = draw(service_row(service()), pod_rows(service(), many, []), title="web")
    assert "and 5 pods more" in drawn


def test_without_a_service_the_picture_says_so():
    assert "no such Service" in draw(None, [], title="Service web")
    assert "nobody answers" in draw(None, [], title="Service web", notice="nobody answers")
