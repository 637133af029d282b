"""Rules for Jobs (upstream `pkg/apis/batch/validation/validation.go`)."""

from __future__ import annotations

import copy
from collections.abc import Mapping

from kubelearn.embedded.apiserver.names import dns_label
from kubelearn.embedded.apiserver.validation.common import domain_prefixed_path, supported
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    immutable,
    invalid,
    non_negative,
    not_supported,
    required,
    too_long,
)
from kubelearn.embedded.apiserver.validation.internals import internal
from kubelearn.embedded.apiserver.validation.jobpolicy import failure_policy, success_policy
from kubelearn.embedded.apiserver.validation.metadata import (
    label_selector,
    metadata,
    metadata_update,
    ordered,
)
from kubelearn.embedded.apiserver.validation.pod import template
from kubelearn.embedded.apiserver.validation.rules import on_create, on_update
from kubelearn.embedded.apiserver.validation.workload import matching_labels
from kubelearn.labelselector import matches
from kubelearn.objects import Object

_COUNTS = (
    "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit",
    "ttlSecondsAfterFinished", "backoffLimitPerIndex", "maxFailedIndexes",
)  # fmt: skip
_REPLACEMENT = ("Failed", "TerminatingOrFailed")
_MOST_PARALLEL = 100_000
_MOST_FAILED = 100_000
# From this number of completions on, stricter limits hold for Jobs with a limit per index.
_MANY = 100_000
_MOST_AMONG_MANY = 10_000
_AMONG_MANY = (
    f"must be less than or equal to {_MOST_AMONG_MANY} when completions are above {_MANY} "
    "and used with backoff limit per index"
)


@on_create("batch.v1.Job")
def job(obj: Object) -> Errors:
    """A Job; its selector and the labels that go with it have been made up before."""
    spec, name = obj["spec"], obj["metadata"].get("name", "")
    yield from metadata(obj)
    yield from _generated_selector(obj)
    yield from _selecting_spec(spec)
    last = spec.get("completions", 0) - 1
    if spec.get("completionMode") == "Indexed" and last >= 0 and dns_label(f"{name}-{last}"):
        detail = f"will not able to create pod with invalid DNS label: {name}-{last}"
        yield invalid("metadata.name", name, detail)


def _generated_selector(obj: Object) -> Errors:
    spec, uid = obj["spec"], obj["metadata"].get("uid", "")
    selector = spec.get("selector")
    if spec.get("manualSelector") or selector is None:
        return
    by_uid, by_name = ({"controller-uid": uid}, {"job-name": obj["metadata"].get("name", "")})
    old = by_uid | by_name
    expected = old | {f"batch.kubernetes.io/{name}": value for name, value in old.items()}
    labels = spec["template"]["metadata"].get("labels") or {}
    for name, value in expected.items():
        field, detail = f"spec.template.metadata.labels[{name}]", f"must be '{value}'"
        if name not in labels:
            yield required(field, detail)
        elif labels[name] != value:
            yield invalid(field, dict(sorted(labels.items())), detail)
    if not [*label_selector(selector, "")] and not matches(selector, expected):
        yield invalid("spec.selector", ordered(selector), "`selector` not auto-generated")


def _selecting_spec(spec: Object) -> Errors:
    yield from job_spec("spec", spec)
    selector = spec.get("selector")
    if selector is None:
        yield required("spec.selector")
    problems = [*label_selector(selector, "spec.selector")]
    yield from problems
    if not problems:
        yield from matching_labels(selector, spec["template"])


def job_spec(field: str, spec: Object) -> Errors:
    """The spec of a Job, or of those that a CronJob creates."""
    for name in _COUNTS:
        yield from non_negative(f"{field}.{name}", spec.get(name))
    if "maxFailedIndexes" in spec and "backoffLimitPerIndex" not in spec:
        yield required(f"{field}.backoffLimitPerIndex", "when maxFailedIndexes is specified")
    if "managedBy" in spec:
        yield from domain_prefixed_path(f"{field}.managedBy", spec["managedBy"])
        if len(spec["managedBy"]) > 63:
            yield too_long(f"{field}.managedBy", 63)
    mode = spec.get("completionMode", "NonIndexed")
    yield from supported(f"{field}.completionMode", mode, ("NonIndexed", "Indexed"))
    if mode == "Indexed":
        yield from _indexed(field, spec)
    elif mode == "NonIndexed":
        for name in ("backoffLimitPerIndex", "maxFailedIndexes"):
            if name in spec:
                yield invalid(f"{field}.{name}", spec[name], "requires indexed completion mode")
    yield from _policies(field, spec, mode)
    yield from template(f"{field}.template", spec["template"])
    yield from _restart_policy(f"{field}.template.spec.restartPolicy", spec)


def _indexed(field: str, spec: Object) -> Errors:
    completions, failed = spec.get("completions"), spec.get("maxFailedIndexes")
    parallelism = spec.get("parallelism", 0)
    if completions is None:
        yield required(f"{field}.completions", "when completion mode is Indexed")
    if parallelism > _MOST_PARALLEL:
        detail = f"must be less than or equal to {_MOST_PARALLEL} when completion mode is Indexed"
        yield invalid(f"{field}.parallelism", parallelism, detail)
    if failed is not None:
        if completions is not None and failed > completions:
            detail = "must be less than or equal to completions"
            yield invalid(f"{field}.maxFailedIndexes", failed, detail)
        if failed > _MOST_FAILED:
            detail = f"must be less than or equal to {_MOST_FAILED}"
            yield invalid(f"{field}.maxFailedIndexes", failed, detail)
    if (completions or 0) > _MANY and "backoffLimitPerIndex" in spec:
        if failed is None:
            detail = f"must be specified when completions is above {_MANY}"
            yield required(f"{field}.maxFailedIndexes", detail)
        for name, value in (("parallelism", parallelism), ("maxFailedIndexes", failed or 0)):
            if value > _MOST_AMONG_MANY:
                yield invalid(f"{field}.{name}", value, _AMONG_MANY)


def _policies(field: str, spec: Object, mode: str) -> Errors:
    if "podFailurePolicy" in spec:
        yield from failure_policy(f"{field}.podFailurePolicy", spec)
    if (success := spec.get("successPolicy")) is not None:
        if mode == "Indexed":
            yield from success_policy(f"{field}.successPolicy", spec)
        else:
            shown = internal("batch.v1.SuccessPolicy", success)
            yield invalid(f"{field}.successPolicy", shown, "requires indexed completion mode")
    possible = _REPLACEMENT[:1] if "podFailurePolicy" in spec else _REPLACEMENT
    replacement = spec.get("podReplacementPolicy")
    yield from supported(f"{field}.podReplacementPolicy", replacement, possible)


def _restart_policy(field: str, spec: Object) -> Errors:
    match spec["template"]["spec"].get("restartPolicy"):
        case "Always" | None:
            yield required(field, 'valid values: "OnFailure", "Never"')
        case "OnFailure" if "podFailurePolicy" in spec:
            detail = 'only "Never" is supported when podFailurePolicy is specified'
            yield invalid(field, "OnFailure", detail)
        case "OnFailure" | "Never":
            pass
        case other:
            yield not_supported(field, other, ("OnFailure", "Never"))


@on_update("batch.v1.Job")
def job_update(new: Object, old: Object) -> Errors:
    """A Job, of which little may change."""
    yield from job(new)
    yield from metadata_update(new, old)
    spec, before = new["spec"], old["spec"]
    yield from _selecting_spec(spec)
    yield from _completions(spec, before)
    selectors = (ordered(each.get("selector")) for each in (spec, before))
    yield from immutable("spec.selector", *selectors)
    yield from _same_template(spec, old)
    for name, shown_as in _FIXED.items():
        values = (_shown(shown_as, each.get(name)) for each in (spec, before))
        yield from immutable(f"spec.{name}", *values)


_FIXED: Mapping[str, str] = {
    "completionMode": "",
    "podFailurePolicy": "batch.v1.PodFailurePolicy",
    "backoffLimitPerIndex": "",
    "managedBy": "",
    "successPolicy": "batch.v1.SuccessPolicy",
}


def _shown(type_name: str, value: object) -> object:
    return internal(type_name, value) if isinstance(value, dict) else value


def _completions(spec: Object, before: Object) -> Errors:
    now, field = spec.get("completions"), "spec.completions"
    if spec.get("completionMode") != "Indexed":
        yield from immutable(field, now, before.get("completions"))
    elif now not in (None, before.get("completions")) and now != spec.get("parallelism"):
        yield invalid(field, now, "can only be modified in tandem with spec.parallelism")


def _same_template(spec: Object, old: Object) -> Errors:
    now, before = spec["template"], copy.deepcopy(old["spec"]["template"])
    if not _may_be_prepared(old):
        shown = (internal("core.v1.PodTemplateSpec", each) for each in (now, before))
        yield from immutable("spec.template", *shown)
        return
    for name in ("nodeSelector", "tolerations", "schedulingGates"):
        _take(before["spec"], now["spec"], name)
    affinity = dict(before["spec"].get("affinity") or {})
    _take(affinity, now["spec"].get("affinity") or {}, "nodeAffinity")
    if affinity or "affinity" in now["spec"]:
        before["spec"]["affinity"] = affinity
    else:
        before["spec"].pop("affinity", None)
    for name in ("containers", "initContainers"):
        pair = (each["spec"].get(name) or [] for each in (now, before))
        for container, other in zip(*pair, strict=False):
            if container["name"] == other["name"]:
                _take(other, container, "resources")
    shown = (internal("core.v1.PodSpec", each["spec"]) for each in (now, before))
    yield from immutable("spec.template.spec", *shown)


def _may_be_prepared(old: Object) -> bool:
    status = old["status"]
    paused = "startTime" not in status or any(
        condition["type"] == "Suspended" and condition["status"] == "True"
        for condition in status.get("conditions") or []
    )
    return bool(old["spec"].get("suspend")) and paused and not status.get("active")


def _take(obj: Object, source: Object, name: str) -> None:
    obj.pop(name, None)
    if name in source:
        obj[name] = source[name]
