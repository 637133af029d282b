"""Which requests are audited, and how much of each is kept.

Stands for k8s.io/apiserver `pkg/audit/policy/{reader,checker}.go`: the first rule that matches
decides. Left out, as our policy has none: rules for objects of some names, rules that keep managed
fields, and patterns such as `*/scale`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Self

import yaml

from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.requestinfo import RequestInfo

_REMEMBERED = 4096


class Level(IntEnum):
    """How much of a request an event holds."""

    NONE = 0
    METADATA = 1
    REQUEST = 2
    REQUEST_RESPONSE = 3

    @property
    def word(self) -> str:
        """As it is written in policies and events."""
        return _WORDS[self]


_WORDS = dict(zip(Level, ("None", "Metadata", "Request", "RequestResponse"), strict=True))
_LEVELS = {word: level for level, word in _WORDS.items()}


@dataclass(frozen=True, slots=True)
class _Rule:
    level: Level
    users: frozenset[str]
    groups: frozenset[str]
    verbs: frozenset[str]
    namespaces: frozenset[str]
    # The resources (and `resource/subresource`) of each API group; none stands for all of them.
    resources: Mapping[str, frozenset[str]]
    paths: tuple[str, ...]

    def matches(self, user: User | None, info: RequestInfo) -> bool:
        """Whether every field matches that the rule has."""
        if self.users and not (user and user.name in self.users):
            return False
        if self.groups and not (user and self.groups.intersection(user.groups)):
            return False
        if self.verbs and info.verb not in self.verbs:
            return False
        if self.namespaces or self.resources:
            return info.is_resource_request and self._matches_resource(info)
        if self.paths:
            return not info.is_resource_request and any(
                _path_matches(info.path, pattern) for pattern in self.paths
            )
        return True

    def _matches_resource(self, info: RequestInfo) -> bool:
        if self.namespaces and info.namespace not in self.namespaces:
            return False
        if not self.resources:
            return True
        known = self.resources.get(info.group)
        name = f"{info.resource}/{info.subresource}" if info.subresource else info.resource
        return known is not None and (not known or name in known)


class Policy:
    """The rules in a file of the kind `Policy` (`audit.k8s.io/v1`)."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._rules = [_rule(each) for each in document["rules"]]
        self._known: dict[tuple[object, ...], Level] = {}

    @classmethod
    def read(cls, path: Path) -> Self:
        """The policy in that file."""
        return cls(yaml.safe_load(path.read_text()))

    def level(self, user: User | None, info: RequestInfo) -> Level:
        """How much to keep of a request; nobody is behind it if its credentials are wrong."""
        key = (
            (user.name, user.groups) if user else None,
            info.verb,
            (info.group, info.resource, info.subresource, info.namespace)
            if info.is_resource_request
            else info.path,
        )
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[key] = self._find(user, info)
        return known

    def _find(self, user: User | None, info: RequestInfo) -> Level:
        for rule in self._rules:
            if rule.matches(user, info):
                return rule.level
        return Level.NONE


def _rule(fields: Mapping[str, Any]) -> _Rule:
    def words(name: str) -> frozenset[str]:
        return frozenset(fields.get(name) or ())

    return _Rule(
        level=_LEVELS[fields["level"]],
        users=words("users"),
        groups=words("userGroups"),
        verbs=words("verbs"),
        namespaces=words("namespaces"),
        resources=_by_group(fields.get("resources") or ()),
        paths=tuple(fields.get("nonResourceURLs") or ()),
    )


def _by_group(entries: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for entry in entries:
        group = entry["group"]
        found[group] = found.get(group, frozenset()) | frozenset(entry.get("resources") or ())
    return found


def _path_matches(path: str, pattern: str) -> bool:
    if pattern.endswith("*"):
        return path.startswith(pattern.rstrip("*"))
    return path == pattern
