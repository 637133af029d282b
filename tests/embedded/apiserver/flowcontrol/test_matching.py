import pytest

from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.flowcontrol.matching import means
from kubelearn.embedded.apiserver.requestinfo import request_info

ALL = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "namespaces": ["*"]}
ADA = User("ada", ("devs",))
ROBOT = User("system:serviceaccount:shop:robot")
PODS = request_info("GET", "/api/v1/namespaces/shop/pods", {})
NODES = request_info("GET", "/api/v1/nodes", {})
STATUS = request_info("PUT", "/api/v1/namespaces/shop/pods/a/status", {})
HEALTH = request_info("GET", "/healthz/etcd", {})


def spec(subject, **rules):
    return {"rules": [{"subjects": [subject], **rules}]}


def account(namespace, name):
    return {"kind": "ServiceAccount", "serviceAccount": {"namespace": namespace, "name": name}}


@pytest.mark.parametrize(
    ("subject", "user", "expected"),
    [
        ({"kind": "User", "user": {"name": "ada"}}, ADA, True),
        ({"kind": "User", "user": {"name": "*"}}, ADA, True),
        ({"kind": "User", "user": {"name": "bob"}}, ADA, False),
        ({"kind": "Group", "group": {"name": "devs"}}, ADA, True),
        ({"kind": "Group", "group": {"name": "ops"}}, ADA, False),
        (account("shop", "*"), ROBOT, True),
        (account("sh", "*"), ROBOT, False),
        (account("shop", "x"), ROBOT, False),
    ],
)
def test_who_is_meant(subject, user, expected):
    assert means(spec(subject, resourceRules=[ALL]), user, PODS) is expected


@pytest.mark.parametrize(
    ("rule", "info", "expected"),
    [
        (ALL, PODS, True),
        (ALL, NODES, False),
        (ALL | {"clusterScope": True}, NODES, True),
        (ALL | {"namespaces": ["other"]}, PODS, False),
        (ALL | {"verbs": ["create"]}, PODS, False),
        (ALL | {"apiGroups": ["apps"]}, PODS, False),
        (ALL | {"resources": ["pods"]}, STATUS, False),
        (ALL | {"resources": ["pods/status"]}, STATUS, True),
        (ALL, HEALTH, False),
    ],
)
def test_which_resources_are_meant(rule, info, expected):
    everybody = {"kind": "User", "user": {"name": "*"}}
    assert means(spec(everybody, resourceRules=[rule]), ADA, info) is expected


@pytest.mark.parametrize(
    ("url", "expected"), [("*", True), ("/healthz/*", True), ("/healthz", False), ("/livez", False)]
)
def test_which_paths_are_meant(url, expected):
    everybody = {"kind": "User", "user": {"name": "*"}}
    rules = [{"verbs": ["get"], "nonResourceURLs": [url]}]
    assert means(spec(everybody, nonResourceRules=rules), ADA, HEALTH) is expected
