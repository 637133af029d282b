"""Which rules of a role a request was allowed by."""

from __future__ import annotations

import pytest

from kubelearn.diagrams.rolerules import role_in, rules_for

RULES = [
    {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list"]},
    {"apiGroups": ["apps"], "resources": ["*"], "verbs": ["*"]},
    {"apiGroups": ["*"], "resources": ["*/scale"], "verbs": ["update"]},
    {"nonResourceURLs": ["/healthz"], "verbs": ["get"]},
]


CORE = "rule: apiGroups ''; resources pods, pods/log; verbs get, list"
APPS = "rule: apiGroups apps; resources *; verbs *"
SCALE = "rule: apiGroups *; resources */scale; verbs update"


@pytest.mark.parametrize(
    ("verb", "api_version", "resource", "expected"),
    [
        ("get", "v1", "pods", [CORE]),
        ("get", "v1", "pods/log", [CORE]),
        ("delete", "v1", "pods", []),
        ("get", "v1", "secrets", []),
        ("delete", "apps/v1", "deployments", [APPS]),
        ("update", "apps/v1", "deployments/scale", [APPS, SCALE]),
    ],
)
def test_a_rule_must_have_the_verb_the_group_and_the_resource(
    verb, api_version, resource, expected
):
    found = rules_for(RULES, verb=verb, api_version=api_version, resource=resource)
    assert list(found) == expected


def test_the_role_is_read_from_the_authorizers_reason():
    view = 'RBAC: allowed by RoleBinding "jane-views/demo" of ClusterRole "view" to User "jane"'
    assert role_in(view) == "/apis/rbac.authorization.k8s.io/v1/clusterroles/view"
    own = 'RBAC: allowed by RoleBinding "b/demo" of Role "r" to User "jane"'
    assert role_in(own) == "/apis/rbac.authorization.k8s.io/v1/namespaces/demo/roles/r"
    assert role_in("") is None
