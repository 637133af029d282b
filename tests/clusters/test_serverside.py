"""What would come of a manifest, said by a real API server that stores nothing."""

from __future__ import annotations

import pytest

from kubelearn import manifests
from kubelearn.clusters.serverside import apply_path, essence, preview
from kubelearn.clusters.transport import APPLY_PATCH, MERGE_PATCH, send
from kubelearn.objects import DEPLOYMENTS, NAMESPACES
from tests.waiting import eventually

NAMESPACE = "server-side"
TEXT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 0
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: hello
        image: kubelearn/hello:1.0
"""


@pytest.fixture(scope="module")
def api(cluster):
    """The cluster, with a namespace for these tests in which `web` was applied."""
    found = cluster.api_client
    body = {"metadata": {"name": NAMESPACE}}
    send(found, "POST", NAMESPACES.path(), body=body).checked()
    path = apply_path(DEPLOYMENTS, "web", namespace=NAMESPACE, query={})
    send(found, "PATCH", path, body=manifests.load(TEXT)[0], content_type=APPLY_PATCH).checked()
    # Its controller adds an annotation, which nobody may take for a change.
    deployment = DEPLOYMENTS.path(NAMESPACE, "web")
    eventually(lambda: send(found, "GET", deployment).body["status"].get("observedGeneration"))
    yield found
    send(found, "DELETE", NAMESPACES.path(name=NAMESPACE)).checked()


def tried(api, text, **options):
    return preview(api, manifests.parse(text), namespace=NAMESPACE, **options)


def test_new_changed_and_unchanged_objects_are_told_apart(api):
    states = [
        tried(api, text)[0].state
        for text in (
            TEXT,
            TEXT.replace("hello:1.0", "hello:2.0"),
            TEXT.replace("name: web", "name: other"),
        )
    ]
    assert states == ["same", "changed", "new"]
    assert send(api, "GET", DEPLOYMENTS.path(NAMESPACE, "other")).code == 404


def test_what_would_be_is_told_with_its_defaults(api):
    [found] = tried(api, TEXT.replace("hello:1.0", "hello:2.0"))
    assert found.name == "deployment.apps/web"
    template = essence(found.after)["spec"]["template"]["spec"]
    assert template["containers"][0]["image"] == "kubelearn/hello:2.0"
    assert template["restartPolicy"] == "Always"
    assert "status" not in essence(found.after)


@pytest.mark.parametrize(
    ("old", "new", "line", "field"),
    [
        ("replicas: 0", "replicas: -1", 6, "spec.replicas"),
        ("replicas: 0", "replicas: many", 6, "spec.replicas"),
        ("image:", "imag:", 17, "spec.template.spec.containers"),
        ("app: web\n  template", "app: other\n  template", 12, "spec.template.metadata.labels"),
    ],
)
def test_what_is_refused_is_refused_at_its_line(api, old, new, line, field):
    [found] = tried(api, TEXT.replace(old, new))
    assert found.state == "refused"
    [problem] = [each for each in found.problems if each.field.startswith(field)]
    assert problem.line == line


def test_a_kind_that_is_not_served_and_a_name_that_is_missing_are_refused(api):
    [found] = tried(api, TEXT.replace("Deployment", "Deploiment"))
    assert [(each.line, each.field) for each in found.problems] == [(2, "kind")]
    [found] = tried(api, TEXT.replace("  name: web\n", "  labels: {}\n", 1))
    assert [(each.line, each.field) for each in found.problems] == [(3, "metadata.name")]


def test_a_field_of_another_manager_is_a_conflict_that_can_be_forced(api):
    path = f"{DEPLOYMENTS.path(NAMESPACE, 'web')}?fieldManager=autoscaler"
    patch = {"metadata": {"labels": {"tier": "theirs"}}}
    send(api, "PATCH", path, body=patch, content_type=MERGE_PATCH).checked()
    text = TEXT.replace("  name: web\n", "  name: web\n  labels:\n    tier: mine\n", 1)
    [found] = tried(api, text)
    assert (found.state, found.code) == ("conflict", 409)
    [problem] = found.problems
    assert (problem.line, problem.field) == (6, "metadata.labels.tier")
    assert 'conflict with "autoscaler"' in problem.message
    [found] = tried(api, text, force=True)
    assert found.state == "changed"


def test_an_object_in_a_namespace_that_is_made_above_is_tried_later(api):
    above = "apiVersion: v1\nkind: Namespace\nmetadata: {name: made-above}\n"
    found = tried(api, f"{above}---\n{TEXT.replace('name: web', 'namespace: made-above', 1)}")
    assert [each.state for each in found] == ["new", "refused"]
    named = TEXT.replace("  name: web\n", "  name: web\n  namespace: made-above\n", 1)
    found = tried(api, f"{above}---\n{named}")
    assert [each.state for each in found] == ["new", "later"]
    [found] = tried(api, named)
    assert found.state == "refused"
    assert 'namespaces "made-above" not found' in found.problems[0].message
