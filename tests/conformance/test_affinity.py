"""Pods that want to be near others, or away from them."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.needs_nodes

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def near(kind, key="kubernetes.io/hostname"):
    term = {"topologyKey": key, "labelSelector": {"matchLabels": {"app": "web"}}}
    return {"affinity": {kind: {REQUIRED: [term]}}}


@pytest.fixture
def node_of(core, namespace):
    return lambda name: core.read_namespaced_pod(name, namespace).spec.node_name


@pytest.fixture
def unschedulable(core, namespace, eventually):
    """Wait until a pod has no node, and give the reason."""

    def call(name):
        def message():
            conditions = core.read_namespaced_pod(name, namespace).status.conditions or []
            return next((c.message for c in conditions if c.reason == "Unschedulable"), None)

        return eventually(message)

    return call


def test_affinity_leads_to_the_node_of_the_other_pod(pods, node_of, machines):
    pods.run(name="web", labels={"app": "web"})
    pods.ready("web")
    for name in ("friend", "other-friend"):
        pods.run(name=name, spec=near("podAffinity"))
        pods.ready(name)
        assert node_of(name) == node_of("web")


def test_anti_affinity_leads_away_from_it_also_later_ones(pods, node_of, unschedulable):
    spec = {"nodeSelector": {"kubernetes.io/os": "linux"}, **near("podAntiAffinity")}
    pods.run(name="web", labels={"app": "web"}, spec=spec)
    pods.ready("web")
    here = {"nodeSelector": {"kubernetes.io/hostname": node_of("web")}}
    pods.run(name="rival", labels={"app": "web"}, spec=here)
    assert "didn't satisfy existing pods anti-affinity rules" in unschedulable("rival")
    pods.run(name="hermit", spec={**here, **near("podAntiAffinity")})
    assert "didn't match pod anti-affinity rules" in unschedulable("hermit")


def test_affinity_to_nobody_is_not_met(pods, unschedulable):
    pods.run(name="lonely", spec=near("podAffinity"))
    assert "didn't match pod affinity rules" in unschedulable("lonely")


def test_a_hard_spread_constraint_keeps_numbers_equal(pods, node_of, unschedulable):
    rule = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "DoNotSchedule",
        "nodeTaintsPolicy": "Honor",
        "labelSelector": {"matchLabels": {"app": "web"}},
    }
    names = ("one", "two")
    for name in names:
        pods.run(name=name, labels={"app": "web"}, spec={"topologySpreadConstraints": [rule]})
        pods.ready(name)
    assert node_of("one") != node_of("two")


def test_affinity_can_choose_namespaces_by_their_labels(
    core, pods, namespace, node_of, unschedulable
):
    core.patch_namespace(namespace, {"metadata": {"labels": {"team": namespace}}})
    for name, team in (("friend", namespace), ("lonely", "nobody")):
        term = {
            "topologyKey": "kubernetes.io/hostname",
            "labelSelector": {"matchLabels": {"app": "web"}},
            "namespaceSelector": {"matchLabels": {"team": team}},
        }
        if name == "friend":
            pods.run(name="web", labels={"app": "web"})
            pods.ready("web")
        pods.run(name=name, spec={"affinity": {"podAffinity": {REQUIRED: [term]}}})
    pods.ready("friend")
    assert node_of("friend") == node_of("web")
    assert "didn't match pod affinity rules" in unschedulable("lonely")


def test_a_pod_completes_its_selectors_with_its_own_labels(core, pods, namespace):
    constraint = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"app": "web"}},
        "matchLabelKeys": ["revision"],
    }
    spec = {"topologySpreadConstraints": [constraint]}
    pods.run(labels={"app": "web", "revision": "7"}, spec=spec)
    [stored] = pods.get().spec.topology_spread_constraints
    [added] = stored.label_selector.match_expressions
    assert (added.key, added.operator, added.values) == ("revision", "In", ["7"])
    assert stored.match_label_keys == ["revision"]
