"""What is told of an object, and of its end."""

from __future__ import annotations

import pytest

from kubelearn.diagrams.objectfacts import consequence, facts_of
from tests.diagrams.objectshop import SET, TEMPLATE, pod, thing

PORT = {"port": 80, "targetPort": "http", "nodePort": 30080}


def facts(obj):
    return dict(facts_of(obj))


def test_a_pod_that_does_not_start_says_why():
    stuck = pod("web-a", ready=False)
    message = 'configmap "settings" not found'
    stuck["status"]["containerStatuses"] = [
        {
            "name": "web",
            "state": {"waiting": {"reason": "CreateContainerConfigError", "message": message}},
        }
    ]
    assert facts(stuck)["Why"] == message
    waits = pod("web-b")
    waits["status"]["conditions"] = [
        {"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}
    ]
    assert facts(waits)["Why"] == "0/3 nodes are available"
    assert "Why" not in facts(pod("web-c"))


@pytest.mark.parametrize(
    ("obj", "label", "value"),
    [
        (pod("web-a"), "Controlled By", f"ReplicaSet/{SET}"),
        (pod("web-a"), "Labels", "app=web"),
        (
            thing("Deployment", "web", spec={"replicas": 3}),
            "Replicas",
            "3 wanted, 0 updated, 0 ready",
        ),
        (
            thing("ReplicaSet", "a", spec={"replicas": 3, "template": TEMPLATE}),
            "Image",
            "kubelearn/hello:1.0",
        ),
        (
            thing("Service", "web", spec={"ports": [PORT]}),
            "Ports",
            "80/TCP to http, NodePort 30080",
        ),
        (thing("EndpointSlice", "web"), "Addresses", "none"),
        (thing("CronJob", "a", spec={"schedule": "@daily"}), "Schedule", "@daily"),
        (thing("Job", "a", status={"failed": 2}), "Pods", "0 active, 0 succeeded, 2 failed"),
        (thing("ConfigMap", "a", data={"x": "1", "y": "2"}), "Keys", "x, y"),
        (
            thing("PersistentVolumeClaim", "a", spec={"accessModes": ["ReadWriteOnce"]}),
            "Access Modes",
            "ReadWriteOnce",
        ),
        (
            thing("Node", "a", status={"nodeInfo": {"kubeletVersion": "v1.36.3"}}),
            "Kubelet Version",
            "v1.36.3",
        ),
    ],
)
def test_each_kind_tells_what_matters(obj, label, value):
    assert facts(obj)[label] == value


@pytest.mark.parametrize(
    ("obj", "words"),
    [
        (pod("web-a"), f"ReplicaSet {SET} makes another one."),
        (pod("web-a", owner=""), "Nothing brings it back."),
        (pod("a", owner="Job/nightly"), "Job nightly starts another one, unless it is done."),
        (thing("ReplicaSet", "a", owner="Deployment/web"), "Deployment web makes another one."),
        (thing("ReplicaSet", "a"), "All its pods go with it."),
        (
            thing("EndpointSlice", "a", owner="Service/web"),
            "The controller of EndpointSlices writes another one.",
        ),
    ],
)
def test_what_a_deletion_leads_to_is_said_before(obj, words):
    assert consequence(obj) == words
