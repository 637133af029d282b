"""The end of a definition: all its objects are deleted, then it may go.

Stands for k8s.io/apiextensions-apiserver `pkg/controller/finalizer`. Upstream looks every five
seconds whether the objects are gone; here the store tells.
"""

from __future__ import annotations

from contextlib import closing

from kubelearn.embedded.apiserver.authentication import LOOPBACK
from kubelearn.embedded.apiserver.deletion import delete_all
from kubelearn.embedded.apiserver.options import DeleteOptions
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.strategy.customresourcedefinition import CLEANUP
from kubelearn.embedded.apiserver.write import Write
from kubelearn.objects import Object, set_condition

IN_PROGRESS = ("True", "InstanceDeletionInProgress", "CustomResource deletion is in progress")
COMPLETED = ("False", "InstanceDeletionCompleted", "removed all instances")
NEVER_ESTABLISHED = ("False", "NeverEstablished", "resource was never established")

Progress = tuple[str, str, str]


def terminating(definition: Object, *, progress: Progress, now: str) -> None:
    """Say in a definition how far its end is, in place."""
    status, reason, message = progress
    condition = {
        "type": "Terminating",
        "status": status,
        "lastTransitionTime": now,
        "reason": reason,
        "message": message,
    }
    conditions = definition["status"].get("conditions") or []
    definition["status"]["conditions"] = set_condition(conditions, condition)


def let_go(definition: Object, *, progress: Progress, now: str) -> None:
    """Take off the finalizer: nothing is left to wait for."""
    terminating(definition, progress=progress, now=now)
    finalizers = definition["metadata"].get("finalizers") or []
    definition["metadata"]["finalizers"] = [each for each in finalizers if each != CLEANUP]


async def delete_instances(registry: Registry) -> None:
    """Delete all objects of a kind, and return when the last is gone."""
    prefix, store = registry.prefix(), registry.store
    with closing(store.watch(prefix, after=store.revision)) as changes:
        write = Write(user=LOOPBACK, manager="kube-apiserver")
        await delete_all(registry, write, store.range(prefix), DeleteOptions())
        while store.count(prefix):
            await anext(changes)
