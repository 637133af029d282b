from __future__ import annotations

import pytest

from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.authorization import Attributes
from kubelearn.embedded.apiserver.rbac.rules import allows, compact, missing, text

ADA = User("ada")


def rule(verbs: str, resources: str = "", groups: str = "", **more: object) -> dict:
    found: dict = {"verbs": verbs.split()}
    if resources:
        found |= {"apiGroups": groups.split() or [""], "resources": resources.split()}
    return found | more


@pytest.mark.parametrize(
    ("allowed", "asked", "answer"),
    [
        (rule("get list", "pods"), {"resource": "pods"}, True),
        (rule("list", "pods"), {"resource": "pods"}, False),
        (rule("*", "pods"), {"resource": "pods", "namespace": "a"}, True),
        (rule("get", "*"), {"resource": "pods", "subresource": "log"}, True),
        (rule("get", "pods"), {"resource": "pods", "subresource": "log"}, False),
        (rule("get", "pods/log"), {"resource": "pods", "subresource": "log"}, True),
        (rule("get", "*/log"), {"resource": "pods", "subresource": "log"}, True),
        (rule("get", "*/log"), {"resource": "pods"}, False),
        (rule("get", "deployments"), {"resource": "deployments", "group": "apps"}, False),
        (rule("get", "deployments", "*"), {"resource": "deployments", "group": "apps"}, True),
        (rule("get", "pods", resourceNames=["a"]), {"resource": "pods", "name": "a"}, True),
        (rule("get", "pods", resourceNames=["a"]), {"resource": "pods", "name": "b"}, False),
        (rule("get", "pods", resourceNames=["a"]), {"resource": "pods"}, False),
    ],
)
def test_a_rule_names_verbs_groups_resources_and_perhaps_objects(allowed, asked, answer) -> None:
    assert allows(allowed, Attributes(ADA, "get", **asked)) is answer


@pytest.mark.parametrize(
    ("url", "path", "answer"),
    [
        ("/api", "/api", True),
        ("/api", "/api/v1", False),
        ("/api/*", "/api/v1", True),
        ("*", "/metrics", True),
    ],
)
def test_a_rule_for_paths_may_end_in_a_star(url, path, answer) -> None:
    asked = Attributes(ADA, "get", path=path, is_resource_request=False)
    assert allows(rule("get", nonResourceURLs=[url]), asked) is answer
    assert not allows(rule("get", "*", "*"), asked)


@pytest.mark.parametrize(
    ("owned", "wanted"),
    [
        (rule("get list", "pods services"), rule("list", "pods")),
        (rule("*", "*", "*"), rule("get", "pods/log")),
        (rule("get", "*/scale", "apps"), rule("get", "deployments/scale", "apps")),
        (rule("get", "pods"), rule("get", "pods", resourceNames=["a"])),
        (rule("get", nonResourceURLs=["/api*"]), rule("get", nonResourceURLs=["/api/v1"])),
    ],
)
def test_what_is_owned_covers_what_is_less(owned, wanted) -> None:
    assert missing([owned], [wanted]) == []
    assert missing([wanted], [owned])


def test_what_is_missing_is_said_for_each_resource() -> None:
    owned = [rule("get", "pods"), rule("get list", "pods", resourceNames=["a"])]
    lacking = compact(missing(owned, [rule("get list watch", "pods secrets")]))
    assert [text(each) for each in lacking] == [
        '{APIGroups:[""], Resources:["pods"], Verbs:["list" "watch"]}',
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list" "watch"]}',
    ]
