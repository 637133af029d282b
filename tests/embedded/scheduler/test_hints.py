"""Which changes are worth another try, plugin by plugin."""

from __future__ import annotations

import pytest

from kubelearn.embedded.informer import Informer
from kubelearn.embedded.scheduler.cache import PodInfo
from kubelearn.embedded.scheduler.framework import Change, Framework
from kubelearn.embedded.scheduler.plugins.interpodaffinity import InterPodAffinity
from kubelearn.embedded.scheduler.plugins.nodeaffinity import NodeAffinity
from kubelearn.embedded.scheduler.plugins.nodename import NodeName
from kubelearn.embedded.scheduler.plugins.nodeports import NodePorts
from kubelearn.embedded.scheduler.plugins.noderesources import NodeResourcesFit
from kubelearn.embedded.scheduler.plugins.nodeunschedulable import NodeUnschedulable
from kubelearn.embedded.scheduler.plugins.podtopologyspread import PodTopologySpread
from kubelearn.embedded.scheduler.plugins.tainttoleration import TaintToleration
from kubelearn.objects import REPLICA_SETS, REPLICATION_CONTROLLERS, SERVICES, STATEFUL_SETS

TAINT = {"key": "team", "value": "shop", "effect": "NoSchedule"}
WEB = {"app": "web"}
HOST = "kubernetes.io/hostname"


@pytest.fixture
def helps(api, clock, namespaces):
    """Whether a change brings back a pod that one plugin rejected."""
    framework = Framework(
        [
            NodeUnschedulable(),
            NodeName(),
            TaintToleration(),
            NodeAffinity(),
            NodePorts(),
            NodeResourcesFit(),
            PodTopologySpread(
                services=Informer(api, SERVICES, clock=clock),
                replica_sets=Informer(api, REPLICA_SETS, clock=clock),
                stateful_sets=Informer(api, STATEFUL_SETS, clock=clock),
                replication_controllers=Informer(api, REPLICATION_CONTROLLERS, clock=clock),
            ),
            InterPodAffinity(namespaces=namespaces),
        ]
    )

    def call(plugin, pod, name, old=None, new=None):
        return framework.is_helped(PodInfo(pod), [plugin], Change(name, old, new))

    return call


def test_a_node_that_takes_pods_again(helps, make_pod, make_node):
    open_, closed = make_node(), make_node(unschedulable=True)
    assert helps("NodeUnschedulable", make_pod(), "NodeUpdate", closed, open_)
    assert helps("NodeUnschedulable", make_pod(), "NodeAdd", None, open_)
    assert not helps("NodeUnschedulable", make_pod(), "NodeUpdate", open_, open_)
    assert not helps("NodeUnschedulable", make_pod(), "NodeAdd", None, closed)


def test_a_taint_that_is_gone(helps, make_pod, make_node):
    clean, tainted = make_node(), make_node(taints=[TAINT])
    assert helps("TaintToleration", make_pod(), "NodeUpdate", tainted, clean)
    assert not helps("TaintToleration", make_pod(), "NodeUpdate", clean, clean)
    assert not helps("TaintToleration", make_pod(), "NodeAdd", None, tainted)
    assert not helps("TaintToleration", make_pod(), "PodDelete", make_pod())


def test_a_label_that_is_asked_for(helps, make_pod, make_node):
    pod, plain, labelled = make_pod(nodeSelector=WEB), make_node(), make_node(labels=WEB)
    assert helps("NodeAffinity", pod, "NodeUpdate", plain, labelled)
    assert not helps("NodeAffinity", pod, "NodeUpdate", labelled, labelled)
    assert not helps("NodeAffinity", pod, "NodeAdd", None, plain)


def test_a_port_that_is_free_again(helps, make_pod):
    def using(port):
        ports = [{"containerPort": 80, "hostPort": port}]
        return make_pod(containers=[{"name": "a", "image": "a", "ports": ports}])

    assert helps("NodePorts", using(80), "PodDelete", using(80))
    assert not helps("NodePorts", using(80), "PodDelete", using(81))
    assert not helps("NodePorts", using(80), "PodAdd", None, using(81))


def test_room_that_has_grown(helps, make_pod, make_node):
    pod = make_pod(requests={"cpu": "2"})
    small, large = make_node(allocatable={"cpu": "1"}), make_node(allocatable={"cpu": "3"})
    assert helps("NodeResourcesFit", pod, "NodeUpdate", small, large)
    assert not helps("NodeResourcesFit", pod, "NodeUpdate", large, large)
    assert not helps("NodeResourcesFit", pod, "NodeAdd", None, small)
    assert helps("NodeResourcesFit", pod, "PodDelete", make_pod())
    more, less = (make_pod(requests={"cpu": cpu}) for cpu in ("2", "1"))
    assert helps("NodeResourcesFit", pod, "PodUpdate", more, less)
    assert not helps("NodeResourcesFit", pod, "PodUpdate", less, more)


def rule(kind):
    term = {"topologyKey": HOST, "labelSelector": {"matchLabels": WEB}}
    return {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


def test_a_friend_that_came_or_an_enemy_that_went(helps, make_pod):
    web, other = make_pod(labels=WEB), make_pod()
    friend, enemy = (make_pod("p", affinity=rule(k)) for k in ("podAffinity", "podAntiAffinity"))
    assert helps("InterPodAffinity", friend, "PodAdd", None, web)
    assert helps("InterPodAffinity", friend, "PodUpdate", other, web)
    assert not helps("InterPodAffinity", friend, "PodAdd", None, other)
    assert not helps("InterPodAffinity", friend, "PodDelete", web)
    assert helps("InterPodAffinity", enemy, "PodDelete", web)
    assert helps("InterPodAffinity", enemy, "PodUpdate", web, other)
    assert not helps("InterPodAffinity", enemy, "PodDelete", other)


def test_one_that_could_not_stand_the_pod_went(helps, make_pod):
    hermit = make_pod("hermit", affinity=rule("podAntiAffinity"))
    assert helps("InterPodAffinity", make_pod(labels=WEB), "PodDelete", hermit)
    assert not helps("InterPodAffinity", make_pod(), "PodDelete", hermit)


def test_a_node_in_another_place(helps, make_pod, make_node):
    friend = make_pod("p", affinity=rule("podAffinity"))
    here, there = make_node(), make_node(labels={HOST: "there"})
    assert helps("InterPodAffinity", friend, "NodeUpdate", here, there)
    assert not helps("InterPodAffinity", friend, "NodeUpdate", here, make_node(labels=WEB))


def test_siblings_or_places_that_changed(helps, make_pod, make_node):
    constraint = {
        "maxSkew": 1,
        "topologyKey": "zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": WEB},
    }
    pod = make_pod("p", topologySpreadConstraints=[constraint])
    web, other = make_pod(labels=WEB), make_pod()
    assert helps("PodTopologySpread", pod, "PodDelete", web)
    assert helps("PodTopologySpread", pod, "PodUpdate", other, web)
    assert not helps("PodTopologySpread", pod, "PodAdd", None, other)
    plain, zoned = make_node(), make_node(labels={"zone": "1"})
    assert helps("PodTopologySpread", pod, "NodeDelete", zoned)
    assert helps("PodTopologySpread", pod, "NodeUpdate", plain, zoned)
    assert not helps("PodTopologySpread", pod, "NodeAdd", None, plain)


def test_any_new_node_could_have_the_right_name(helps, make_pod, make_node):
    assert helps("NodeName", make_pod(), "NodeAdd", None, make_node())
    assert not helps("NodeName", make_pod(), "NodeUpdate", make_node(), make_node())
