"""Rules for StatefulSets (upstream `pkg/apis/apps/validation/validation.go`)."""

from __future__ import annotations

import copy

from kubelearn.embedded.apiserver.names import dns_label as label_rule
from kubelearn.embedded.apiserver.validation.common import dns_label
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    forbidden,
    invalid,
    non_negative,
    not_supported,
)
from kubelearn.embedded.apiserver.validation.internals import internal
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
from kubelearn.embedded.apiserver.validation.workload import (
    always_running,
    available_are_ready,
    collisions,
    counts,
    matching_labels,
    not_above,
    required_selector,
)
from kubelearn.objects import Object


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
    yield from required_selector(spec, "statefulset")
    yield from _stateful_template(spec)
    yield from always_running(spec["template"], "StatefulSet")


def _stateful_set_strategy(strategy: Object) -> Errors:
    rolling = strategy.get("rollingUpdate")
    match strategy.get("type"):
        case "OnDelete":
            if rolling is not None:
                detail = "only allowed for updateStrategy 'RollingUpdate'"
                shown = internal("apps.v1.RollingUpdateStatefulSetStrategy", rolling)
                yield invalid("spec.updateStrategy.rollingUpdate", shown, detail)
        case "RollingUpdate":
            partition = (rolling or {}).get("partition")
            yield from non_negative("spec.updateStrategy.rollingUpdate.partition", partition)
        case _:
            shown = internal("apps.v1.StatefulSetUpdateStrategy", strategy)
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
    yield from matching_labels(selector, found)
    yield from template("spec.template", found)
    yield from check_labels(found["metadata"].get("labels"), "spec.template.labels")
    annotations = found["metadata"].get("annotations")
    yield from check_annotations(annotations, "spec.template.annotations")


@on_status_update("apps.v1.StatefulSet")
def stateful_set_status(new: Object, old: Object) -> Errors:
    """What the controller found."""
    status = new["status"]
    counted = ("readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")
    yield from counts(status, ("replicas", *counted, "observedGeneration", "collisionCount"))
    yield from not_above(status, counted)
    yield from available_are_ready(status, "cannot be greater than status.readyReplicas")
    yield from metadata_update(new, old)
    yield from collisions(new, old)
