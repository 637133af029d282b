"""Evaluators: which resources of a quota an object of a kind uses, and how much.

Stands for k8s.io/apiserver `pkg/quota/v1/generic/evaluator.go` and k8s.io/kubernetes
`pkg/quota/v1/evaluator/core`. Left out: resource claims, a kind that is not served here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from kubelearn.embedded.quota.scopes import (
    claim_in_scope,
    in_no_scope,
    is_terminating,
    pod_in_scope,
    requirements,
)
from kubelearn.embedded.quota.usage import claim_usage, missing_resources, pod_usage, service_usage
from kubelearn.objects import Object

_CLASS = ".storageclass.storage.k8s.io/"
# Kinds that could be counted before `count/` was thought of.
_OLD_COUNTS = ("configmaps", "resourcequotas", "replicationcontrollers", "secrets")
_COMPUTE = ("cpu", "memory", "ephemeral-storage")


class Evaluator:
    """Counts the objects of a kind. Kinds that use more have a class of their own."""

    in_scope = staticmethod(in_no_scope)

    def __init__(self, group: str, plural: str) -> None:
        self.group = group
        self.plural = plural
        self.count = f"count/{plural}.{group}" if group else f"count/{plural}"
        self.names = {self.count}
        if not group and plural in _OLD_COUNTS:
            self.names.add(plural)

    def knows(self, name: str) -> bool:
        """Whether a resource of a quota is about objects of this kind."""
        return name in self.names

    def concerned(self, names: Iterable[str]) -> set[str]:
        """The resources that are about objects of this kind."""
        return {name for name in names if self.knows(name)}

    def handles(self, new: Object, old: Object | None, subresource: str) -> bool:
        """Whether a write can change what is used."""
        return old is None and not subresource

    def missing(self, required: set[str], obj: Object) -> str:
        """What the object does not say although the quota needs it; usually nothing."""
        return ""

    def usage(self, obj: Object, *, now: datetime) -> dict[str, str]:
        """What an object uses."""
        return dict.fromkeys(self.names, "1")

    def matches(self, quota: Object, names: Iterable[str], obj: Object) -> bool:
        """Whether a quota with these resources is about the object."""
        return bool(self.concerned(names)) and self.covers(quota, obj)

    def covers(self, quota: Object, obj: Object) -> bool:
        """Whether the object is in the quota's scopes."""
        return all(self.in_scope(each, obj) for each in requirements(quota["spec"]))


class _Pods(Evaluator):
    in_scope = staticmethod(pod_in_scope)

    def __init__(self) -> None:
        super().__init__("", "pods")
        self.names |= {"pods", *_COMPUTE}
        self.names |= {f"{kind}.{name}" for kind in ("requests", "limits") for name in _COMPUTE}

    def knows(self, name: str) -> bool:
        """Its own, huge pages, and requests of what a device plug-in offers."""
        return (
            name in self.names
            or name.removeprefix("requests.").startswith("hugepages-")
            or (name.startswith("requests.") and "/" in name and "kubernetes.io/" not in name)
        )

    def handles(self, new: Object, old: Object | None, subresource: str) -> bool:
        """New pods, pods whose scope changes, and pods that are resized."""
        if subresource:
            return subresource == "resize" and old is not None
        return old is None or is_terminating(new) != is_terminating(old)

    def missing(self, required: set[str], obj: Object) -> str:
        """Requests and limits of containers, where the quota is about CPU or memory."""
        return missing_resources(required, obj["spec"])

    def usage(self, obj: Object, *, now: datetime) -> dict[str, str]:
        """Nothing but itself when it has ended."""
        return {self.count: "1", **pod_usage(obj, now=now)}


class _Services(Evaluator):
    def __init__(self) -> None:
        super().__init__("", "services")
        self.names |= {"services", "services.nodeports", "services.loadbalancers"}

    def handles(self, new: Object, old: Object | None, subresource: str) -> bool:
        """All writes, because a Service's type can change."""
        return not subresource

    def usage(self, obj: Object, *, now: datetime) -> dict[str, str]:
        """Itself, and the ports and load balancers of its type."""
        return {self.count: "1", **service_usage(obj)}


class _Claims(Evaluator):
    in_scope = staticmethod(claim_in_scope)

    def __init__(self) -> None:
        super().__init__("", "persistentvolumeclaims")
        self._amounts = ("persistentvolumeclaims", "requests.storage")
        self.names |= set(self._amounts)

    def knows(self, name: str) -> bool:
        """Its own, and those of one storage class."""
        return name in self.names or name.endswith(tuple(_CLASS + each for each in self._amounts))

    def handles(self, new: Object, old: Object | None, subresource: str) -> bool:
        """All writes, because a claim can grow; in its status what it was given can."""
        if subresource:
            allocated = [
                ((each or {}).get("status") or {}).get("allocatedResources") for each in (new, old)
            ]
            return subresource == "status" and allocated[0] != allocated[1]
        return True

    def usage(self, obj: Object, *, now: datetime) -> dict[str, str]:
        """Itself and its storage, also for the storage class that it names."""
        used = claim_usage(obj)
        name = obj["spec"].get("storageClassName")
        by_class = {f"{name}{_CLASS}{each}": value for each, value in used.items()} if name else {}
        return {self.count: "1", **used, **by_class}


_SPECIAL: dict[str, Evaluator] = {each.plural: each for each in (_Pods(), _Services(), _Claims())}


def evaluator_of(group: str, plural: str) -> Evaluator:
    """The evaluator of a kind."""
    special = _SPECIAL.get(plural) if not group else None
    return special or Evaluator(group, plural)


def evaluators_for(names: Iterable[str]) -> list[Evaluator]:
    """The evaluators of all kinds that a quota with these resources is about."""
    names = set(names)
    found = {("", each.plural): each for each in _SPECIAL.values() if each.concerned(names)}
    for name in names:
        plural, _, group = name.removeprefix("count/").partition(".")
        if name.startswith("count/") or name in _OLD_COUNTS:
            found.setdefault((group, plural), evaluator_of(group, plural))
    return [found[each] for each in sorted(found)]
