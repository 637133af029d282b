"""Rules for the apps group and for ReplicationControllers.

Follows upstream's `pkg/apis/apps/validation/validation.go`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable

from kubelearn.embedded.apiserver.names import dns_label as label_rule
from kubelearn.embedded.apiserver.validation.common import (
    amount,
    at_most_all,
    dns_label,
    integer_or_percent,
    internal,
)
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    forbidden,
    immutable,
    invalid,
    non_negative,
    not_supported,
    required,
)
from kubelearn.embedded.apiserver.validation.metadata import (
    check_annotations,
    check_labels,
    label_selector,
    metadata,
    metadata_update,
    ordered,
)
from kubelearn.embedded.apiserver.validation.pod import template
from kubelearn.embedded.apiserver.validation.rules import on_create, on_status_update, on_update
from kubelearn.embedded.apiserver.validation.storage import claim_spec
from kubelearn.objects import Object, matches

_TOO_MANY = "cannot be greater than status.replicas"
_MISMATCH = "`selector` does not match template `labels`"


def _selector(spec: Object, kind: str) -> Errors:
    selector = spec.get("selector")
    if selector is None:
        yield required("spec.selector")
        return
    yield from label_selector(selector, "spec.selector")
    if not (selector.get("matchLabels") or selector.get("matchExpressions")):
        yield invalid("spec.selector", {}, f"empty selector is invalid for {kind}")


def _template(spec: Object, found: Object, kind: str) -> Errors:
    """A template that the selector has to select."""
    selector = spec.get("selector")
    if [*label_selector(selector, "")]:
        yield invalid("spec.selector", ordered(selector), "invalid label selector")
        return
    yield from _matching(selector, found)
    yield from template("spec.template", found)
    yield from _always_running(found, kind)


def _matching(selector: Object | None, found: Object) -> Errors:
    labels = found["metadata"].get("labels")
    if not matches(selector, labels):
        shown = dict(sorted(labels.items())) if labels else None
        yield invalid("spec.template.metadata.labels", shown, _MISMATCH)


def _always_running(found: Object, kind: str) -> Errors:
    field, spec = "spec.template.spec", found["spec"]
    if spec.get("restartPolicy") != "Always":
        policy = spec.get("restartPolicy", "")
        yield not_supported(f"{field}.restartPolicy", policy, ("Always",))
    if "activeDeadlineSeconds" in spec:
        detail = f"activeDeadlineSeconds in {kind} is not Supported"
        yield forbidden(f"{field}.activeDeadlineSeconds", detail)


def _counts(status: Object, names: Iterable[str]) -> Errors:
    for name in names:
        yield from non_negative(f"status.{name}", status.get(name))


def _not_above(status: Object, names: Iterable[str], detail: str = _TOO_MANY) -> Errors:
    total = status.get("replicas", 0)
    for name in names:
        if status.get(name, 0) > total:
            yield invalid(f"status.{name}", status[name], detail)


# --- Deployment, ReplicaSet, ReplicationController ------------------------------------------------


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
    yield from _same_selector(new, old)


def _same_selector(new: Object, old: Object) -> Errors:
    now, before = new["spec"].get("selector"), old["spec"].get("selector")
    yield from immutable("spec.selector", ordered(now), ordered(before))


def _deployment_spec(spec: Object) -> Errors:
    yield from non_negative("spec.replicas", spec.get("replicas"))
    yield from _selector(spec, "deployment")
    yield from _template(spec, spec["template"], "ReplicaSet")
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
            shown = _shown_strategy(strategy, "maxUnavailable", "maxSurge")
            yield not_supported("spec.strategy", shown, ("Recreate", "RollingUpdate"))


def _shown_strategy(strategy: Object, *names: str) -> Object:
    shown = internal(strategy, "type", "rollingUpdate")
    if shown["RollingUpdate"] is not None:
        shown["RollingUpdate"] = internal(shown["RollingUpdate"], *names)
    return shown


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
    yield from _counts(status, ("observedGeneration", "replicas", *counted, *others))
    yield from _not_above(status, counted)
    yield from _available_are_ready(status, "cannot be greater than readyReplicas")
    yield from _collisions(new, old)


def _available_are_ready(status: Object, detail: str) -> Errors:
    if status.get("availableReplicas", 0) > status.get("readyReplicas", 0):
        yield invalid("status.availableReplicas", status["availableReplicas"], detail)


def _collisions(new: Object, old: Object) -> Errors:
    count = new["status"].get("collisionCount", 0)
    if count < old["status"].get("collisionCount", 0):
        yield invalid("status.collisionCount", count, "cannot be decremented")


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
    yield from _same_selector(new, old)


def _replica_set_spec(spec: Object) -> Errors:
    for name in ("replicas", "minReadySeconds"):
        yield from non_negative(f"spec.{name}", spec.get(name))
    yield from _selector(spec, "deployment")
    yield from _template(spec, spec["template"], "ReplicaSet")


@on_status_update("apps.v1.ReplicaSet")
def replica_set_status(new: Object, old: Object) -> Errors:
    """What the controller found."""
    yield from metadata_update(new, old)
    status = new["status"]
    counted = ("fullyLabeledReplicas", "readyReplicas", "availableReplicas")
    others = ("observedGeneration", "terminatingReplicas")
    yield from _counts(status, ("replicas", *counted, *others))
    yield from _not_above(status, counted)
    yield from _available_are_ready(status, "cannot be greater than readyReplicas")


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
    yield from _matching({"matchLabels": selector}, found)
    yield from template("spec.template", found)
    yield from _always_running(found, "ReplicationController")


# --- StatefulSet ----------------------------------------------------------------------------------


@on_create("apps.v1.StatefulSet")
def stateful_set(obj: Object) -> Errors:
    """A StatefulSet, whose name becomes part of host names."""
    yield from metadata(obj, label_rule)
    yield from _stateful_set_spec(obj["spec"], new=True)


@on_update("apps.v1.StatefulSet")
def stateful_set_update(new: Object, old: Object) -> Errors:
    """A StatefulSet, of which much stays."""
    yield from metadata_update(new, old)
    yield from _stateful_set_spec(new["spec"], new=False)
    free = {
        "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
    }  # fmt: skip
    now, before = ({k: v for k, v in o["spec"].items() if k not in free} for o in (new, old))
    if now != before:
        yield forbidden(
            "spec",
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', "
            "'template', 'updateStrategy', 'revisionHistoryLimit', "
            "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        )


def _stateful_set_spec(spec: Object, *, new: bool) -> Errors:
    management = spec.get("podManagementPolicy", "")
    if management not in ("OrderedReady", "Parallel"):
        detail = "must be 'OrderedReady' or 'Parallel'"
        yield invalid("spec.podManagementPolicy", management, detail)
    yield from _stateful_set_strategy(spec["updateStrategy"])
    retention = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    for name, value in retention.items():
        if value not in ("Retain", "Delete"):
            where = f"spec.persistentVolumeClaimRetentionPolicy.{name}"
            yield not_supported(where, value, ("Retain", "Delete"))
    if new:
        for i, claim in enumerate(spec.get("volumeClaimTemplates") or []):
            yield from claim_spec(f"spec.volumeClaimTemplates[{i}].spec", claim["spec"])
    for name in ("replicas", "minReadySeconds"):
        yield from non_negative(f"spec.{name}", spec.get(name))
    if ordinals := spec.get("ordinals"):
        yield from non_negative("spec.ordinals.start", ordinals.get("start"))
    if new and spec.get("serviceName"):
        yield from dns_label("spec.serviceName", spec["serviceName"])
    yield from _selector(spec, "statefulset")
    yield from _stateful_template(spec)
    yield from _always_running(spec["template"], "StatefulSet")


def _stateful_set_strategy(strategy: Object) -> Errors:
    rolling = strategy.get("rollingUpdate")
    match strategy.get("type"):
        case "OnDelete":
            if rolling is not None:
                detail = "only allowed for updateStrategy 'RollingUpdate'"
                shown = internal(rolling, "partition", "maxUnavailable")
                yield invalid("spec.updateStrategy.rollingUpdate", shown, detail)
        case "RollingUpdate":
            partition = (rolling or {}).get("partition")
            yield from non_negative("spec.updateStrategy.rollingUpdate.partition", partition)
        case _:
            shown = _shown_strategy(strategy, "partition", "maxUnavailable")
            detail = "must be 'RollingUpdate' or 'OnDelete'"
            yield invalid("spec.updateStrategy", shown, detail)


def _stateful_template(spec: Object) -> Errors:
    selector = spec.get("selector")
    if [*label_selector(selector, "")]:
        yield invalid("spec.selector", ordered(selector), "")
        return
    found = copy.deepcopy(spec["template"])
    # The set gives each pod its name and its volumes, so that these are not the template's.
    for name in ("hostname", "subdomain"):
        found["spec"].pop(name, None)
    claims = {each["metadata"].get("name", "") for each in spec.get("volumeClaimTemplates") or []}
    added = [
        {"name": name, "persistentVolumeClaim": {"claimName": name}} for name in sorted(claims)
    ]
    volumes = found["spec"].get("volumes") or []
    found["spec"]["volumes"] = added + [each for each in volumes if each["name"] not in claims]
    yield from _matching(selector, found)
    yield from template("spec.template", found)
    yield from check_labels(found["metadata"].get("labels"), "spec.template.labels")
    annotations = found["metadata"].get("annotations")
    yield from check_annotations(annotations, "spec.template.annotations")


@on_status_update("apps.v1.StatefulSet")
def stateful_set_status(new: Object, old: Object) -> Errors:
    """What the controller found."""
    status = new["status"]
    counted = ("readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")
    yield from _counts(status, ("replicas", *counted, "observedGeneration", "collisionCount"))
    yield from _not_above(status, counted)
    yield from _available_are_ready(status, "cannot be greater than status.readyReplicas")
    yield from metadata_update(new, old)
    yield from _collisions(new, old)


# --- DaemonSet, ControllerRevision ----------------------------------------------------------------


@on_create("apps.v1.DaemonSet")
def daemon_set(obj: Object) -> Errors:
    """A DaemonSet."""
    yield from metadata(obj)
    yield from _daemon_set_spec(obj["spec"])


@on_update("apps.v1.DaemonSet")
def daemon_set_update(new: Object, old: Object) -> Errors:
    """A DaemonSet, whose selector stays."""
    yield from metadata_update(new, old)
    yield from _same_selector(new, old)
    yield from _daemon_set_spec(new["spec"])


def _daemon_set_spec(spec: Object) -> Errors:
    selector = spec.get("selector")
    problems = [*label_selector(selector, "spec.selector")]
    yield from problems
    if not problems:
        yield from _matching(selector, spec["template"])
    if selector is not None and not any(selector.values()):
        yield invalid("spec.selector", {}, "empty selector is invalid for daemonset")
    yield from template("spec.template", spec["template"])
    yield from _always_running(spec["template"], "DaemonSet")
    yield from non_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    yield from _daemon_set_strategy(spec["updateStrategy"])
    yield from non_negative("spec.revisionHistoryLimit", spec.get("revisionHistoryLimit"))


def _daemon_set_strategy(strategy: Object) -> Errors:
    field, rolling = "spec.updateStrategy.rollingUpdate", strategy.get("rollingUpdate")
    if strategy.get("type") == "RollingUpdate":
        yield from _rolling_daemon_set(field, rolling or {})
    elif strategy.get("type") != "OnDelete":
        shown = _shown_strategy(strategy, "maxUnavailable", "maxSurge")
        yield not_supported("spec.updateStrategy", shown, ("RollingUpdate", "OnDelete"))


def _rolling_daemon_set(field: str, rolling: Object) -> Errors:
    bounds = {name: rolling.get(name, 0) for name in ("maxUnavailable", "maxSurge")}
    for check in (integer_or_percent, at_most_all):
        for name, value in bounds.items():
            yield from check(f"{field}.{name}", value)
    unavailable, surge = (amount(value) != 0 for value in bounds.values())
    if unavailable and surge:
        detail = "may not be set when maxUnavailable is non-zero"
        yield invalid(f"{field}.maxSurge", bounds["maxSurge"], detail)
    elif not unavailable and not surge:
        yield required(f"{field}.maxUnavailable", "cannot be 0 when maxSurge is 0")


@on_status_update("apps.v1.DaemonSet")
def daemon_set_status(new: Object, old: Object) -> Errors:
    """What the controller found."""
    yield from metadata_update(new, old)
    yield from _counts(
        new["status"],
        (
            "currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled",
            "numberReady", "observedGeneration", "updatedNumberScheduled", "numberAvailable",
            "numberUnavailable", "collisionCount",
        ),
    )  # fmt: skip
    yield from _collisions(new, old)


@on_create("apps.v1.ControllerRevision")
def controller_revision(obj: Object) -> Errors:
    """A ControllerRevision."""
    yield from _controller_revision(obj)
    if obj["data"] is None:
        yield required("data", "data is mandatory")
    elif not isinstance(obj["data"], dict):
        yield required("data", "data must be a valid JSON object")


def _controller_revision(obj: Object) -> Errors:
    yield from metadata(obj)
    yield from non_negative("revision", obj["revision"])


@on_update("apps.v1.ControllerRevision")
def controller_revision_update(new: Object, old: Object) -> Errors:
    """A ControllerRevision, whose content stays."""
    yield from metadata_update(new, old)
    yield from _controller_revision(new)
    yield from immutable("data", new["data"], old["data"])
