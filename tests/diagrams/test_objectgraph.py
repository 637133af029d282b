"""Objects as a graph: what is connected, and how it is drawn."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from kubelearn.diagrams.objectgraph import AGGREGATE_ABOVE, STROKES, draw, graph, summary
from tests.diagrams.objectshop import LABELS, PODS, SET, endpoints, pod, shop, thing

SVG = "{http://www.w3.org/2000/svg}"


def edges(objects, **options):
    return {(e.source, e.kind, e.target) for e in graph(objects, **options).edges}


def node(objects, name):
    return next(each for each in graph(objects).nodes if each.id == name)


def test_owners_are_followed_from_the_deployment_to_its_pods():
    found = edges(shop())
    assert ("Deployment-web", "owns", f"ReplicaSet-{SET}") in found
    assert {(f"ReplicaSet-{SET}", "owns", f"Pod-{name}") for name in PODS} <= found


def test_an_owner_of_the_same_name_with_another_uid_owns_nothing():
    objects = shop()
    objects[0]["metadata"]["uid"] = "another"
    assert ("Deployment-web", "owns", f"ReplicaSet-{SET}") not in edges(objects)


def test_a_service_selects_by_labels_alone():
    stranger = pod("stranger", labels={**LABELS, "extra": "yes"}, owner="")
    other = pod("other", labels={"app": "api"}, owner="")
    selected = {e[2] for e in edges([*shop(), stranger, other]) if e[1] == "selects"}
    assert selected == {*(f"Pod-{name}" for name in PODS), "Pod-stranger"}


@pytest.mark.parametrize(
    "spec", [{"selector": {}}, {}, {"type": "ExternalName", "selector": LABELS}]
)
def test_a_service_without_a_selector_selects_nothing(spec):
    objects = [pod("web-a"), thing("Service", "web", spec=spec)]
    assert edges(objects) == set()


def test_an_endpoint_that_is_not_ready_is_off():
    serves = [e for e in graph(shop(unready=PODS[1])).edges if e.kind == "serves"]
    assert {e.target for e in serves if e.status == "off"} == {f"Pod-{PODS[1]}"}
    assert len(serves) == 3


def test_a_slice_without_an_owner_belongs_to_the_service_that_its_label_names():
    labels = {"kubernetes.io/service-name": "outside"}
    objects = [
        thing("Service", "outside", spec={}),
        thing("EndpointSlice", "by-hand", meta={"labels": labels}),
    ]
    assert edges(objects) == {("Service-outside", "serves", "EndpointSlice-by-hand")}


def test_what_a_pod_uses_is_shown_and_nothing_else():
    spec = {
        "volumes": [
            {"name": "a", "configMap": {"name": "settings"}},
            {"name": "b", "secret": {"secretName": "certificate"}},
            {"name": "c", "persistentVolumeClaim": {"claimName": "data"}},
            {"name": "d", "projected": {"sources": [{"configMap": {"name": "more"}}]}},
            {"name": "e", "ephemeral": {"volumeClaimTemplate": {}}},
            {"name": "f", "configMap": {"name": "perhaps", "optional": True}},
            {
                "name": "kube-api-access-x",
                "projected": {"sources": [{"configMap": {"name": "kube-root-ca.crt"}}]},
            },
        ],
        "containers": [
            {
                "name": "web",
                "envFrom": [{"secretRef": {"name": "password"}}],
                "env": [
                    {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "flags", "key": "a"}}}
                ],
            }
        ],
    }
    unused = thing("ConfigMap", "unused")
    found = edges([pod("web-a", spec=spec), thing("ConfigMap", "settings"), unused])
    assert found == {
        ("Pod-web-a", "mounts", "ConfigMap-settings"),
        ("Pod-web-a", "mounts", "ConfigMap-more"),
        ("Pod-web-a", "mounts", "Secret-certificate"),
        ("Pod-web-a", "mounts", "PersistentVolumeClaim-data"),
        ("Pod-web-a", "mounts", "PersistentVolumeClaim-web-a-e"),
        ("Pod-web-a", "reads", "Secret-password"),
        ("Pod-web-a", "reads", "ConfigMap-flags"),
    }


def test_what_a_pod_names_and_nobody_has_is_missing_but_secrets_are_not_read():
    spec = {"volumes": [{"configMap": {"name": "a.conf"}}, {"secret": {"secretName": "b"}}]}
    objects = [pod("web-a", spec=spec)]
    assert node(objects, "ConfigMap-a.conf").status == "Missing"
    assert node(objects, "Secret-b").status == ""


def test_nodes_are_shown_only_when_asked_for():
    worker = thing("Node", "worker", status={"conditions": [{"type": "Ready", "status": "True"}]})
    assert ("Pod-web-a", "runs-on", "Node-worker") in edges([pod("web-a"), worker], nodes=True)
    assert summary(graph([pod("web-a"), worker])) == "1 Pod"


def conditions(**types):
    return {"conditions": [{"type": key, **value} for key, value in types.items()]}


TRUE = {"status": "True"}
LATE = {"Progressing": {"status": "False", "reason": "ProgressDeadlineExceeded"}}
FRESH, NIGHTLY = {"replicas": 1}, {"schedule": "@daily"}


@pytest.mark.parametrize(
    ("kind", "spec", "status", "state"),
    [
        ("Deployment", {"replicas": 2}, {"readyReplicas": 1}, ("Working", "1/2")),
        ("Deployment", FRESH, conditions(**LATE), ("Troubled", "0/1")),
        ("ReplicaSet", {"replicas": 0}, {}, ("Idle", "0/0")),
        ("ReplicaSet", FRESH, conditions(ReplicaFailure=TRUE), ("Troubled", "0/1")),
        ("DaemonSet", {}, {"numberReady": 2, "desiredNumberScheduled": 2}, ("Healthy", "2/2")),
        ("Job", {}, {"succeeded": 1, **conditions(Complete=TRUE)}, ("Succeeded", "1/1")),
        ("Job", {"completions": 3}, conditions(Failed=TRUE), ("Failed", "0/3")),
        ("Job", {"suspend": True}, {}, ("Idle", "0/1")),
        ("CronJob", NIGHTLY, {}, ("Healthy", "@daily")),
        ("CronJob", NIGHTLY, {"active": [{}]}, ("Working", "1 active")),
        ("CronJob", {**NIGHTLY, "suspend": True}, {}, ("Idle", "suspended")),
        ("Service", {"clusterIP": "None"}, {}, ("", "headless")),
        ("Service", {"type": "NodePort"}, {}, ("", "NodePort")),
    ],
)
def test_every_kind_has_its_states(kind, spec, status, state):
    (shown,) = graph([thing(kind, "a", spec=spec, status=status)]).nodes
    assert (shown.status, shown.word) == state


@pytest.mark.parametrize(
    ("obj", "state"),
    [
        (thing("EndpointSlice", "a", endpoints=endpoints("x", "y")), ("Healthy", "2/2")),
        (thing("EndpointSlice", "a", endpoints=endpoints("x", unready="x")), ("Troubled", "0/1")),
        (thing("EndpointSlice", "a"), ("Troubled", "0/0")),
        (pod("a", ready=False), ("NotReady", "not ready")),
        (thing("Job", "a", meta={"deletionTimestamp": "x"}), ("Terminating", "Terminating")),
    ],
)
def test_so_have_those_that_are_told_otherwise(obj, state):
    (shown,) = graph([obj]).nodes
    assert (shown.status, shown.word) == state


@pytest.mark.parametrize(
    ("phase", "state"), [("Bound", "Healthy"), ("Lost", "Troubled"), ("Pending", "Working")]
)
def test_a_claim_is_in_the_state_of_its_volume(phase, state):
    spec = {"volumes": [{"persistentVolumeClaim": {"claimName": "data"}}]}
    claim = thing("PersistentVolumeClaim", "data", status={"phase": phase})
    shown = node([pod("a", spec=spec), claim], "PersistentVolumeClaim-data")
    assert (shown.status, shown.word) == (state, phase)


def test_boxes_and_connections_have_ids_and_classes():
    root = ElementTree.fromstring(draw(shop(unready=PODS[1]), title="Namespace shop"))
    groups = {g.get("id"): g.get("class") for g in root.iter(f"{SVG}g") if g.get("id")}
    assert groups["Deployment-web"] == "node Deployment Working"
    assert groups[f"Pod-{PODS[1]}"] == "node Pod NotReady"
    assert groups[f"serves--EndpointSlice-web-x7x2z--Pod-{PODS[1]}"] == "edge serves off"
    assert groups[f"selects--Service-web--Pod-{PODS[0]}"] == "edge selects"


def test_kinds_of_connections_differ_by_their_dashes_and_are_named():
    assert len({stroke.dash for stroke in STROKES.values()}) == len(STROKES)
    picture = draw(shop())
    root = ElementTree.fromstring(picture)
    words = {text.text for text in root.iter(f"{SVG}text")}
    assert {"owns", "selects", "leads to"} <= words
    assert "mounts" not in words


def test_equal_objects_in_another_order_give_equal_bytes():
    assert draw(shop()) == draw(shop()[::-1])


def test_many_pods_in_one_state_are_one_box():
    names = [f"{SET}-{i}" for i in range(AGGREGATE_ABOVE)]
    objects = [*shop(), *(pod(name) for name in names), pod("web-odd", ready=False)]
    whole = graph(objects)
    boxes = {each.name for each in whole.nodes if each.kind == "Pod"}
    assert boxes == {f"{AGGREGATE_ABOVE + 3} Running", "1 Not ready"}
    assert f"{AGGREGATE_ABOVE + 4} Pods" in summary(whole)
    assert sum(e.kind == "selects" for e in whole.edges) == 2


def test_a_notice_stands_where_the_counts_were():
    assert "nobody answers" in draw([], notice="nobody answers")
    assert "no objects yet" in draw([])
