"""Kinds as the API serves them, and the registry of those that are served now.

Stands for the API installer of k8s.io/apiserver (`pkg/endpoints/installer.go`). `builtin.py` has
the table of the built-in kinds; those of CustomResourceDefinitions come and go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubelearn.objects import Resource

if TYPE_CHECKING:
    from kubelearn.embedded.apiserver.apiextensions.version import CustomVersion

ALL_VERBS = (
    "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch",
)  # fmt: skip
READ_WRITE = ("get", "patch", "update")

# etcd keys that do not follow from the plural, for reasons of history.
_STORAGE = {
    "endpoints": "services/endpoints",
    "ingresses": "ingress",
    "nodes": "minions",
    "replicationcontrollers": "controllers",
    "services": "services/specs",
}
# Kinds whose servers were once apart from the core keep the group in their keys.
_WITH_GROUP = ("apiextensions.k8s.io", "apiregistration.k8s.io")
# The order in which the real server lists its groups; those of custom resources follow.
_GROUP_ORDER = (
    "", "apiregistration.k8s.io", "apps", "events.k8s.io", "authentication.k8s.io",
    "authorization.k8s.io", "autoscaling", "batch", "certificates.k8s.io", "networking.k8s.io",
    "policy", "rbac.authorization.k8s.io", "storage.k8s.io", "admissionregistration.k8s.io",
    "apiextensions.k8s.io", "scheduling.k8s.io", "coordination.k8s.io", "node.k8s.io",
    "discovery.k8s.io", "resource.k8s.io", "flowcontrol.apiserver.k8s.io",
)  # fmt: skip


@dataclass(frozen=True)
class Subresource:
    """`pods/log`, `deployments/scale`, ...; an empty version means the parent's own group."""

    name: str
    kind: str
    verbs: tuple[str, ...] = READ_WRITE
    group: str = ""
    version: str = ""


@dataclass(frozen=True)
class Kind(Resource):
    """A kind as the API serves it, in one version."""

    singular: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    subresources: tuple[Subresource, ...] = ()
    # The struct in the schema; custom resources have what their definition says instead, and of
    # those of another server nothing is known.
    type_name: str = ""
    custom: CustomVersion | None = None

    def __hash__(self) -> int:
        # Of what tells kinds apart, and not of all fields: each request looks for one.
        return hash((self.group, self.version, self.plural))

    @property
    def built_in(self) -> bool:
        """Whether every cluster has it."""
        return bool(self.type_name)

    @property
    def storage_prefix(self) -> str:
        """The etcd key of the collection: `/registry/pods`."""
        if not self.built_in or self.group in _WITH_GROUP:
            return f"/registry/{self.group}/{self.plural}"
        return f"/registry/{_STORAGE.get(self.plural, self.plural)}"

    @property
    def list_kind(self) -> str:
        """`PodList`."""
        if self.custom:
            return self.custom.list_kind
        return f"{self.kind}List"

    def subresource(self, name: str) -> Subresource | None:
        """The subresource of that name."""
        return next((item for item in self.subresources if item.name == name), None)

    def has_verb(self, verb: str) -> bool:
        """Whether the resource itself (not a subresource) takes that verb."""
        return verb in self.verbs


class Kinds:
    """The kinds served now, found by resource or by kind."""

    def __init__(self, kinds: tuple[Kind, ...] = ()) -> None:
        self._by_resource: dict[tuple[str, str, str], Kind] = {}
        self._by_kind: dict[tuple[str, str], Kind] = {}
        # Rises with each change, so that documents made from the kinds can be cached.
        self.generation = 0
        for kind in kinds:
            self.add(kind)

    def __iter__(self) -> Iterator[Kind]:
        return iter(list(self._by_resource.values()))

    def add(self, kind: Kind) -> None:
        """Serve a kind, in place of one with the same group, version and plural."""
        self._by_resource[kind.group, kind.version, kind.plural] = kind
        self._by_kind[kind.api_version, kind.kind] = kind
        self.generation += 1

    def remove(self, kind: Kind) -> None:
        """Serve it no longer."""
        self._by_resource.pop((kind.group, kind.version, kind.plural), None)
        self._by_kind.pop((kind.api_version, kind.kind), None)
        self.generation += 1

    def find(self, group: str, version: str, plural: str) -> Kind | None:
        """The kind behind a URL."""
        return self._by_resource.get((group, version, plural))

    def for_object(self, api_version: str, kind: str) -> Kind | None:
        """The kind that an object says it is."""
        return self._by_kind.get((api_version, kind))

    def groups(self) -> dict[str, list[str]]:
        """Groups and their versions, the preferred first, as discovery lists them."""
        found: dict[str, set[str]] = {}
        for kind in self._by_resource.values():
            found.setdefault(kind.group, set()).add(kind.version)
        return {
            group: sorted(found[group], key=version_priority)
            for group in sorted(found, key=_group_priority)
        }

    def in_group(self, group: str, version: str) -> list[Kind]:
        """The kinds of one group and version, by plural."""
        kinds = (k for k in self._by_resource.values() if (k.group, k.version) == (group, version))
        return sorted(kinds, key=lambda kind: kind.plural)


def _group_priority(group: str) -> tuple[int, str]:
    known = group in _GROUP_ORDER
    return (_GROUP_ORDER.index(group) if known else len(_GROUP_ORDER), group)


def version_priority(version: str) -> tuple[int, int, int, str]:
    """Sorts v2 before v1, v1 before v1beta1, and that before v1alpha1.

    Follows k8s.io/apimachinery `pkg/version/helpers.go`.
    """
    digits = version.removeprefix("v")
    for level, stage in enumerate(("beta", "alpha"), start=1):
        major, found, minor = digits.partition(stage)
        if found and major.isdigit() and (minor.isdigit() or not minor):
            return (level, -int(major), -int(minor or 0), version)
    return (0, -int(digits), 0, version) if digits.isdigit() else (3, 0, 0, version)
