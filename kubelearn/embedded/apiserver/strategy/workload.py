"""Workloads: what makes a new generation of a Deployment and its relatives.

Stands for the `strategy.go` files under k8s.io/kubernetes `pkg/registry/apps` and
`pkg/registry/batch`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from kubelearn.embedded.apiserver.strategy.base import Strategy
from kubelearn.embedded.apiserver.strategy.podwarnings import warn_of_name, warn_of_pod
from kubelearn.objects import Object, annotations_of

_TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"


class WorkloadStrategy(Strategy):
    """StatefulSets, Jobs, CronJobs, and all else whose spec alone is counted."""

    generation = True
    first_status = {}
    template: ClassVar[tuple[str, ...]] = ("spec", "template")
    """Where the pods' template is."""
    names_pods: ClassVar[bool] = True
    """Whether the object's name becomes a part of its pods', at their beginning."""

    def warnings(self, new: Object, old: Object | None) -> Iterable[str]:
        """About the name of a new object, and about a template that came with a change."""
        if old is None and self.names_pods:
            yield from warn_of_name(new["metadata"]["name"], "Pod names and hostnames")
        if old is None or new["metadata"].get("generation") != old["metadata"].get("generation"):
            template = new
            for name in self.template:
                template = template[name]
            yield from warn_of_pod(template["spec"], ".".join((*self.template, "spec")))


class DeploymentStrategy(WorkloadStrategy):
    """Deployments: their annotations count, because the ReplicaSets get them as well."""

    def changes_generation(self, new: Object, old: Object) -> bool:
        """Spec or annotations."""
        before, after = (annotations_of(obj) for obj in (old, new))
        return super().changes_generation(new, old) or before != after

    def reset_fields(self, subresource: str) -> tuple[str, ...]:
        """Labels do not change with the status."""
        own = ("metadata.labels",) if subresource == "status" else ()
        return (*super().reset_fields(subresource), *own)

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

    names_pods = False

    first_status = {"replicas": 0, "availableReplicas": 0}

    def prepare_for_create(self, new: Object) -> None:
        """Drop what is behind a feature gate that is off."""
        super().prepare_for_create(new)
        _rolling_update(new).pop("maxUnavailable", None)

    def prepare_for_update(self, new: Object, old: Object) -> None:
        """The same, unless it is there already."""
        if "maxUnavailable" not in _rolling_update(old):
            _rolling_update(new).pop("maxUnavailable", None)
        super().prepare_for_update(new, old)


def _rolling_update(stateful_set: Object) -> Object:
    strategy = stateful_set["spec"].get("updateStrategy") or {}
    return strategy.get("rollingUpdate") or {}


class DaemonSetStrategy(WorkloadStrategy):
    """DaemonSets."""

    names_pods = False

    first_status = {
        "currentNumberScheduled": 0,
        "numberMisscheduled": 0,
        "desiredNumberScheduled": 0,
        "numberReady": 0,
    }

    def prepare_for_create(self, new: Object) -> None:
        """Count templates too, as an annotation: a field of that name is long gone."""
        super().prepare_for_create(new)
        new["metadata"].setdefault("annotations", {}).setdefault(_TEMPLATE_GENERATION, "1")

    def prepare_for_update(self, new: Object, old: Object) -> None:
        """Only the template's changes count there."""
        super().prepare_for_update(new, old)
        count = int(annotations_of(old).get(_TEMPLATE_GENERATION) or 1)
        if new["spec"].get("template") != old["spec"].get("template"):
            count += 1
        new["metadata"].setdefault("annotations", {})[_TEMPLATE_GENERATION] = str(count)


class ReplicationControllerStrategy(ReplicaSetStrategy):
    """ReplicationControllers, which are older than garbage collection."""

    orphans = True


class CronJobStrategy(WorkloadStrategy):
    """CronJobs."""

    template = ("spec", "jobTemplate", "spec", "template")


class JobStrategy(WorkloadStrategy):
    """Jobs, which are older than garbage collection."""

    orphans = True
    fields = ("status.successful",)

    def prepare_for_create(self, new: Object) -> None:
        """Without a selector of its own a Job selects its pods by its uid."""
        super().prepare_for_create(new)
        if not new["spec"].get("manualSelector"):
            _select_by_uid(new)

    def canonicalize(self, obj: Object) -> None:
        """A Job without labels has its template's."""
        meta, template = obj["metadata"], obj["spec"]["template"].get("metadata") or {}
        if not meta.get("labels") and template.get("labels"):
            meta["labels"] = dict(template["labels"])


def _select_by_uid(job: Object) -> None:
    meta, spec = job["metadata"], job["spec"]
    labels = spec["template"].setdefault("metadata", {}).setdefault("labels", {})
    for prefix in ("", "batch.kubernetes.io/"):
        labels.setdefault(f"{prefix}job-name", meta.get("name", ""))
        labels.setdefault(f"{prefix}controller-uid", meta["uid"])
    selector = spec.setdefault("selector", {}).setdefault("matchLabels", {})
    selector.setdefault("batch.kubernetes.io/controller-uid", meta["uid"])
