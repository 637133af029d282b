"""Acting as somebody else: `kubectl --as`, for those who may.

Stands for k8s.io/apiserver `pkg/endpoints/filters/impersonation.go`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from urllib.parse import unquote

from multidict import CIMultiDictProxy

from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.authorization import Attributes, Authorizer, refusal
from kubelearn.embedded.apiserver.status import bad_request, quote

_EXTRA = "impersonate-extra-"
_GROUP = "authentication.k8s.io"
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
    wanted = User(name, tuple(groups), headers.get("Impersonate-Uid", ""), extra)
    if not name:
        if groups or extra or wanted.uid:
            raise bad_request(f"requested {_go(wanted)} without impersonating a user name")
        return user
    for attributes in _questions(user, wanted):
        decision = authorizer.authorize(attributes)
        if not decision.allowed:
            raise refusal(attributes, decision)
    return replace(wanted, groups=_all_groups(name, groups))


def _questions(user: User, wanted: User) -> Iterator[Attributes]:
    """Each thing that one claims to be is a resource, to be named in a role."""
    name, ask = wanted.name, partial(Attributes, user, "impersonate")
    if name.startswith(_ACCOUNT) and name.count(":") == 3:
        _, _, namespace, account = name.split(":")
        yield ask(resource="serviceaccounts", namespace=namespace, name=account)
    else:
        yield ask(resource="users", name=name)
    for group in wanted.groups:
        yield ask(resource="groups", name=group)
    for key, values in wanted.extra.items():
        for value in values:
            yield ask(group=_GROUP, resource="userextras", subresource=key, name=value)
    if wanted.uid:
        yield ask(group=_GROUP, resource="uids", name=wanted.uid)


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


def _go(user: User) -> str:
    """A user as Go's `%#v` prints it."""
    groups, extra = _go_list(user.groups), "(nil)"
    if user.extra:
        pairs = (f"{quote(key)}:{_go_list(values)}" for key, values in sorted(user.extra.items()))
        extra = f"{{{', '.join(pairs)}}}"
    return (
        f"&user.DefaultInfo{{Name:{quote(user.name)}, UID:{quote(user.uid)}, Groups:{groups}, "
        f"Extra:map[string][]string{extra}}}"
    )


def _go_list(values: Sequence[str]) -> str:
    return f"[]string{{{', '.join(map(quote, values))}}}" if values else "[]string(nil)"
