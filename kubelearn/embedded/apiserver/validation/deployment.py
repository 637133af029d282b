"""Rules for Deployments, ReplicaSets and ReplicationControllers.

Follows upstream's `pkg/apis/apps/validation/validation.go`.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.validation.common import amount, at_most_all, integer_or_percent
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    forbidden,
    invalid,
    non_negative,
    not_supported,
    required,
)
from kubelearn.embedded.apiserver.validation.internals import internal
from kubelearn.embedded.apiserver.validation.metadata import metadata, metadata_update
from kubelearn.embedded.apiserver.validation.pod import template
from kubelearn.embedded.apiserver.validation.rules import on_create, on_status_update, on_update
from kubelearn.embedded.apiserver.validation.workload import (
    always_running,
    available_are_ready,
    collisions,
    counts,
    matching_labels,
    matching_template,
    not_above,
    required_selector,
    same_selector,
)
from kubelearn.objects import Object


@on_create("apps.v1.Deployment")
def deployment(obj: Object) -> Errors:
    """A Deployment."""
    yield from metadata(obj)
    yield from _deployment_spec(obj["spec"])


@on_update("apps.v1.Deployment")
def deployment_update(new: Object, old: Object) -> Errors:
    """A Deployment, whose selector stays."""
    yield from metadata_update(new, old)
    yield from _deployment_spec(new["spec"])
    yield from same_selector(new, old)


def _deployment_spec(spec: Object) -> Errors:
    yield from non_negative("spec.replicas", spec.get("replicas"))
    yield from required_selector(spec, "deployment")
    yield from matching_template(spec, spec["template"], "ReplicaSet")
    yield from _deployment_strategy(spec["strategy"])
    for name in ("minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"):
        yield from non_negative(f"spec.{name}", spec.get(name))
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None and deadline <= spec.get("minReadySeconds", 0):
        detail = "must be greater than minReadySeconds"
        yield invalid("spec.progressDeadlineSeconds", deadline, detail)


def _deployment_strategy(strategy: Object) -> Errors:
    field, rolling = "spec.strategy.rollingUpdate", strategy.get("rollingUpdate")
    match strategy.get("type"):
        case "Recreate":
            if rolling is not None:
                detail = "may not be specified when strategy `type` is 'Recreate'"
                yield forbidden(field, detail)
        case "RollingUpdate":
            yield from _rolling_deployment(field, rolling or {})
        case _:
            shown = internal("apps.v1.DeploymentStrategy", strategy)
            yield not_supported("spec.strategy", shown, ("Recreate", "RollingUpdate"))


def _rolling_deployment(field: str, rolling: Object) -> Errors:
    unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    yield from integer_or_percent(f"{field}.maxUnavailable", unavailable)
    yield from integer_or_percent(f"{field}.maxSurge", surge)
    if amount(unavailable) == 0 and amount(surge) == 0:
        detail = "may not be 0 when `maxSurge` is 0"
        yield invalid(f"{field}.maxUnavailable", unavailable, detail)
    yield from at_most_all(f"{field}.maxUnavailable", unavailable)


@on_status_update("apps.v1.Deployment")
def deployment_status(new: Object, old: Object) -> Errors:
    """What the controller found."""
    yield from metadata_update(new, old)
    status = new["status"]
    counted = ("updatedReplicas", "readyReplicas", "availableReplicas")
    others = ("unavailableReplicas", "terminatingReplicas", "collisionCount")
    yield from counts(status, ("observedGeneration", "replicas", *counted, *others))
    yield from not_above(status, counted)
    yield from available_are_ready(status, "cannot be greater than readyReplicas")
    yield from collisions(new, old)


@on_create("apps.v1.ReplicaSet")
def replica_set(obj: Object) -> Errors:
    """A ReplicaSet."""
    yield from metadata(obj)
    yield from _replica_set_spec(obj["spec"])


@on_update("apps.v1.ReplicaSet")
def replica_set_update(new: Object, old: Object) -> Errors:
    """A ReplicaSet, whose selector stays."""
    yield from metadata_update(new, old)
    yield from _replica_set_spec(new["spec"])
    yield from same_selector(new, old)


def _replica_set_spec(spec: Object) -> Errors:
    for name in ("replicas", "minReadySeconds"):
        yield from non_negative(f"spec.{name}", spec.get(name))
    yield from required_selector(spec, "deployment")
    yield from matching_template(spec, spec["template"], "ReplicaSet")


@on_status_update("apps.v1.ReplicaSet")
def replica_set_status(new: Object, old: Object) -> Errors:
    """What the controller found."""
    yield from metadata_update(new, old)
    status = new["status"]
    counted = ("fullyLabeledReplicas", "readyReplicas", "availableReplicas")
    others = ("observedGeneration", "terminatingReplicas")
    yield from counts(status, ("replicas", *counted, *others))
    yield from not_above(status, counted)
    yield from available_are_ready(status, "cannot be greater than readyReplicas")


@on_create("core.v1.ReplicationController")
def replication_controller(obj: Object) -> Errors:
    """A ReplicationController."""
    yield from metadata(obj)
    yield from _replication_controller_spec(obj["spec"])


@on_update("core.v1.ReplicationController")
def replication_controller_update(new: Object, old: Object) -> Errors:
    """A ReplicationController again."""
    yield from metadata_update(new, old)
    yield from _replication_controller_spec(new["spec"])


@on_status_update("core.v1.ReplicationController")
def replication_controller_status(new: Object, old: Object) -> Errors:
    """What the controller found."""
    yield from metadata_update(new, old)
    status = new["status"]
    counted = ("fullyLabeledReplicas", "readyReplicas", "availableReplicas")
    yield from counts(status, ("replicas", *counted, "observedGeneration"))
    yield from not_above(status, counted)
    yield from available_are_ready(status, "cannot be greater than readyReplicas")


def _replication_controller_spec(spec: Object) -> Errors:
    yield from non_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    selector = spec.get("selector")
    if not selector:
        yield required("spec.selector")
    yield from non_negative("spec.replicas", spec.get("replicas"))
    found = spec.get("template")
    if found is None:
        yield required("spec.template")
        return
    yield from matching_labels({"matchLabels": selector}, found)
    yield from template("spec.template", found)
    yield from always_running(found, "ReplicationController")
