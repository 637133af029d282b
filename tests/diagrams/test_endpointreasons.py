"""Why a pod is an endpoint of a Service, or is not."""

from __future__ import annotations

import pytest

from kubelearn.diagrams.endpointreasons import (
    declares,
    endpoints_of,
    find_port,
    label_rows,
    target_of,
    verdict,
)
from tests.diagrams.objectshop import LABELS, endpoints, pod, thing

HTTP = {"name": "http", "containerPort": 8080}


def service(**spec):
    ports = [{"port": 80, "targetPort": 8080}]
    return thing("Service", "web", spec={"selector": LABELS, "ports": ports, **spec})


def with_address(**more):
    made = pod("web-a", **more)
    made["status"]["podIP"] = "10.244.1.7"
    return made


def of(made, *, endpoint=True, **spec):
    found = endpoints("web-a")[0] if endpoint is True else endpoint
    return verdict(service(**spec), made, found)


def test_a_ready_pod_whose_labels_fit_is_an_endpoint():
    assert of(with_address()) == ("endpoint", "")


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ({"app": "api"}, "has app=api; the selector asks for app=web"),
        ({}, "has no label app; the selector asks for app=web"),
    ],
)
def test_the_label_that_does_not_fit_is_named(labels, reason):
    assert of(with_address(labels=labels)) == ("other", reason)


def test_a_service_without_a_selector_looks_for_no_pods_but_a_slice_may_name_them():
    assert of(with_address(), selector={}, endpoint=None) == (
        "other",
        "the Service has no selector: it looks for no pods",
    )
    assert of(with_address(), selector={})[0] == "endpoint"
    (unready,) = endpoints("web-a", unready="web-a")
    assert of(with_address(), selector={}, endpoint=unready)[0] == "held"


def test_a_pod_that_is_not_ready_is_held_back_and_says_why():
    waits = with_address(ready=False)
    waits["status"]["conditions"][0]["message"] = "containers with unready status: [web]"
    assert of(waits) == ("held", "is not ready: containers with unready status: [web]")
    # Upstream: the Service may want to know of such pods, as a StatefulSet's peers do.
    assert of(waits, publishNotReadyAddresses=True)[0] == "endpoint"


def test_a_pod_that_is_deleted_leaves():
    assert of(with_address(meta={"deletionTimestamp": "now"}))[0] == "leaving"


def test_a_pod_without_an_address_or_that_has_ended_is_held_back():
    assert of(pod("web-a")) == ("held", "has no address yet")
    ended = with_address()
    ended["status"]["phase"] = "Succeeded"
    assert of(ended) == ("held", "has ended: Succeeded")


def test_a_port_name_that_no_container_has_is_the_reason():
    ports = [{"port": 80, "targetPort": "htpp"}]
    named = with_address(spec={"containers": [{"name": "web", "ports": [HTTP]}]})
    assert of(named, ports=ports) == ("held", "no container of it has a port named htpp")
    assert of(named, ports=[{"port": 80, "targetPort": "http"}])[0] == "endpoint"


def test_what_the_slice_does_not_tell_yet_is_not_taken_for_granted():
    assert of(with_address(), endpoint=None) == (
        "held",
        "fits; its EndpointSlice does not tell yet",
    )
    (unready,) = endpoints("web-a", unready="web-a")
    assert of(with_address(), endpoint=unready)[0] == "held"


def test_labels_are_compared_one_by_one():
    rows = label_rows(
        {"app": "web", "tier": "front", "zone": "a"}, {"app": "web", "tier": "back", "x": "1"}
    )
    assert [(row["key"], row["match"], row["value"]) for row in rows] == [
        ("app", "yes", "web"),
        ("tier", "no", "back"),
        ("zone", "missing", None),
        ("x", "", "1"),
    ]


def test_named_ports_are_found_by_protocol_and_at_sidecars():
    sidecar = {
        "name": "proxy",
        "restartPolicy": "Always",
        "ports": [{"name": "admin", "containerPort": 9}],
    }
    once = {"name": "init", "ports": [{"name": "early", "containerPort": 7}]}
    spec = {"containers": [{"name": "web", "ports": [HTTP]}], "initContainers": [sidecar, once]}
    made = pod("web-a", spec=spec)
    assert [find_port(made, target) for target in ("http", "admin", "early", 5)] == [
        8080,
        9,
        None,
        5,
    ]
    assert find_port(made, "http", "UDP") is None
    assert declares(made, 8080)
    assert not declares(made, 80)


def test_a_port_is_its_own_target_if_it_names_none():
    assert target_of({"port": 80}) == 80
    assert target_of({"port": 80, "targetPort": "http"}) == "http"


def test_of_two_slices_the_one_that_is_ready_counts():
    first = {"endpoints": endpoints("web-a", unready="web-a")}
    second = {"endpoints": endpoints("web-a")}
    for slices in ([first, second], [second, first]):
        assert endpoints_of(slices)["web-a"]["conditions"]["ready"]
