from __future__ import annotations

import pytest

from kubelearn.embedded.scheduler.cache import NodeInfo, PodInfo
from kubelearn.embedded.scheduler.plugins.imagelocality import ImageLocality
from kubelearn.embedded.scheduler.plugins.nodeaffinity import NodeAffinity
from kubelearn.embedded.scheduler.plugins.nodename import NodeName
from kubelearn.embedded.scheduler.plugins.nodeports import NodePorts
from kubelearn.embedded.scheduler.plugins.noderesources import (
    NodeResourcesBalancedAllocation,
    NodeResourcesFit,
)
from kubelearn.embedded.scheduler.plugins.nodeunschedulable import NodeUnschedulable
from kubelearn.embedded.scheduler.plugins.tainttoleration import TaintToleration

UNTOLERATED = ("node(s) had untolerated taint(s)",)
NO_MATCH = ("node(s) didn't match Pod's node affinity/selector",)
NO_PORT = ("node(s) didn't have free ports for the requested pod ports",)


# --- taints and cordons ---


@pytest.mark.parametrize(
    ("toleration", "fits"),
    [
        ({"key": "team", "operator": "Equal", "value": "shop", "effect": "NoSchedule"}, True),
        ({"key": "team", "value": "shop"}, True),
        ({"key": "team", "value": "bank"}, False),
        ({"key": "team", "operator": "Exists"}, True),
        ({"operator": "Exists"}, True),
        ({"key": "team", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "other", "operator": "Exists"}, False),
    ],
)
def test_a_taint_keeps_away_pods_that_do_not_tolerate_it(
    make_pod, make_info, reasons, toleration, fits
):
    info = make_info(taints=[{"key": "team", "value": "shop", "effect": "NoSchedule"}])
    found = reasons(TaintToleration(), make_pod(tolerations=[toleration]), info)
    assert found == (() if fits else UNTOLERATED)


def test_a_taint_that_only_prefers_keeps_nobody_away_but_counts(
    make_pod, make_info, reasons, scores
):
    tainted = make_info("tainted", taints=[{"key": "slow", "effect": "PreferNoSchedule"}])
    assert reasons(TaintToleration(), make_pod(), tainted) == ()
    found = scores(TaintToleration(), make_pod(), tainted, make_info("clean"))
    assert found == {"tainted": 0, "clean": 100}


def test_a_cordoned_node_takes_no_pods_but_those_that_tolerate_it(make_pod, make_info, reasons):
    info = make_info(unschedulable=True)
    plugin = NodeUnschedulable()
    assert reasons(plugin, make_pod(), info) == ("node(s) were unschedulable",)
    tolerations = [{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}]
    assert reasons(plugin, make_pod(tolerations=tolerations), info) == ()


# --- names, labels, affinity ---


def test_a_pod_that_names_its_node_fits_no_other(make_pod, make_info, reasons):
    pod = make_pod(nodeName="other")
    assert reasons(NodeName(), pod, make_info("other")) == ()
    assert reasons(NodeName(), pod, make_info("worker")) == (
        "node(s) didn't match the requested node name",
    )


def required(*terms):
    return {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}
        }
    }


def expression(key, operator, *values):
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


NAMED = [{"key": "metadata.name", "operator": "In", "values": ["a", "b"]}]


@pytest.mark.parametrize(
    ("terms", "names"),
    [
        ([{"matchFields": NAMED}], {"a", "b"}),
        ([{"matchFields": [*NAMED, {**NAMED[0], "values": ["b", "c"]}]}], {"b"}),
        ([{"matchFields": NAMED}, {"matchFields": [{**NAMED[0], "values": ["c"]}]}], set("abc")),
        ([{"matchFields": NAMED}, expression("disk", "Exists")], None),
        ([{"matchFields": [{**NAMED[0], "operator": "NotIn"}]}], None),
    ],
)
def test_an_affinity_to_names_needs_no_look_at_other_nodes(make_pod, terms, names):
    pod = PodInfo(make_pod(affinity=required(*terms)))
    assert NodeAffinity().prefilter(pod) == names


def test_names_that_exclude_each_other_are_told_at_once(make_pod):
    term = {"matchFields": [*NAMED, {**NAMED[0], "values": ["c"]}]}
    found = NodeAffinity().prefilter(PodInfo(make_pod(affinity=required(term))))
    assert found.reasons == ("pod affinity terms conflict",)


@pytest.mark.parametrize(
    ("wish", "fits"),
    [
        ({"nodeSelector": {"disk": "ssd"}}, True),
        ({"nodeSelector": {"disk": "hdd"}}, False),
        ({"affinity": required(expression("disk", "In", "ssd", "nvme"))}, True),
        ({"affinity": required(expression("disk", "NotIn", "ssd"))}, False),
        ({"affinity": required(expression("disk", "Exists"))}, True),
        ({"affinity": required(expression("gpu", "DoesNotExist"))}, True),
        ({"affinity": required(expression("cores", "Gt", "4"))}, True),
        ({"affinity": required(expression("cores", "Lt", "4"))}, False),
        ({"affinity": required(expression("gpu", "Exists"), expression("disk", "Exists"))}, True),
        ({"affinity": required({})}, False),
        (
            {
                "affinity": required(
                    {
                        "matchFields": [
                            {"key": "metadata.name", "operator": "In", "values": ["worker"]}
                        ]
                    }
                )
            },
            True,
        ),
        (
            {
                "nodeSelector": {"disk": "ssd"},
                "affinity": required(expression("gpu", "Exists")),
            },
            False,
        ),
    ],
)
def test_selector_and_affinity_have_to_match_the_nodes_labels(
    make_pod, make_info, reasons, wish, fits
):
    info = make_info(labels={"disk": "ssd", "cores": "8"})
    assert reasons(NodeAffinity(), make_pod(**wish), info) == (() if fits else NO_MATCH)


def test_preferences_add_up(make_pod, make_info, scores):
    preferences = [
        {"weight": 10, "preference": expression("disk", "In", "ssd")},
        {"weight": 30, "preference": expression("zone", "In", "a")},
    ]
    affinity = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferences}}
    found = scores(
        NodeAffinity(),
        make_pod(affinity=affinity),
        make_info("both", labels={"disk": "ssd", "zone": "a"}),
        make_info("one", labels={"disk": "ssd"}),
        make_info("none"),
    )
    assert found == {"both": 100, "one": 25, "none": 0}


def test_a_pod_without_preferences_is_not_scored(make_pod, make_info, scores):
    assert scores(NodeAffinity(), make_pod(), make_info()) is None


# --- ports ---


@pytest.mark.parametrize(
    ("mine", "fits"),
    [
        ({"hostPort": 8080}, False),
        ({"hostPort": 8081}, True),
        ({"hostPort": 8080, "protocol": "UDP"}, True),
        ({"hostPort": 8080, "hostIP": "10.0.0.1"}, False),
        ({}, True),
    ],
)
def test_a_port_of_the_node_is_taken_once(make_pod, make_info, reasons, mine, fits):
    def with_port(name, **port):
        pod = make_pod(name)
        pod["spec"]["containers"][0]["ports"] = [{"containerPort": 80, **port}]
        return pod

    info = make_info("worker", with_port("there", hostPort=8080))
    assert reasons(NodePorts(), with_port("new", **mine), info) == (() if fits else NO_PORT)


def test_one_port_on_two_addresses_is_two_ports(make_pod, make_info, reasons):
    def with_address(name, address):
        pod = make_pod(name)
        pod["spec"]["containers"][0]["ports"] = [{"hostPort": 80, "hostIP": address}]
        return pod

    info = make_info("worker", with_address("there", "10.0.0.1"))
    assert reasons(NodePorts(), with_address("new", "10.0.0.2"), info) == ()
    assert reasons(NodePorts(), with_address("new", "10.0.0.1"), info) == NO_PORT


# --- resources ---


def test_every_resource_that_is_short_is_named(make_pod, make_info, reasons):
    pod = make_pod(requests={"cpu": "5", "memory": "9Gi", "example.com/gpu": "1"})
    assert reasons(NodeResourcesFit(), pod, make_info()) == (
        "Insufficient cpu",
        "Insufficient memory",
        "Insufficient example.com/gpu",
    )


def test_what_other_pods_asked_for_is_taken(make_pod, make_info, reasons):
    info = make_info("worker", make_pod("there", requests={"cpu": "3500m"}))
    assert reasons(NodeResourcesFit(), make_pod(requests={"cpu": "500m"}), info) == ()
    assert reasons(NodeResourcesFit(), make_pod(requests={"cpu": "501m"}), info) == (
        "Insufficient cpu",
    )


def test_a_node_takes_only_so_many_pods(make_pod, make_info, reasons):
    info = make_info("worker", make_pod("there"), allocatable={"pods": "1"})
    assert reasons(NodeResourcesFit(), make_pod("new"), info) == ("Too many pods",)


def test_the_least_used_node_scores_best(make_pod, make_info, scores):
    busy = make_info("busy", make_pod("there", requests={"cpu": "2", "memory": "4Gi"}))
    pod = make_pod("new", requests={"cpu": "1", "memory": "2Gi"})
    found = scores(NodeResourcesFit(), pod, busy, make_info("idle"))
    assert found == {"busy": 25, "idle": 75}


def test_containers_that_ask_for_nothing_count_a_little(make_pod, make_info, scores):
    busy = make_info("busy", *(make_pod(f"p{i}") for i in range(10)))
    found = scores(NodeResourcesFit(), make_pod("new"), busy, make_info("idle"))
    assert found["busy"] < found["idle"]


def test_a_pod_goes_where_it_balances_cpu_and_memory(make_pod, make_info, scores):
    lopsided = make_info("lopsided", make_pod("there", requests={"cpu": "3"}))
    heavy = make_pod("new", requests={"memory": "6Gi"})
    found = scores(NodeResourcesBalancedAllocation(), heavy, lopsided, make_info("idle"))
    assert found["lopsided"] > 75 > found["idle"]


def test_a_pod_without_requests_balances_nothing(make_pod, make_info, scores):
    assert scores(NodeResourcesBalancedAllocation(), make_pod(), make_info()) is None


# --- images ---


def test_a_node_that_has_the_image_is_preferred_the_more_the_larger_it_is(
    make_pod, make_node, scores
):
    def info(name, size):
        node = make_node(name)
        node["status"]["images"] = [{"names": ["app:1"], "sizeBytes": size}] if size else []
        found = NodeInfo(name)
        found.set_node(node)
        return found

    nodes = [info("large", 2000 * 2**20), info("small", 30 * 2**20), info("none", 0)]
    # Two of three nodes have it, so a third of its size does not count.
    assert scores(ImageLocality(), make_pod(), *nodes) == {"large": 100, "small": 0, "none": 0}
    nodes = [info("has", 500 * 2**20), info("none", 0)]
    assert scores(ImageLocality(), make_pod(), *nodes) == {"has": 23, "none": 0}
    untagged = make_pod(containers=[{"name": "a", "image": "app"}])
    assert scores(ImageLocality(), untagged, *nodes) == {"has": 0, "none": 0}
