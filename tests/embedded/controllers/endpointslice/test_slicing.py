from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.endpointslice import slicing


@pytest.fixture
def make_service():
    def make(
        *, ports=({"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"},), **spec
    ):
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {
                "name": "web",
                "namespace": "default",
                "uid": "uid-of-service",
                "labels": {"team": "shop"},
            },
            "spec": {
                "selector": {"app": "web"},
                "clusterIP": "127.64.128.9",
                "ipFamilies": ["IPv4"],
                "ports": list(ports),
                **spec,
            },
        }

    return make


@pytest.fixture
def pod(make_pod):
    def make(name="web-1", ip="127.64.2.1", **changes):
        status = {"podIPs": [{"ip": ip}]} if ip else {}
        return make_pod(name, **{"ready": True, "phase": "Running", "status": status, **changes})

    return make


def stored(plan, name="web-abcde"):
    [made] = plan.create
    return {**made, "metadata": {**made["metadata"], "name": name, "uid": f"uid-of-{name}"}}


def test_a_ready_pod_is_an_endpoint_on_its_node(make_service, pod):
    [made] = slicing.plan(make_service(), [pod(nodeName="worker")], []).create
    assert made["endpoints"] == [
        {
            "addresses": ["127.64.2.1"],
            "conditions": {"ready": True, "serving": True, "terminating": False},
            "targetRef": {
                "kind": "Pod",
                "namespace": "default",
                "name": "web-1",
                "uid": "uid-of-web-1",
            },
            "nodeName": "worker",
        }
    ]
    assert made["ports"] == [{"name": "http", "protocol": "TCP", "port": 8080}]
    assert made["addressType"] == "IPv4"


def test_a_slice_says_whose_it_is(make_service):
    [made] = slicing.plan(make_service(), [], []).create
    assert made["metadata"]["generateName"] == "web-"
    assert made["metadata"]["labels"] == {
        "team": "shop",
        "kubernetes.io/service-name": "web",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    }
    [owner] = made["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"]) == ("Service", "uid-of-service")


def test_a_headless_service_is_marked(make_service):
    [made] = slicing.plan(make_service(clusterIP="None"), [], []).create
    assert made["metadata"]["labels"]["service.kubernetes.io/headless"] == ""


@pytest.mark.parametrize(
    ("ready", "meta", "anyway", "conditions"),
    [
        (True, {}, False, (True, True, False)),
        (False, {}, False, (False, False, False)),
        (True, {"deletionTimestamp": "2026-01-01T12:00:00Z"}, False, (False, True, True)),
        (False, {}, True, (True, False, False)),
    ],
)
def test_conditions_tell_ready_serving_and_terminating(
    make_service, pod, ready, meta, anyway, conditions
):
    service = make_service(publishNotReadyAddresses=anyway)
    found = slicing.endpoint(service, pod(ready=ready, meta=meta), "IPv4")
    assert tuple(found["conditions"].values()) == conditions


@pytest.mark.parametrize("changes", [{"ip": None}, {"phase": "Succeeded"}, {"phase": "Failed"}])
def test_pods_without_address_or_that_have_ended_are_no_endpoints(make_service, pod, changes):
    assert slicing.endpoint(make_service(), pod(**changes), "IPv4") is None


def test_a_port_may_be_named_by_the_pods_and_differ_between_them(make_service, pod):
    service = make_service(
        ports=[{"name": "http", "port": 80, "targetPort": "web", "protocol": "TCP"}]
    )
    pods = [pod("a"), pod("b")]
    for item, number in zip(pods, (8080, 9090), strict=True):
        item["spec"]["containers"][0]["ports"] = [
            {"name": "web", "containerPort": number, "protocol": "TCP"}
        ]
    made = slicing.plan(service, pods, []).create
    assert sorted(item["ports"][0]["port"] for item in made) == [8080, 9090]


def test_nothing_is_written_when_nothing_changed(make_service, pod):
    pods = [pod("a"), pod("b")]
    current = stored(slicing.plan(make_service(), pods, []))
    assert slicing.plan(make_service(), pods, [current]) == slicing.Plan()


def test_a_pod_that_goes_leaves_the_others_where_they_were(make_service, pod):
    pods = [pod("a"), pod("b"), pod("c")]
    current = stored(slicing.plan(make_service(), pods, []))
    [changed] = slicing.plan(make_service(), [pods[0], pods[2], pod("d")], [current]).update
    assert [e["targetRef"]["name"] for e in changed["endpoints"]] == ["a", "c", "d"]


def test_a_slice_holds_a_hundred_endpoints(make_service, pod):
    pods = [pod(f"web-{i}") for i in range(250)]
    made = slicing.plan(make_service(), pods, []).create
    assert [len(item["endpoints"]) for item in made] == [100, 100, 50]


def test_a_service_that_loses_all_pods_keeps_its_slice_and_empties_it(make_service, pod):
    current = stored(slicing.plan(make_service(), [pod()], []))
    plan = slicing.plan(make_service(), [], [current])
    [changed] = plan.update
    assert (changed["metadata"]["name"], changed["endpoints"]) == (current["metadata"]["name"], [])
    assert (plan.create, plan.delete) == ([], [])


def test_a_slice_with_other_ports_takes_the_place_of_the_one_that_goes(make_service, pod):
    current = stored(slicing.plan(make_service(), [], []))
    plan = slicing.plan(make_service(), [pod()], [current])
    [changed] = plan.update
    assert changed["metadata"]["name"] == current["metadata"]["name"]
    assert len(changed["endpoints"]) == 1
    assert (plan.create, plan.delete) == ([], [])


def test_a_slice_of_an_earlier_service_of_that_name_is_not_taken_over(make_service, pod):
    current = stored(slicing.plan(make_service(), [], []))
    current["metadata"]["ownerReferences"][0]["uid"] = "another"
    plan = slicing.plan(make_service(), [pod()], [current])
    assert (len(plan.create), plan.update, plan.delete) == (1, [], [current])


def test_slices_of_another_address_family_are_deleted(make_service, pod):
    current = stored(slicing.plan(make_service(ipFamilies=["IPv6"]), [], []))
    assert slicing.plan(make_service(), [], [current]).delete == [current]


def test_changed_labels_of_the_service_reach_its_slices(make_service, pod):
    current = stored(slicing.plan(make_service(), [pod()], []))
    service = make_service()
    service["metadata"]["labels"] = {"team": "bank"}
    [changed] = slicing.plan(service, [pod()], [current]).update
    assert changed["metadata"]["labels"]["team"] == "bank"
