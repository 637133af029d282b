"""Rules for DaemonSets and the revisions that they and StatefulSets keep."""

from __future__ import annotations

from kubelearn.embedded.apiserver.validation.common import amount, at_most_all, integer_or_percent
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    immutable,
    invalid,
    non_negative,
    not_supported,
    required,
)
from kubelearn.embedded.apiserver.validation.internals import internal
from kubelearn.embedded.apiserver.validation.metadata import (
    label_selector,
    metadata,
    metadata_update,
)
from kubelearn.embedded.apiserver.validation.pod import template
from kubelearn.embedded.apiserver.validation.rules import on_create, on_status_update, on_update
from kubelearn.embedded.apiserver.validation.workload import (
    always_running,
    collisions,
    counts,
    matching_labels,
    same_selector,
)
from kubelearn.objects import Object


@on_create("apps.v1.DaemonSet")
def daemon_set(obj: Object) -> Errors:
    """A DaemonSet."""
    yield from metadata(obj)
    yield from _daemon_set_spec(obj["spec"])


@on_update("apps.v1.DaemonSet")
def daemon_set_update(new: Object, old: Object) -> Errors:
    """A DaemonSet, whose selector stays."""
    yield from metadata_update(new, old)
    yield from same_selector(new, old)
    yield from _daemon_set_spec(new["spec"])


def _daemon_set_spec(spec: Object) -> Errors:
    selector = spec.get("selector")
    problems = [*label_selector(selector, "spec.selector")]
    yield from problems
    if not problems:
        yield from matching_labels(selector, spec["template"])
    if selector is not None and not any(selector.values()):
        yield invalid("spec.selector", {}, "empty selector is invalid for daemonset")
    yield from template("spec.template", spec["template"])
    yield from always_running(spec["template"], "DaemonSet")
    yield from non_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    yield from _daemon_set_strategy(spec["updateStrategy"])
    yield from non_negative("spec.revisionHistoryLimit", spec.get("revisionHistoryLimit"))


def _daemon_set_strategy(strategy: Object) -> Errors:
    field, rolling = "spec.updateStrategy.rollingUpdate", strategy.get("rollingUpdate")
    if strategy.get("type") == "RollingUpdate":
        yield from _rolling_daemon_set(field, rolling or {})
    elif strategy.get("type") != "OnDelete":
        shown = internal("apps.v1.DaemonSetUpdateStrategy", strategy)
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
    yield from counts(
        new["status"],
        (
            "currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled",
            "numberReady", "observedGeneration", "updatedNumberScheduled", "numberAvailable",
            "numberUnavailable", "collisionCount",
        ),
    )  # fmt: skip
    yield from collisions(new, old)


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
