"""What a server says of a field is shown where the field stands."""

from __future__ import annotations

import pytest

from kubelearn import manifests
from kubelearn.clusters.problems import problems

TEXT = """# a comment
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    app.kubernetes.io/name: web
spec:
  replicas: 2
  template:
    spec:
      containers:
      - name: one
        image: a:1
      - name: two
        image: b:1
        ports:
        - containerPort: 80
"""


@pytest.fixture
def manifest():
    return manifests.parse(TEXT)[0]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("spec.replicas", 9),
        (".spec.replicas", 9),
        ("spec.template.spec.containers[1].image", 16),
        ('.spec.template.spec.containers[name="two"].image', 16),
        ('.spec.template.spec.containers[name="two"].ports[containerPort=80,protocol="TCP"]', 18),
        ("spec.template.spec.containers[1].ports[0].name", 18),
        ("spec.template.spec.containers[7].name", 12),
        ("spec.template.spec.containers.ports", 17),
        ("metadata.labels.app.kubernetes.io/name", 7),
        ("metadata.labels[app.kubernetes.io/name]", 7),
        ("spec.selector", 8),
        ("nothing", 2),
        ("", 2),
    ],
)
def test_a_path_leads_to_its_line_or_to_what_is_nearest_above(manifest, path, line):
    assert manifest.line_of(path) == line


def test_lines_are_counted_through_all_documents_and_lists():
    item = "- apiVersion: v1\n  kind: Pod\n  spec: {}\n"
    found = manifests.parse(f"{TEXT}---\napiVersion: v1\nkind: List\nitems:\n{item}")
    assert [each.line for each in found] == [2, 23]
    assert found[1].line_of("spec") == 25


def test_causes_are_named_each_with_its_field(manifest):
    causes = [{"field": "spec.replicas", "message": "Invalid value: -1"}, {"message": "whole"}]
    [problem] = problems(manifest, {"message": "all", "details": {"causes": causes}})
    assert str(problem) == "line 9: spec.replicas: Invalid value: -1"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            'strict decoding error: unknown field "spec.replicas", duplicate field "kind"',
            ["line 9: spec.replicas: unknown field", "line 3: kind: duplicate field"],
        ),
        (
            "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas "
            "of type int32",
            ["line 9: spec.replicas: cannot unmarshal string into a field of type int32"],
        ),
        (
            "failed to create typed patch object (d/web; apps/v1, Kind=Deployment): "
            ".spec.replicas: expected numeric (int or float), got string",
            ["line 9: spec.replicas: expected numeric (int or float), got string"],
        ),
        (
            'deployments.apps "web" is forbidden: User "eve" cannot patch resource "deployments"',
            [
                'line 2: deployments.apps "web" is forbidden: User "eve" cannot patch resource '
                '"deployments"'
            ],
        ),
    ],
)
def test_fields_are_found_in_every_way_of_naming_them(manifest, message, said):
    assert [str(each) for each in problems(manifest, {"message": message})] == said
