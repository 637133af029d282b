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
