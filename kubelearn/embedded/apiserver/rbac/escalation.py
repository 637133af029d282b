"""Nobody grants what he does not have.

Stands for the `policybased` storages in k8s.io/kubernetes `pkg/registry/rbac` and for
`ConfirmNoEscalation`. Here it is an admission plugin: those too see each write and may refuse it.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.authorization import Attributes, Authorizer
from kubelearn.embedded.apiserver.rbac.policy import Policy
from kubelearn.embedded.apiserver.rbac.rules import FULL_AUTHORITY, compact, missing, text
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.status import forbidden, not_found, quote, unknown
from kubelearn.embedded.apiserver.write import Write
from kubelearn.objects import Object

_GROUP = "rbac.authorization.k8s.io"
_MASTERS = "system:masters"
_ROLES = {"roles", "clusterroles"}
_ROLE_KINDS = {"Role", "ClusterRole"}
_BINDINGS = {"rolebindings", "clusterrolebindings"}


class NoEscalation:
    """Checks writes of roles and bindings against what the writer may do."""

    def __init__(self, policy: Policy, authorizer: Authorizer) -> None:
        self._policy = policy
        self._authorizer = authorizer

    async def __call__(
        self, registry: Registry, write: Write, new: Object, old: Object | None
    ) -> None:
        """Refuse a role or a binding that would grant more than its writer has."""
        kind = registry.kind
        if kind.group != _GROUP or _MASTERS in write.user.groups:
            return
        if kind.plural in _ROLES:
            self._check_role(registry, write, new, old)
        elif kind.plural in _BINDINGS:
            self._check_binding(registry, write, new, old)

    def _check_role(
        self, registry: Registry, write: Write, new: Object, old: Object | None
    ) -> None:
        granted = ("rules", "aggregationRule")
        if old is not None and all(new.get(name) == old.get(name) for name in granted):
            return
        name = new["metadata"].get("name", "")
        if self._may("escalate", registry.kind.plural, name, write):
            return
        self._check_rules(registry, write, name, new.get("rules") or [])
        if new.get("aggregationRule") and not self._has_all(write):
            problem = "must have cluster-admin privileges to use the aggregationRule"
            raise forbidden(registry.kind.plural, _GROUP, name, problem)

    def _check_binding(
        self, registry: Registry, write: Write, new: Object, old: Object | None
    ) -> None:
        granted = ("subjects", "roleRef")
        if old is not None and all(new.get(name) == old.get(name) for name in granted):
            return
        role = new.get("roleRef") or {}
        kind = role.get("kind", "")
        plural = f"{kind.lower()}s"
        if kind not in _ROLE_KINDS:
            raise unknown(f"unsupported role reference kind: {quote(kind)}")
        if self._may("bind", plural, role["name"], write):
            return
        rules = self._policy.rules_of(role, write.namespace)
        if rules is None:
            raise not_found(plural, _GROUP, role["name"])
        self._check_rules(registry, write, new["metadata"].get("name", ""), rules)

    def _may(self, verb: str, plural: str, name: str, write: Write) -> bool:
        asked = Attributes(
            write.user, verb, group=_GROUP, resource=plural, namespace=write.namespace, name=name
        )
        return self._authorizer.authorize(asked).allowed

    def _check_rules(
        self, registry: Registry, write: Write, name: str, rules: Sequence[Object]
    ) -> None:
        grants = list(self._policy.grants(write.user, write.namespace))
        lacking = missing([rule for grant in grants for rule in grant.rules], rules)
        if not lacking:
            return
        problem = (
            f"user {quote(write.user.name)} (groups={_groups(write.user)}) is attempting to "
            "grant RBAC permissions not currently held:\n"
            + "\n".join(sorted({text(rule) for rule in compact(lacking)}))
        )
        if absent := [_not_found(grant.missing) for grant in grants if grant.missing]:
            problem += f"; resolution errors: [{', '.join(absent)}]"
        raise forbidden(registry.kind.plural, _GROUP, name, problem)

    def _has_all(self, write: Write) -> bool:
        grants = self._policy.grants(write.user, write.namespace)
        return not missing([rule for grant in grants for rule in grant.rules], FULL_AUTHORITY)


def _not_found(role: Object) -> str:
    return not_found(f"{role['kind'].lower()}s", _GROUP, role["name"]).message


def _groups(user: User) -> str:
    """Go's `%q` of a list."""
    return "[" + " ".join(quote(group) for group in user.groups) + "]"
