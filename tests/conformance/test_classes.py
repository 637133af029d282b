"""What comes with a class: IngressClasses and RuntimeClasses."""

from __future__ import annotations

import pytest
from kubernetes import client

pytestmark = pytest.mark.needs_nodes


@pytest.fixture
def default_class(api):
    """An IngressClass that is the default one while a test runs."""
    networking = client.NetworkingV1Api(api)
    annotations = {"ingressclass.kubernetes.io/is-default-class": "true"}
    meta = {"generateName": "conformance-", "annotations": annotations}
    body = {"metadata": meta, "spec": {"controller": "example.com/none"}}
    name = networking.create_ingress_class(body).metadata.name
    yield name
    networking.delete_ingress_class(name)


def test_an_ingress_without_a_class_gets_the_default_one(api, namespace, default_class, eventually):
    networking = client.NetworkingV1Api(api)
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    body = {"metadata": {"name": "web"}, "spec": {"defaultBackend": backend}}

    def chosen():
        made = networking.create_namespaced_ingress(namespace, body, dry_run="All")
        return made.spec.ingress_class_name

    # A new class takes a moment to reach the API server's own copy.
    assert eventually(chosen) == default_class


def test_a_runtime_class_must_exist(core, namespace, refused):
    container = {"name": "a", "image": "busybox:1.37"}
    body = {
        "metadata": {"name": "p"},
        "spec": {"runtimeClassName": "absent", "containers": [container]},
    }
    status = refused(core.create_namespaced_pod, namespace, body)
    assert status["message"] == (
        'pods "p" is forbidden: pod rejected: RuntimeClass "absent" not found'
    )
