"""Rules that the kinds with a pod template and a selector share."""

from __future__ import annotations

from collections.abc import Iterable

from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    forbidden,
    immutable,
    invalid,
    non_negative,
    not_supported,
    required,
)
from kubelearn.embedded.apiserver.validation.metadata import label_selector, ordered
from kubelearn.embedded.apiserver.validation.pod import template
from kubelearn.labelselector import matches
from kubelearn.objects import Object

_TOO_MANY = "cannot be greater than status.replicas"
_MISMATCH = "`selector` does not match template `labels`"


def required_selector(spec: Object, kind: str) -> Errors:
    """A selector that is there and selects something."""
    selector = spec.get("selector")
    if selector is None:
        yield required("spec.selector")
        return
    yield from label_selector(selector, "spec.selector")
    if not (selector.get("matchLabels") or selector.get("matchExpressions")):
        yield invalid("spec.selector", {}, f"empty selector is invalid for {kind}")


def matching_template(spec: Object, found: Object, kind: str) -> Errors:
    """A template that the selector has to select."""
    selector = spec.get("selector")
    if [*label_selector(selector, "")]:
        yield invalid("spec.selector", ordered(selector), "invalid label selector")
        return
    yield from matching_labels(selector, found)
    yield from template("spec.template", found)
    yield from always_running(found, kind)


def matching_labels(selector: Object | None, found: Object) -> Errors:
    """The labels of a template, which the selector has to select."""
    labels = found["metadata"].get("labels")
    if not matches(selector, labels):
        shown = dict(sorted(labels.items())) if labels else None
        yield invalid("spec.template.metadata.labels", shown, _MISMATCH)


def always_running(found: Object, kind: str) -> Errors:
    """Pods that are to run for ever."""
    field, spec = "spec.template.spec", found["spec"]
    if spec.get("restartPolicy") != "Always":
        policy = spec.get("restartPolicy", "")
        yield not_supported(f"{field}.restartPolicy", policy, ("Always",))
    if "activeDeadlineSeconds" in spec:
        detail = f"activeDeadlineSeconds in {kind} is not Supported"
        yield forbidden(f"{field}.activeDeadlineSeconds", detail)


def counts(status: Object, names: Iterable[str]) -> Errors:
    """Counts in a status."""
    for name in names:
        yield from non_negative(f"status.{name}", status.get(name))


def not_above(status: Object, names: Iterable[str]) -> Errors:
    """Parts that cannot be more than the whole."""
    total = status.get("replicas", 0)
    for name in names:
        if (count := status.get(name, 0)) > total:
            yield invalid(f"status.{name}", count, _TOO_MANY)


def same_selector(new: Object, old: Object) -> Errors:
    """The selector stays as it is."""
    now, before = new["spec"].get("selector"), old["spec"].get("selector")
    yield from immutable("spec.selector", ordered(now), ordered(before))


def available_are_ready(status: Object, detail: str) -> Errors:
    """Whoever is available is ready."""
    available = status.get("availableReplicas", 0)
    if available > status.get("readyReplicas", 0):
        yield invalid("status.availableReplicas", available, detail)


def collisions(new: Object, old: Object) -> Errors:
    """The count of collisions only rises."""
    count = new["status"].get("collisionCount", 0)
    if count < old["status"].get("collisionCount", 0):
        yield invalid("status.collisionCount", count, "cannot be decremented")
