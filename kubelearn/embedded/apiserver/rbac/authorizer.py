"""The RBAC authorizer.

Stands for k8s.io/kubernetes `plugin/pkg/auth/authorizer/rbac`.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.authorization import Attributes, Decision
from kubelearn.embedded.apiserver.rbac.policy import Policy
from kubelearn.embedded.apiserver.rbac.rules import allows


class RbacAuthorizer:
    """Allows what a role allows that is bound to the user."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def authorize(self, attributes: Attributes) -> Decision:
        """Look for one rule that allows it."""
        problems = []
        for grant in self._policy.grants(attributes.user, attributes.namespace):
            if any(allows(rule, attributes) for rule in grant.rules):
                return Decision(allowed=True, reason=f"RBAC: allowed by {grant.reason}")
            if role := grant.missing:
                kind = f"{role['kind'].lower()}.rbac.authorization.k8s.io"
                problems.append(f'{kind} "{role["name"]}" not found')
        return Decision(allowed=False, reason=_aggregate(problems))


def _aggregate(problems: list[str]) -> str:
    unique = list(dict.fromkeys(problems))
    if not unique:
        return ""
    return f"RBAC: {unique[0]}" if len(unique) == 1 else f"RBAC: [{', '.join(unique)}]"
