"""Which roles a user has: the stored roles and bindings, read when they have changed.

Stands for `DefaultRuleResolver` in k8s.io/kubernetes `pkg/registry/rbac/validation/rule.go`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.store import Store
from kubelearn.objects import Object

_CLUSTER_ROLES = "/registry/clusterroles/"
_ROLES = "/registry/roles/"
_CLUSTER_BINDINGS = "/registry/clusterrolebindings/"
_BINDINGS = "/registry/rolebindings/"
_READ = (_CLUSTER_ROLES, _ROLES, _CLUSTER_BINDINGS, _BINDINGS)
_REMEMBERED = 1024

# Name, groups, and the namespace of what is asked for.
_Who = tuple[str, tuple[str, ...], str]


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
        self._read_at: tuple[int, ...] = ()
        self._grants: dict[_Who, list[Grant]] = {}
        self._bindings: dict[str, list[Object]] = {}
        self._rules: dict[str, list[Object]] = {}

    def grants(self, user: User, namespace: str = "") -> Sequence[Grant]:
        """What a user may do in the whole cluster, then what only in that namespace."""
        self._forget_what_changed()
        who = (user.name, user.groups, namespace)
        if who not in self._grants:
            if len(self._grants) >= _REMEMBERED:
                self._forget()
            self._grants[who] = list(self._find(user, namespace))
        return self._grants[who]

    def rules_of(self, role: Object, namespace: str) -> list[Object] | None:
        """The rules of the role that a binding refers to; None if there is none."""
        self._forget_what_changed()
        name = role["name"]
        key = (
            f"{_CLUSTER_ROLES}{name}"
            if role["kind"] == "ClusterRole"
            else f"{_ROLES}{namespace}/{name}"
        )
        if key not in self._rules and (found := self._store.get(key)):
            self._rules[key] = decode(found.value).get("rules") or []
        return self._rules.get(key)

    def _forget_what_changed(self) -> None:
        now = tuple(map(self._store.last_change, _READ))
        if now != self._read_at:
            self._read_at = now
            self._forget()

    def _forget(self) -> None:
        for known in (self._grants, self._bindings, self._rules):
            known.clear()

    def _find(self, user: User, namespace: str) -> Iterator[Grant]:
        prefixes = [_CLUSTER_BINDINGS]
        if namespace:
            prefixes.append(f"{_BINDINGS}{namespace}/")
        for prefix in prefixes:
            for binding in self._bindings_under(prefix):
                subject = _subject_of(binding, user)
                if subject is not None:
                    yield self._grant(binding, subject)

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
        if prefix not in self._bindings:
            self._bindings[prefix] = [decode(kv.value) for kv in self._store.range(prefix)]
        return self._bindings[prefix]


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
