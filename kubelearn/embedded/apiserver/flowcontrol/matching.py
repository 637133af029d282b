"""Which requests a FlowSchema means (upstream `pkg/util/flowcontrol/rule.go`)."""

from __future__ import annotations

from collections.abc import Sequence

from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.requestinfo import RequestInfo
from kubelearn.objects import Object

_ACCOUNT = "system:serviceaccount:"


def means(spec: Object, user: User, info: RequestInfo) -> bool:
    """Whether one of a FlowSchema's rules means a request."""
    return any(
        any(_is_subject(user, subject) for subject in rule.get("subjects") or [])
        and _is_target(info, rule)
        for rule in spec.get("rules") or []
    )


def _is_subject(user: User, subject: Object) -> bool:
    match subject["kind"]:
        case "User":
            return subject["user"]["name"] in ("*", user.name)
        case "Group":
            name = subject["group"]["name"]
            return name == "*" or name in user.groups
    account = subject["serviceAccount"]
    prefix = f"{_ACCOUNT}{account['namespace']}:"
    if account["name"] == "*":
        return user.name.startswith(prefix)
    return user.name == prefix + str(account["name"])


def _is_target(info: RequestInfo, rule: Object) -> bool:
    if info.is_resource_request:
        return any(_is_resource(info, each) for each in rule.get("resourceRules") or [])
    return any(_is_path(info, each) for each in rule.get("nonResourceRules") or [])


def _is_resource(info: RequestInfo, rule: Object) -> bool:
    resource = f"{info.resource}/{info.subresource}" if info.subresource else info.resource
    if not (
        _has(rule["verbs"], info.verb)
        and _has(rule["resources"], resource)
        and _has(rule["apiGroups"], info.group)
    ):
        return False
    if not info.namespace:
        return bool(rule.get("clusterScope"))
    return _has(rule.get("namespaces") or [], info.namespace)


def _is_path(info: RequestInfo, rule: Object) -> bool:
    return _has(rule["verbs"], info.verb) and any(
        url in ("*", info.path) or (url.endswith("/*") and info.path.startswith(url[:-1]))
        for url in rule["nonResourceURLs"]
    )


def _has(values: Sequence[str], value: str) -> bool:
    return value in values or "*" in values
