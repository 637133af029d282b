from __future__ import annotations

import pytest

from kubelearn.embedded.informer import Informer
from kubelearn.embedded.scheduler.cache import PodInfo
from kubelearn.embedded.scheduler.plugins.podtopologyspread import PodTopologySpread
from kubelearn.objects import REPLICA_SETS, REPLICATION_CONTROLLERS, SERVICES, STATEFUL_SETS

OWNER = {
    "apiVersion": "apps/v1",
    "kind": "ReplicaSet",
    "name": "web",
    "uid": "uid-of-web",
    "controller": True,
}


@pytest.fixture
def replica_sets(api, clock):
    informer = Informer(api, REPLICA_SETS, clock=clock)
    informer._put(
        {
            "metadata": {"name": "web", "namespace": "default", "uid": "u", "resourceVersion": "1"},
            "spec": {"selector": {"matchLabels": {"app": "web"}}},
        }
    )
    return informer


@pytest.fixture
def services(api, clock):
    return Informer(api, SERVICES, clock=clock)


@pytest.fixture
def stateful_sets(api, clock):
    return Informer(api, STATEFUL_SETS, clock=clock)


@pytest.fixture
def replication_controllers(api, clock):
    return Informer(api, REPLICATION_CONTROLLERS, clock=clock)


@pytest.fixture
def plugin(services, replica_sets, stateful_sets, replication_controllers):
    return PodTopologySpread(
        services=services,
        replica_sets=replica_sets,
        stateful_sets=stateful_sets,
        replication_controllers=replication_controllers,
    )


@pytest.fixture
def sibling(make_pod):
    def make(name, **changes):
        meta = {"ownerReferences": [OWNER], **changes.pop("meta", {})}
        return make_pod(name, labels={"app": "web"}, meta=meta, **changes)

    return make


def test_a_replica_goes_where_its_set_has_the_fewest(plugin, sibling, make_info, scores):
    found = scores(
        plugin,
        sibling("new"),
        make_info("two", sibling("a"), sibling("b")),
        make_info("one", sibling("c")),
        make_info("none"),
    )
    assert found["none"] == 100
    assert found["none"] > found["one"] > found["two"]


def test_zones_count_as_well_as_nodes(plugin, sibling, make_info, scores):
    zone = "topology.kubernetes.io/zone"
    found = scores(
        plugin,
        sibling("new"),
        make_info("a1", sibling("x"), labels={zone: "a"}),
        make_info("a2", labels={zone: "a"}),
        make_info("b1", labels={zone: "b"}),
    )
    assert found["b1"] > found["a2"] > found["a1"]


def test_pods_on_their_way_out_do_not_count(plugin, sibling, make_info, scores):
    leaving = sibling("a", meta={"deletionTimestamp": "2026-01-01T12:00:00Z"})
    found = scores(plugin, sibling("new"), make_info("one", leaving), make_info("none"))
    assert found["one"] == found["none"]


def test_the_pods_of_one_service_are_siblings_too(plugin, services, make_pod, make_info, scores):
    services._put(
        {
            "metadata": {"name": "s", "namespace": "default", "uid": "u", "resourceVersion": "1"},
            "spec": {"selector": {"tier": "front"}},
        }
    )
    pod = make_pod("new", labels={"tier": "front", "app": "x"})
    other = make_pod("a", labels={"tier": "front", "app": "y"})
    found = scores(plugin, pod, make_info("one", other), make_info("none"))
    assert found["none"] > found["one"]


def test_a_pod_without_siblings_is_not_scored(plugin, make_pod, make_info, scores):
    assert scores(plugin, make_pod(labels={"app": "x"}), make_info()) is None


def test_a_pods_own_soft_constraints_replace_the_defaults(plugin, sibling, make_info, scores):
    constraint = {
        "maxSkew": 1,
        "topologyKey": "rack",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"app": "web"}},
    }
    found = scores(
        plugin,
        sibling("new", topologySpreadConstraints=[constraint]),
        make_info("a1", labels={"rack": "a"}),
        make_info("a2", sibling("x"), labels={"rack": "a"}),
        make_info("b1", labels={"rack": "b"}),
    )
    assert found == {"a1": 0, "a2": 0, "b1": 100}


def test_a_node_without_a_label_of_the_pods_own_constraints_is_the_worst(
    plugin, sibling, make_info, scores
):
    constraint = {
        "maxSkew": 1,
        "topologyKey": "rack",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"app": "web"}},
    }
    found = scores(
        plugin,
        sibling("new", topologySpreadConstraints=[constraint]),
        make_info("none"),
        make_info("a", sibling("x"), sibling("y"), labels={"rack": "a"}),
        make_info("b", sibling("z"), labels={"rack": "b"}),
    )
    assert found["none"] == 0 < found["a"] < found["b"] == 100


def test_the_pods_of_one_stateful_set_are_siblings_too(
    plugin, stateful_sets, make_pod, make_info, scores
):
    meta = {"name": "db", "namespace": "default", "uid": "u", "resourceVersion": "1"}
    spec = {"selector": {"matchLabels": {"app": "db"}}}
    stateful_sets._put({"metadata": meta, "spec": spec})
    owner = {**OWNER, "kind": "StatefulSet", "name": "db"}
    pod = make_pod("db-1", labels={"app": "db"}, meta={"ownerReferences": [owner]})
    found = scores(
        plugin, pod, make_info("one", make_pod("db-0", labels={"app": "db"})), make_info("none")
    )
    assert found["none"] > found["one"]


def test_the_pods_of_one_replication_controller_are_siblings_too(
    plugin, replication_controllers, make_pod, make_info, scores
):
    meta = {"name": "web", "namespace": "default", "uid": "u", "resourceVersion": "1"}
    replication_controllers._put({"metadata": meta, "spec": {"selector": {"app": "web"}}})
    owner = {**OWNER, "kind": "ReplicationController", "name": "web"}
    pod = make_pod("web-b", labels={"app": "web"}, meta={"ownerReferences": [owner]})
    found = scores(
        plugin, pod, make_info("one", make_pod("web-a", labels={"app": "web"})), make_info("none")
    )
    assert found["none"] > found["one"]


def spread(skew=1, key="kubernetes.io/hostname", **more):
    rule = {
        "maxSkew": skew,
        "topologyKey": key,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "web"}},
        **more,
    }
    return {"topologySpreadConstraints": [rule]}


@pytest.fixture
def verdicts(plugin, make_pod):
    """Why each node is rejected for a new pod with such constraints, or None."""

    def judge(rules, *infos):
        check = plugin.filter_for(PodInfo(make_pod("new", labels={"app": "web"}, **rules)), infos)
        return [reason.reasons[0] if (reason := check(info)) else None for info in infos]

    return judge


UNEQUAL = "node(s) didn't match pod topology spread constraints"


def test_a_hard_constraint_rejects_where_the_skew_would_be_too_large(verdicts, sibling, make_info):
    a, b = make_info("a", sibling("web-1")), make_info("b")
    assert verdicts(spread(), a, b) == [UNEQUAL, None]
    assert verdicts(spread(skew=2), a, b) == [None, None]


def test_a_node_without_the_label_is_rejected_and_not_counted(verdicts, sibling, make_info):
    a = make_info("a", sibling("web-1"), labels={"zone": "1"})
    missing = f"{UNEQUAL} (missing required label)"
    assert verdicts(spread(key="zone"), a, make_info("b")) == [None, missing]


def test_tainted_nodes_are_counted_unless_the_constraint_says_otherwise(
    verdicts, sibling, make_info
):
    taint = {"key": "x", "effect": "NoSchedule"}
    a, b = make_info("a", sibling("web-1")), make_info("b", taints=[taint])
    assert verdicts(spread(), a, b)[0] == UNEQUAL
    assert verdicts(spread(nodeTaintsPolicy="Honor"), a, b)[0] is None


def test_with_too_few_domains_the_least_number_is_taken_as_none(verdicts, sibling, make_info):
    a = make_info("a", sibling("web-1"))
    assert verdicts(spread(), a) == [None]
    assert verdicts(spread(minDomains=2), a) == [UNEQUAL]


def test_a_constraint_without_a_selector_counts_nobody(verdicts, sibling, make_info):
    a, b = make_info("a", sibling("web-1")), make_info("b")
    assert verdicts(spread(labelSelector=None), a, b) == [None, None]
