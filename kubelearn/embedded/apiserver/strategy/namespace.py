"""Namespaces: phases, and the finalizer `kubernetes` that keeps one until it is empty.

Stands for k8s.io/kubernetes `pkg/registry/core/namespace/{strategy.go,storage/storage.go}`.
"""

from __future__ import annotations

from typing import Any

from kubelearn.embedded.apiserver.strategy.base import Strategy
from kubelearn.objects import Object

FINALIZER = "kubernetes"


class NamespaceStrategy(Strategy):
    """Namespaces."""

    returns_deleted = True
    fields = ("status.phase",)

    def prepare_for_create(self, new: Object) -> None:
        """Active, and held by the namespace controller's finalizer."""
        super().prepare_for_create(new)
        new["status"] = {"phase": "Active"}
        finalizers = (new.get("spec") or {}).get("finalizers") or []
        if FINALIZER not in finalizers:
            finalizers = [*finalizers, FINALIZER]
        new["spec"] = {"finalizers": finalizers}

    def prepare_for_update(self, new: Object, old: Object) -> None:
        """Finalizers change through their own subresource only."""
        super().prepare_for_update(new, old)
        new["spec"] = old.get("spec") or {}

    def prepare_for_finalize(self, new: Object, old: Object) -> None:
        """The subresource `finalize` sets the finalizers and nothing else."""
        new["status"] = old.get("status") or {}
        new["spec"] = new.get("spec") or {}

    def canonicalize(self, obj: Object) -> None:
        """The label that lets selectors name a namespace, generated names included."""
        labels: dict[str, Any] = obj["metadata"].setdefault("labels", {})
        labels["kubernetes.io/metadata.name"] = obj["metadata"]["name"]

    def terminate(self, obj: Object, *, now: str) -> bool:
        """The phase says it, to controllers and to admission."""
        obj["status"] = {**(obj.get("status") or {}), "phase": "Terminating"}
        return True

    def may_vanish(self, obj: Object) -> bool:
        """Not while the namespace controller has work to do."""
        return not (obj.get("spec") or {}).get("finalizers")
