"""Workloads: what makes a new generation of a Deployment and its relatives.

Stands for the `strategy.go` files under k8s.io/kubernetes `pkg/registry/apps` and
`pkg/registry/batch`.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.strategy.base import Strategy
from kubelearn.objects import Object


class WorkloadStrategy(Strategy):
    """StatefulSets, Jobs, CronJobs, and all else whose spec alone is counted."""

    generation = True
    first_status = {}


class DeploymentStrategy(WorkloadStrategy):
    """Deployments: their annotations count, because the ReplicaSets get them as well."""

    def changes_generation(self, new: Object, old: Object) -> bool:
        """Spec or annotations."""
        before, after = (obj["metadata"].get("annotations") or {} for obj in (old, new))
        return super().changes_generation(new, old) or before != after

    def prepare_for_status_update(self, new: Object, old: Object) -> None:
        """Labels are kept too, annotations are not: the revision is written with the status."""
        super().prepare_for_status_update(new, old)
        new["metadata"].pop("labels", None)
        if labels := old["metadata"].get("labels"):
            new["metadata"]["labels"] = labels


class ReplicaSetStrategy(WorkloadStrategy):
    """ReplicaSets."""

    first_status = {"replicas": 0}
    fields = ("status.replicas",)


class StatefulSetStrategy(WorkloadStrategy):
    """StatefulSets."""

    first_status = {"replicas": 0, "availableReplicas": 0}


class DaemonSetStrategy(WorkloadStrategy):
    """DaemonSets."""

    first_status = {
        "currentNumberScheduled": 0,
        "numberMisscheduled": 0,
        "desiredNumberScheduled": 0,
        "numberReady": 0,
    }


class ReplicationControllerStrategy(ReplicaSetStrategy):
    """ReplicationControllers, which are older than garbage collection."""

    orphans = True


class JobStrategy(WorkloadStrategy):
    """Jobs, which are older than garbage collection."""

    orphans = True
    fields = ("status.successful",)
