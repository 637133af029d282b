from datetime import timedelta

import pytest

from kubelearn.embedded.apiserver import builtin, serializer
from kubelearn.embedded.apiserver.printers.columns import human_duration
from kubelearn.embedded.apiserver.table import to_table
from tests.embedded.apiserver.printers.rows import HOUR_AGO, KINDS, NOW, row, table


def test_wide_columns_have_a_priority():
    columns = table("v1", "Pod")["columnDefinitions"]
    assert [c["name"] for c in columns if c["priority"]] == [
        "IP",
        "Node",
        "Nominated Node",
        "Readiness Gates",
    ]
    assert columns[0] == {
        "name": "Name",
        "type": "string",
        "format": "name",
        "description": "",
        "priority": 0,
    }


def test_a_deployment_shows_its_counts():
    template = {"spec": {"containers": [{"name": "a", "image": "i"}, {"name": "b", "image": "j"}]}}
    found = row(
        "apps/v1",
        "Deployment",
        spec={"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": template},
        status={"readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 1},
    )
    assert [found[name] for name in ("Ready", "Up-to-date", "Available")] == ["2/3", 3, 1]
    assert [found[name] for name in ("Containers", "Images", "Selector")] == [
        "a,b",
        "i,j",
        "app=web",
    ]


def test_a_service_shows_where_it_can_be_reached():
    ports = [{"port": 80, "nodePort": 30080, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]
    spec = {"type": "NodePort", "clusterIPs": ["127.64.128.9"], "ports": ports}
    found = row("v1", "Service", spec=spec)
    assert found["Cluster-IP"] == "127.64.128.9"
    assert found["External-IP"] == "<none>"
    assert found["Port(s)"] == "80:30080/TCP,53/UDP"
    balanced = row("v1", "Service", spec={"type": "LoadBalancer"})
    assert balanced["External-IP"] == "<pending>"


def test_a_slice_shows_three_endpoints_and_counts_the_others():
    endpoints = [{"addresses": [f"127.64.1.{i}"]} for i in range(5)]
    found = row(
        "discovery.k8s.io/v1", "EndpointSlice", addressType="IPv4", endpoints=endpoints, ports=[]
    )
    assert found["Endpoints"] == "127.64.1.0,127.64.1.1,127.64.1.2 + 2 more..."
    assert found["Ports"] == "<unset>"


def test_a_cordoned_node_says_so():
    conditions = [{"type": "Ready", "status": "True"}]
    labels = {"node-role.kubernetes.io/control-plane": "", "kubernetes.io/role": "x"}
    found = row(
        "v1",
        "Node",
        metadata={"labels": labels},
        spec={"unschedulable": True},
        status={"conditions": conditions},
    )
    assert found["Status"] == "Ready,SchedulingDisabled"
    assert found["Roles"] == "control-plane,x"


def test_a_silent_node_is_unknown():
    assert row("v1", "Node")["Status"] == "Unknown"


def test_an_event_tells_what_happened_to_whom():
    found = row(
        "v1",
        "Event",
        involvedObject={"kind": "Pod", "name": "p"},
        reason="Started",
        message="Container started\n",
        type="Normal",
        lastTimestamp="2026-01-01T00:59:00Z",
        firstTimestamp="2026-01-01T00:58:00Z",
        count=2,
        source={"component": "kubelet", "host": "n"},
    )
    assert found["Last Seen"] == "60s"
    assert found["Object"] == "pod/p"
    assert found["Message"] == "Container started"
    assert (found["Source"], found["Count"]) == ("kubelet, n", 2)


def test_new_events_are_printed_like_old_ones():
    about = {"kind": "Pod", "name": "p"}
    found = row("events.k8s.io/v1", "Event", regarding=about, note="hello", eventTime=None)
    assert (found["Object"], found["Message"]) == ("pod/p", "hello")


def test_a_quota_shows_limits_apart():
    hard = {"limits.cpu": "2", "pods": "5", "cpu": "1"}
    found = row("v1", "ResourceQuota", status={"hard": hard, "used": {"pods": "3"}})
    assert found["Request"] == "cpu: 0/1, pods: 3/5"
    assert found["Limit"] == "limits.cpu: 0/2"


def test_an_autoscaler_shows_current_and_wanted():
    cpu = {"type": "Resource", "resource": {"name": "cpu"}}
    target = {"type": "Utilization", "averageUtilization": 80}
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": target}}
    cpu["resource"]["current"] = {"averageUtilization": 41}
    found = row(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        spec={"maxReplicas": 3, "metrics": [metric]},
        status={"currentMetrics": [cpu]},
    )
    assert found["Targets"] == "cpu: 41%/80%"


def test_kinds_without_a_printer_show_when_they_were_made():
    found = row("rbac.authorization.k8s.io/v1", "Role", rules=[])
    assert found == {"Name": "x", "Created At": HOUR_AGO}


def test_custom_resources_show_their_age(custom_kind):
    car = custom_kind("Car")
    obj = {"metadata": {"name": "c", "creationTimestamp": HOUR_AGO}}
    assert to_table(car, [obj], now=NOW)["rows"][0]["cells"] == ["c", "60m"]


@pytest.mark.parametrize("included", ["None", "Metadata", "Object"])
def test_the_object_goes_along_as_far_as_wanted(included):
    kind = KINDS.for_object("v1", "ConfigMap")
    obj = {"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "b"}}
    (found,) = to_table(kind, [obj], now=NOW, include_object=included)["rows"]
    expected = {
        "None": None,
        "Metadata": {
            "kind": "PartialObjectMetadata",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": {"name": "c"},
        },
        "Object": obj,
    }
    assert found["object"] == expected[included]


@pytest.mark.parametrize("kind", builtin.BUILT_IN, ids=lambda kind: kind.kind)
def test_every_kind_prints_an_object_that_says_nothing(kind):
    body = {"metadata": {"name": "x", "creationTimestamp": HOUR_AGO}}
    obj = serializer.decode(kind, body).object
    made = to_table(kind, [obj], now=NOW)
    assert len(made["rows"][0]["cells"]) == len(made["columnDefinitions"])


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "<invalid>"),
        (-1, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (3600, "60m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 120, "3h2m"),
        (9 * 3600, "9h"),
        (50 * 3600, "2d2h"),
        (10 * 86400, "10d"),
        (800 * 86400, "2y70d"),
        (4000 * 86400, "10y"),
    ],
)
def test_ages_are_told_roughly(seconds, shown):
    assert human_duration(timedelta(seconds=seconds)) == shown


def test_rows_leave_out_an_annotation_that_stands_for_a_field():
    name = "deprecated.daemonset.template.generation"
    made = table("apps/v1", "DaemonSet", metadata={"annotations": {name: "1", "note": "mine"}})
    assert made["rows"][0]["object"]["metadata"]["annotations"] == {"note": "mine"}


def test_rows_of_revisions_keep_it():
    name = "deprecated.daemonset.template.generation"
    made = table("apps/v1", "ControllerRevision", metadata={"annotations": {name: "1"}})
    assert made["rows"][0]["object"]["metadata"]["annotations"] == {name: "1"}


@pytest.mark.parametrize(
    ("kinds", "certificate", "state"),
    [
        ([], "", "Pending"),
        (["Denied"], "", "Denied"),
        (["Approved"], "", "Approved"),
        (["Approved", "Failed"], "", "Approved,Failed"),
        (["Approved"], "AAAA", "Approved,Issued"),
    ],
)
def test_a_signing_request_shows_how_far_it_is(kinds, certificate, state):
    conditions = [{"type": kind, "status": "True"} for kind in kinds]
    shown = row(
        "certificates.k8s.io/v1",
        "CertificateSigningRequest",
        spec={"signerName": "a.b/c", "username": "ann", "expirationSeconds": 86400},
        status={"conditions": conditions, "certificate": certificate},
    )
    assert shown == {
        "Name": "x",
        "Age": "60m",
        "SignerName": "a.b/c",
        "Requestor": "ann",
        "RequestedDuration": "24h",
        "Condition": state,
    }


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({}, "pending"),
        ({"allocation": {}}, "allocated"),
        ({"allocation": {}, "reservedFor": [{"name": "p"}]}, "allocated,reserved"),
    ],
)
def test_a_claim_for_a_device_shows_whether_it_has_one(status, state):
    shown = row("resource.k8s.io/v1", "ResourceClaim", spec={}, status=status)
    assert shown == {"Name": "x", "State": state, "Age": "60m"}


def test_a_slice_of_devices_shows_where_they_are():
    spec = {"nodeName": "n1", "driver": "gpu.example.com", "pool": {"name": "p"}}
    shown = row("resource.k8s.io/v1", "ResourceSlice", spec=spec)
    assert list(shown.values()) == ["x", "n1", "gpu.example.com", "p", "60m"]
