"""Pod Security: what pods may ask for, by the labels of their namespace."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.needs_nodes

PREFIX = "pod-security.kubernetes.io/"
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "seccompProfile": {"type": "RuntimeDefault"},
}


@pytest.fixture
def label(core, namespace):
    def set_labels(**labels):
        named = {PREFIX + name: value for name, value in labels.items()}
        core.patch_namespace(namespace, {"metadata": {"labels": named}})

    return set_labels


def pod(name="p", **context):
    container = {"name": "a", "image": "busybox:1.37", "command": ["true"]}
    spec = {"restartPolicy": "Never", "containers": [{**container, "securityContext": context}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def warnings(answer):
    return [text for name, text in answer.headers.items() if name.lower() == "warning"]


def test_a_privileged_pod_is_refused_by_baseline(core, namespace, label, refused):
    label(enforce="baseline")
    status = refused(core.create_namespaced_pod, namespace, pod(privileged=True))
    assert (status["code"], status["reason"]) == (403, "Forbidden")
    assert status["message"] == (
        'pods "p" is forbidden: violates PodSecurity "baseline:latest": privileged '
        '(container "a" must not set securityContext.privileged=true)'
    )
    core.create_namespaced_pod(namespace, pod())


def test_restricted_wants_all_of_it_said(core, namespace, label, refused):
    label(enforce="restricted")
    status = refused(core.create_namespaced_pod, namespace, pod())
    assert status["message"] == (
        'pods "p" is forbidden: violates PodSecurity "restricted:latest": '
        'allowPrivilegeEscalation != false (container "a" must set '
        "securityContext.allowPrivilegeEscalation=false), "
        'unrestricted capabilities (container "a" must set '
        'securityContext.capabilities.drop=["ALL"]), '
        'runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true), '
        'seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to '
        '"RuntimeDefault" or "Localhost")'
    )
    core.create_namespaced_pod(namespace, pod(**RESTRICTED))


def test_a_deployment_whose_pods_would_be_refused_gets_a_warning(
    namespace, label, send, eventually
):
    label(enforce="baseline")
    template = {"metadata": {"labels": {"a": "b"}}, "spec": pod(privileged=True)["spec"]}
    template["spec"].pop("restartPolicy")
    spec = {"replicas": 0, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments?dryRun=All"
    # The API server reads labels of namespaces from a copy, which may be a moment old.
    [warning] = eventually(lambda: warnings(send("POST", path, body={**body, "spec": spec})))
    assert 'would violate PodSecurity \\"baseline:latest\\": privileged' in warning


def test_pods_that_are_there_are_told_of_when_the_level_rises(core, namespace, send):
    core.create_namespaced_pod(namespace, pod(privileged=True))
    patch = {"metadata": {"labels": {f"{PREFIX}enforce": "baseline"}}}
    answer = send("PATCH", f"/api/v1/namespaces/{namespace}", body=patch, patch="merge")
    assert any("p: privileged" in warning for warning in warnings(answer))
    assert core.read_namespaced_pod("p", namespace).metadata.name == "p"


def test_a_label_must_name_a_level(core, namespace, refused):
    patch = {"metadata": {"labels": {f"{PREFIX}enforce": "strict"}}}
    status = refused(core.patch_namespace, namespace, patch)
    assert (status["code"], status["reason"]) == (422, "Invalid")
    assert "must be one of privileged, baseline, restricted" in json.dumps(status)
