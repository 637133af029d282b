"""What a rule allows, and whether rules cover others.

Stands for k8s.io/kubernetes `pkg/apis/rbac/v1/evaluation_helpers.go` and k8s.io/component-helpers
`auth/rbac/validation/policy_comparator.go`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import orjson

from kubelearn.embedded.apiserver.authorization import Attributes
from kubelearn.embedded.apiserver.status import quote_each
from kubelearn.objects import Object

ALL = "*"
FULL_AUTHORITY: tuple[Object, ...] = (
    {"verbs": [ALL], "apiGroups": [ALL], "resources": [ALL]},
    {"verbs": [ALL], "nonResourceURLs": [ALL]},
)
_FIELDS = {
    "resources": "Resources",
    "nonResourceURLs": "NonResourceURLs",
    "resourceNames": "ResourceNames",
    "verbs": "Verbs",
}


def allows(rule: Object, asked: Attributes) -> bool:
    """Whether a rule allows a request."""
    if not _includes(rule["verbs"], asked.verb):
        return False
    if not asked.is_resource_request:
        return _covers_path(rule.get("nonResourceURLs") or [], asked.path)
    resource = f"{asked.resource}/{asked.subresource}" if asked.subresource else asked.resource
    names = rule.get("resourceNames")
    return (
        _includes(rule.get("apiGroups") or [], asked.group)
        and _covers_resource(rule.get("resources") or [], resource)
        and (not names or asked.name in names)
    )


def missing(owned: Sequence[Object], wanted: Sequence[Object]) -> list[Object]:
    """The parts of the wanted rules that no owned one covers."""
    return [
        part
        for rule in wanted
        for part in _parts(rule)
        if not any(_covers(mine, part) for mine in owned)
    ]


def compact(rules: Sequence[Object]) -> list[Object]:
    """Rules for one resource each, with the verbs of all that are about the same one."""
    found: dict[bytes, Object] = {}
    for rule in rules:
        about = {name: value for name, value in rule.items() if name != "verbs"}
        same = found.setdefault(orjson.dumps(about), {**about, "verbs": []})
        same["verbs"] += [verb for verb in rule["verbs"] if verb not in same["verbs"]]
    return list(found.values())


def text(rule: Object) -> str:
    """A rule as upstream prints it (`rbacv1helpers.CompactString`)."""
    shown = []
    if "apiGroups" in rule:
        shown.append(f"APIGroups:{quote_each(rule['apiGroups'])}")
    shown += [
        f"{title}:{quote_each(rule[name])}" for name, title in _FIELDS.items() if rule.get(name)
    ]
    return "{" + ", ".join(shown) + "}"


def _parts(rule: Object) -> Iterator[Object]:
    """A rule as many, each about one verb on one thing."""
    names = [[name] for name in rule.get("resourceNames") or []]
    for group in rule.get("apiGroups") or []:
        for resource in rule.get("resources") or []:
            for verb in rule["verbs"]:
                part = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
                yield from [part | {"resourceNames": name} for name in names] or [part]
    for url in rule.get("nonResourceURLs") or []:
        for verb in rule["verbs"]:
            yield {"nonResourceURLs": [url], "verbs": [verb]}


def _covers(mine: Object, part: Object) -> bool:
    if not _includes(mine["verbs"], part["verbs"][0]):
        return False
    if "nonResourceURLs" in part:
        return _covers_path(mine.get("nonResourceURLs") or [], part["nonResourceURLs"][0])
    names = mine.get("resourceNames")
    return (
        _includes(mine.get("apiGroups") or [], part["apiGroups"][0])
        and _covers_resource(mine.get("resources") or [], part["resources"][0])
        and (not names or part.get("resourceNames", [ALL])[0] in names)
    )


def _includes(allowed: Sequence[str], one: str) -> bool:
    return ALL in allowed or one in allowed


def _covers_resource(allowed: Sequence[str], resource: str) -> bool:
    """Whether a resource is among them; `*/scale` stands for that subresource of any."""
    if _includes(allowed, resource):
        return True
    _, slash, subresource = resource.partition("/")
    return bool(slash) and f"*/{subresource}" in allowed


def _covers_path(allowed: Sequence[str], path: str) -> bool:
    return any(
        url in (ALL, path) or (url.endswith(ALL) and path.startswith(url.rstrip(ALL)))
        for url in allowed
    )
