"""Which roles a user has: the stored roles and bindings, read when they have changed.

Stands for `DefaultRuleResolver` in k8s.io/kubernetes `pkg/registry/rbac/validation/rule.go`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.store import Store
from kubelearn.objects import Object

_CLUSTER_ROLES = "/registry/clusterroles/"
_ROLES = "/registry/roles/"
_CLUSTER_BINDINGS = "/registry/clusterrolebindings/"
_BINDINGS = "/registry/rolebindings/"


@dataclass(frozen=True, slots=True)
class Grant:
    """The rules of one role, and the binding through which a user has them."""

    rules: list[Object]
    reason: str
    # The role that the binding refers to, if there is none of that name.
    missing: Object | None = None


class Policy:
    """The roles and bindings in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._bindings: dict[str, tuple[tuple[int, ...], list[Object]]] = {}
        self._rules: dict[str, tuple[int, list[Object]]] = {}

    def grants(self, user: User, namespace: str = "") -> Iterator[Grant]:
        """What a user may do in the whole cluster, then what only in that namespace."""
        prefixes = [_CLUSTER_BINDINGS]
        if namespace:
            prefixes.append(f"{_BINDINGS}{namespace}/")
        for prefix in prefixes:
            for binding in self._bindings_under(prefix):
                subject = _subject_of(binding, user)
                if subject is not None:
                    yield self._grant(binding, subject)

    def rules_of(self, role: Object, namespace: str) -> list[Object] | None:
        """The rules of the role that a binding refers to; None if there is none."""
        name = role["name"]
        key = (
            f"{_CLUSTER_ROLES}{name}"
            if role["kind"] == "ClusterRole"
            else f"{_ROLES}{namespace}/{name}"
        )
        found = self._store.get(key)
        if found is None:
            self._rules.pop(key, None)
            return None
        known = self._rules.get(key)
        if known is None or known[0] != found.mod_revision:
            known = (found.mod_revision, decode(found.value).get("rules") or [])
            self._rules[key] = known
        return known[1]

    def _grant(self, binding: Object, subject: Object) -> Grant:
        meta, role = binding["metadata"], binding["roleRef"]
        namespace = meta.get("namespace", "")
        name = f"{meta['name']}/{namespace}" if namespace else meta["name"]
        who = subject["name"]
        if subject["kind"] == "ServiceAccount":
            who += f"/{subject.get('namespace') or namespace}"
        reason = (
            f'{binding["kind"]} "{name}" of {role["kind"]} "{role["name"]}" '
            f'to {subject["kind"]} "{who}"'
        )
        rules = self.rules_of(role, namespace)
        if rules is None:
            return Grant([], reason, role)
        return Grant(rules, reason)

    def _bindings_under(self, prefix: str) -> list[Object]:
        found = self._store.range(prefix)
        # Revisions are given once, so the same ones are the same objects.
        revisions = tuple(kv.mod_revision for kv in found)
        known = self._bindings.get(prefix)
        if known is None or known[0] != revisions:
            known = (revisions, [decode(kv.value) for kv in found])
            if found:
                self._bindings[prefix] = known
            else:
                self._bindings.pop(prefix, None)
        return known[1]


def _subject_of(binding: Object, user: User) -> Object | None:
    """The subject in a binding that this user is."""
    namespace = binding["metadata"].get("namespace", "")
    for subject in binding.get("subjects") or []:
        if _is(subject, user, namespace):
            return dict(subject)
    return None


def _is(subject: Object, user: User, namespace: str) -> bool:
    name = subject["name"]
    match subject["kind"]:
        case "User":
            return bool(name == user.name)
        case "Group":
            return name in user.groups
        case "ServiceAccount":
            namespace = subject.get("namespace") or namespace
            return bool(namespace) and user.name == f"system:serviceaccount:{namespace}:{name}"
    return False
