"""Which rule decides how much of a request is kept."""

import pytest

from kubelearn.embedded.apiserver.audit.policy import Level, Policy
from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.requestinfo import request_info
from kubelearn.embedded.audittrail import POLICY

JOE = User("joe", ("people",))
NODE = User("system:node:a", ("system:nodes", "system:authenticated"))


def level(policy, method, path, user=JOE):
    path, _, query = path.partition("?")
    return policy.level(user, request_info(method, path, dict([query.split("=")] if query else [])))


def policy(*rules):
    return Policy({"rules": [*rules]})


def test_the_first_rule_that_matches_decides():
    found = policy({"level": "None", "verbs": ["get"]}, {"level": "Metadata"})
    assert level(found, "GET", "/api/v1/namespaces/a/pods/p") is Level.NONE
    assert level(found, "DELETE", "/api/v1/namespaces/a/pods/p") is Level.METADATA


def test_without_a_rule_nothing_is_kept():
    assert level(policy(), "GET", "/api/v1/pods") is Level.NONE


@pytest.mark.parametrize(
    ("rule", "yes", "no"),
    [
        ({"users": ["joe"]}, ("/api/v1/pods", JOE), ("/api/v1/pods", NODE)),
        ({"userGroups": ["system:nodes"]}, ("/api/v1/pods", NODE), ("/api/v1/pods", JOE)),
        ({"users": ["joe"]}, ("/version", JOE), ("/version", None)),
        ({"namespaces": ["a"]}, ("/api/v1/namespaces/a/pods", JOE), ("/api/v1/pods", JOE)),
        ({"namespaces": [""]}, ("/api/v1/nodes", JOE), ("/healthz", JOE)),
        (
            {"resources": [{"group": "apps"}]},
            ("/apis/apps/v1/deployments", JOE),
            ("/api/v1/pods", JOE),
        ),
        (
            {"resources": [{"group": "", "resources": ["pods"]}]},
            ("/api/v1/namespaces/a/pods/p", JOE),
            ("/api/v1/namespaces/a/pods/p/log", JOE),
        ),
        (
            {"resources": [{"group": "", "resources": ["pods/log"]}]},
            ("/api/v1/namespaces/a/pods/p/log", JOE),
            ("/api/v1/namespaces/a/pods/p", JOE),
        ),
        ({"nonResourceURLs": ["/healthz*"]}, ("/healthz/etcd", JOE), ("/version", JOE)),
        ({"nonResourceURLs": ["/version"]}, ("/version", JOE), ("/version/", JOE)),
    ],
)
def test_each_field_of_a_rule_has_to_match(rule, yes, no):
    found = policy({"level": "Request", **rule})
    assert level(found, "GET", *yes) is Level.REQUEST
    assert level(found, "GET", *no) is Level.NONE


def test_the_policy_of_every_cluster_keeps_changes_and_what_people_read():
    found = Policy.read(POLICY)
    pod, lease = (
        "/api/v1/namespaces/a/pods/p",
        "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/a",
    )
    assert level(found, "PATCH", f"{pod}/status", NODE) is Level.REQUEST_RESPONSE
    assert level(found, "GET", pod, JOE) is Level.METADATA
    assert level(found, "GET", pod, NODE) is Level.NONE
    assert level(found, "PUT", lease, NODE) is Level.NONE
    assert level(found, "GET", "/api/v1/pods?watch=true", JOE) is Level.METADATA
    assert level(found, "POST", "/api/v1/namespaces/a/secrets", JOE) is Level.METADATA
