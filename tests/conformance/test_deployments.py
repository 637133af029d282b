"""Deployments as objects, and their scale; what comes of them is in test_rollouts.py."""

from __future__ import annotations

import pytest

# --- as objects ------------------------------------------------------------------------------


def test_a_small_deployment_is_filled_up_with_defaults(apps, send, namespace, idle_deployment):
    apps.create_namespaced_deployment(namespace, idle_deployment("d", replicas=None))
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/d"
    made = send("GET", path).checked()
    spec = made["spec"]
    assert spec["replicas"] == 1
    assert spec["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
    }
    assert (spec["revisionHistoryLimit"], spec["progressDeadlineSeconds"]) == (10, 600)
    assert spec["template"]["spec"]["restartPolicy"] == "Always"


def test_the_selector_of_a_deployment_cannot_be_changed(apps, namespace, idle_deployment, refused):
    body = idle_deployment("d")
    body["spec"]["template"]["metadata"]["labels"]["x"] = "y"
    apps.create_namespaced_deployment(namespace, body)
    patch = {"spec": {"selector": {"matchLabels": {"x": "y"}}}}
    status = refused(apps.patch_namespaced_deployment, "d", namespace, patch)
    assert status["message"] == (
        'Deployment.apps "d" is invalid: spec.selector: Invalid value: '
        '{"matchLabels":{"app":"d","x":"y"}}: field is immutable'
    )


# --- scale -----------------------------------------------------------------------------------


@pytest.fixture
def scale_path(apps, namespace, idle_deployment):
    apps.create_namespaced_deployment(namespace, idle_deployment("d"))
    return f"/apis/apps/v1/namespaces/{namespace}/deployments/d/scale"


def test_the_scale_of_a_deployment_is_an_object_of_its_own(send, scale_path):
    scale = send("GET", scale_path).checked()
    assert (scale["apiVersion"], scale["kind"]) == ("autoscaling/v1", "Scale")
    assert scale["spec"] == {}
    assert scale["status"] == {"replicas": 0, "selector": "app=d"}


def test_scaling_changes_the_replicas_and_nothing_else(apps, send, namespace, scale_path):
    before = apps.read_namespaced_deployment("d", namespace)
    scale = send("PATCH", scale_path, patch="merge", body={"spec": {"replicas": 3}}).checked()
    assert scale["spec"] == {"replicas": 3}
    after = apps.read_namespaced_deployment("d", namespace)
    assert after.spec.replicas == 3
    assert after.metadata.generation == before.metadata.generation + 1
    assert after.spec.template == before.spec.template


def test_a_scale_can_be_replaced(send, scale_path):
    scale = send("GET", scale_path).checked()
    scale["spec"] = {"replicas": 2}
    old = scale["metadata"].pop("resourceVersion")
    # kubectl scale --current-replicas names no content type.
    replaced = send("PUT", scale_path, body=scale, content_type="").checked()
    assert replaced["spec"] == {"replicas": 2}
    scale["metadata"]["resourceVersion"] = old
    assert send("PUT", scale_path, body=scale).code == 409


def test_a_scale_of_another_deployment_is_a_conflict(send, scale_path):
    scale = send("GET", scale_path).checked()
    scale["metadata"] |= {"uid": "another", "resourceVersion": ""}
    answer = send("PUT", scale_path, body=scale)
    assert (answer.code, answer.body["details"]["kind"]) == (409, "deployments")
    assert "Precondition failed: UID in precondition: another" in answer.body["message"]


def test_scaling_warns_of_what_is_odd_in_the_pods(apps, namespace, idle_deployment, send):
    body = idle_deployment("odd")
    spread = {"maxSkew": 1, "topologyKey": "k", "whenUnsatisfiable": "DoNotSchedule"}
    body["spec"]["template"]["spec"]["topologySpreadConstraints"] = [spread]
    apps.create_namespaced_deployment(namespace, body)
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/odd/scale"
    answer = send("PATCH", path, patch="merge", body={"spec": {"replicas": 1}})
    assert "a null labelSelector results in matching no pod" in answer.headers["Warning"]


def test_a_negative_scale_is_invalid(send, scale_path):
    answer = send("PATCH", scale_path, patch="merge", body={"spec": {"replicas": -2}})
    assert (answer.code, answer.body["message"]) == (
        422,
        'Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -2: '
        "must be greater than or equal to 0",
    )


def test_the_scale_of_an_absent_deployment_is_not_found(send, scale_path):
    answer = send("GET", scale_path.replace("/d/", "/none/"))
    assert answer.body["message"] == 'deployments.apps "none" not found'


def test_what_has_no_scale_answers_that_there_is_no_such_resource(send, namespace):
    answer = send("GET", f"/api/v1/namespaces/{namespace}/configmaps/c/scale")
    assert (answer.code, answer.body["message"]) == (
        404,
        "the server could not find the requested resource",
    )
