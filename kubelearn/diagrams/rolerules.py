"""Which rules of a role allow a request: upstream's `plugin/pkg/auth/authorizer/rbac`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kubelearn.objects import CLUSTER_ROLES, ROLES

# `RBAC: allowed by RoleBinding "jane/demo" of ClusterRole "view" to User "jane"`
_ALLOWED = re.compile(
    r'allowed by (?:Cluster)?RoleBinding "([^"]*)" of (ClusterRole|Role) "([^"]*)"'
)
_FIELDS = ("apiGroups", "resources", "resourceNames", "nonResourceURLs", "verbs")


def role_in(reason: str) -> str | None:
    """The path of the role that the authorizer's reason names, if it names one."""
    found = _ALLOWED.search(reason)
    if not found:
        return None
    binding, kind, name = found.groups()
    if kind == "ClusterRole":
        return CLUSTER_ROLES.path(name=name)
    return ROLES.path(binding.rpartition("/")[2], name)


def rules_for(
    rules: Iterable[dict[str, Any]], *, verb: str, api_version: str, resource: str
) -> Iterator[str]:
    """The rules for that verb and resource (or `resource/subresource`), each as one line."""
    group = api_version.rpartition("/")[0]
    _, slash, sub = resource.partition("/")
    names = {resource, f"*/{sub}"} if slash else {resource}
    for rule in rules:
        if (
            {"*", verb} & set(rule.get("verbs") or ())
            and {"*", group} & set(rule.get("apiGroups") or ())
            and {"*", *names} & set(rule.get("resources") or ())
        ):
            yield f"rule: {_line(rule)}"


def _line(rule: Mapping[str, Any]) -> str:
    """`apiGroups '', apps; resources pods; verbs get, list`."""
    parts = []
    for name in _FIELDS:
        if rule.get(name):
            # The core group's name is empty.
            words = ", ".join(each or "''" for each in rule[name])
            parts.append(f"{name} {words}")
    return "; ".join(parts)
