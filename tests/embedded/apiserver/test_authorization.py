from __future__ import annotations

import pytest

from kubelearn.embedded.apiserver.authentication import ANONYMOUS, User
from kubelearn.embedded.apiserver.authorization import (
    Attributes,
    Decision,
    SystemAuthorizer,
    Union,
    refusal,
)

ADA = User("ada", ("system:authenticated",))


@pytest.mark.parametrize(
    ("user", "allowed"),
    [
        (User("root", ("system:masters",)), True),
        (User("system:kube-controller-manager"), False),
        (User("system:kube-scheduler"), False),
        (User("system:node:w", ("system:nodes",)), False),
        (ANONYMOUS, False),
        (ADA, False),
    ],
)
def test_administrators_need_no_role(user, allowed) -> None:
    question = Attributes(user, "create", resource="pods")
    assert SystemAuthorizer().authorize(question).allowed is allowed


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        (
            Attributes(ADA, "list", resource="pods", namespace="a"),
            'pods is forbidden: User "ada" cannot list resource "pods" in API group "" '
            'in the namespace "a"',
        ),
        (
            Attributes(ADA, "get", resource="deployments", group="apps", name="d", subresource="s"),
            'deployments.apps "d" is forbidden: User "ada" cannot get resource "deployments/s" '
            'in API group "apps" at the cluster scope',
        ),
        (
            Attributes(ADA, "get", path="/metrics", is_resource_request=False),
            'forbidden: User "ada" cannot get path "/metrics"',
        ),
    ],
)
def test_a_refusal_says_who_may_not_do_what(attributes, message) -> None:
    error = refusal(attributes, Decision(allowed=False))
    assert (error.code, error.message) == (403, message)


def test_one_authorizer_that_allows_is_enough() -> None:
    class Everything:
        def authorize(self, attributes):
            return Decision(allowed=attributes.verb == "get", reason="because")

    union = Union([SystemAuthorizer(), Everything()])
    assert union.authorize(Attributes(ADA, "get")).allowed
    assert union.authorize(Attributes(ADA, "list")).reason == "because"
