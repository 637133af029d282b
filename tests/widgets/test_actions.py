"""The requests behind clicks, and the kubectl lines that would have sent them."""

from __future__ import annotations

import json

import pytest

from kubelearn.objects import PODS
from kubelearn.widgets import actions
from kubelearn.widgets.actions import Action, perform


@pytest.mark.parametrize(
    ("action", "command", "request_line", "body"),
    [
        (
            actions.delete_pod("demo", "web-1"),
            "kubectl delete pod web-1 -n demo",
            "DELETE /api/v1/namespaces/demo/pods/web-1",
            None,
        ),
        (
            actions.cordon("worker", on=True),
            "kubectl cordon worker",
            "PATCH /api/v1/nodes/worker",
            {"spec": {"unschedulable": True}},
        ),
        (
            actions.cordon("worker", on=False),
            "kubectl uncordon worker",
            "PATCH /api/v1/nodes/worker",
            {"spec": {"unschedulable": None}},
        ),
        (
            actions.scale("demo", "web", 5),
            "kubectl scale deployment/web --replicas=5 -n demo",
            "PATCH /apis/apps/v1/namespaces/demo/deployments/web/scale",
            {"spec": {"replicas": 5}},
        ),
        (
            actions.set_image("demo", "web", container="c", image="app:2"),
            "kubectl set image deployment/web c=app:2 -n demo",
            "PATCH /apis/apps/v1/namespaces/demo/deployments/web",
            {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "app:2"}]}}}},
        ),
    ],
)
def test_an_action_is_a_kubectl_line_and_the_request_it_sends(action, command, request_line, body):
    assert action.command == command
    assert f"{action.method} {action.path}" == request_line
    assert action.body == body


def replica_set(revision, image, **annotations):
    labels = {"app": "web", "pod-template-hash": f"hash{revision}"}
    notes = {"deployment.kubernetes.io/revision": str(revision), **annotations}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"image": image}]}}
    return {"metadata": {"annotations": notes}, "spec": {"template": template}}


def test_undo_takes_over_the_template_of_the_revision_before():
    deployment = {
        "metadata": {
            "name": "web",
            "namespace": "demo",
            "annotations": {"deployment.kubernetes.io/revision": "12", "note": "new"},
        }
    }
    sets = [replica_set(12, "app:2"), replica_set(3, "app:0"), replica_set(11, "app:1", note="old")]
    action = actions.undo(deployment, sets)
    assert action.content_type == "application/json-patch+json"
    template, annotations = action.body
    assert template["value"]["spec"]["containers"] == [{"image": "app:1"}]
    assert template["value"]["metadata"]["labels"] == {"app": "web"}
    assert annotations["value"] == {"deployment.kubernetes.io/revision": "12", "note": "old"}
    # The cached object must stay as it was.
    assert "pod-template-hash" in sets[2]["spec"]["template"]["metadata"]["labels"]


def test_without_an_earlier_revision_there_is_nothing_to_undo():
    assert actions.undo({"metadata": {}}, [replica_set(1, "app:1")]) is None


def test_the_trace_shows_what_came_back(cluster):
    pod = cluster.all(PODS)[0]["metadata"]["name"]
    entry = perform(cluster.api_client, actions.delete_pod("demo", pod))
    assert entry["request"] == f"DELETE /api/v1/namespaces/demo/pods/{pod}"
    assert (entry["code"], entry["message"]) == (200, "")


def test_the_trace_shows_why_it_failed(cluster):
    entry = perform(cluster.api_client, actions.delete_pod("demo", "none"))
    assert (entry["code"], entry["message"]) == (404, 'pods "none" not found')
    cluster.switch(on=False)
    entry = perform(cluster.api_client, actions.delete_pod("demo", "none"))
    assert entry["code"] == 0
    assert "no answer from the API server" in entry["message"]


def test_a_long_body_is_cut_in_the_trace(cluster):
    action = Action("", "PATCH", "/api/v1/nodes/none", {"text": "x" * 500})
    shown = perform(cluster.api_client, action)["body"]
    assert len(shown) == 160
    assert json.dumps(action.body, separators=(",", ":")).startswith(shown[:-1])
