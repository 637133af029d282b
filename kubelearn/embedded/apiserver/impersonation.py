"""Acting as somebody else: `kubectl --as`, for those who may.

Stands for k8s.io/apiserver `pkg/endpoints/filters/impersonation.go`.
"""

from __future__ import annotations

from urllib.parse import unquote

from multidict import CIMultiDictProxy

from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.authorization import Attributes, Authorizer, refusal
from kubelearn.embedded.apiserver.status import internal

_EXTRA = "impersonate-extra-"
_ACCOUNT = "system:serviceaccount:"


def impersonated(user: User, headers: CIMultiDictProxy[str], authorizer: Authorizer) -> User:
    """The user that the headers name, else the real one; raises 403."""
    name = headers.get("Impersonate-User", "")
    groups = headers.getall("Impersonate-Group", [])
    extra = {
        unquote(header[len(_EXTRA) :]).lower(): tuple(headers.getall(header))
        for header in headers
        if header.lower().startswith(_EXTRA)
    }
    if not name:
        if groups or extra or "Impersonate-Uid" in headers:
            raise internal("requested [...] without impersonating a user name")
        return user
    for attributes in _questions(user, name, groups):
        decision = authorizer.authorize(attributes)
        if not decision.allowed:
            raise refusal(attributes, decision)
    return User(name, _all_groups(name, groups), headers.get("Impersonate-Uid", ""), extra)


def _questions(user: User, name: str, groups: list[str]) -> list[Attributes]:
    if name.startswith(_ACCOUNT) and name.count(":") == 3:
        _, _, namespace, account = name.split(":")
        first = Attributes(
            user, "impersonate", resource="serviceaccounts", namespace=namespace, name=account
        )
    else:
        first = Attributes(user, "impersonate", resource="users", name=name)
    return [first] + [
        Attributes(user, "impersonate", resource="groups", name=group) for group in groups
    ]


def _all_groups(name: str, groups: list[str]) -> tuple[str, ...]:
    """The groups that authentication would have added."""
    found = list(groups)
    if not groups and name.startswith(_ACCOUNT) and name.count(":") == 3:
        namespace = name.split(":")[2]
        found = ["system:serviceaccounts", f"system:serviceaccounts:{namespace}"]
    if name == "system:anonymous":
        return (*found, "system:unauthenticated")
    if "system:authenticated" not in found:
        found.append("system:authenticated")
    return tuple(found)
