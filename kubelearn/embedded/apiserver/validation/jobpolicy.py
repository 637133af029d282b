"""Rules for what Jobs make of the ends of their pods: failure and success policies."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    duplicate,
    invalid,
    invalid_whole,
    non_negative,
    not_supported,
    required,
    too_long,
    too_many,
)
from kubelearn.embedded.apiserver.validation.jobindexes import IndexesError, count_indexes
from kubelearn.embedded.apiserver.validation.metadata import label_name
from kubelearn.objects import Object

_ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")
_OPERATORS = ("In", "NotIn")
_STATUSES = ("False", "True", "Unknown")
_MOST_RULES = 20
_MOST_PATTERNS = 20
_MOST_CODES = 255
_LONGEST_INDEXES = 64 * 1024


def failure_policy(field: str, spec: Object) -> Errors:
    """`podFailurePolicy`."""
    rules = spec["podFailurePolicy"]["rules"] or []
    if len(rules) > _MOST_RULES:
        yield too_many(f"{field}.rules", len(rules), _MOST_RULES)
    pod = spec["template"]["spec"]
    names = {
        container["name"]
        for part in ("containers", "initContainers")
        for container in pod.get(part) or []
    }
    for i, rule in enumerate(rules):
        yield from _failure_rule(f"{field}.rules[{i}]", rule, spec, names)


def _failure_rule(field: str, rule: Object, spec: Object, names: Collection[str]) -> Errors:
    if rule["action"] == "FailIndex":
        if "backoffLimitPerIndex" not in spec:
            detail = "requires the backoffLimitPerIndex to be set"
            yield invalid(f"{field}.action", rule["action"], detail)
    else:
        yield from _listed(f"{field}.action", rule["action"], _ACTIONS)
    codes, conditions = rule.get("onExitCodes"), rule.get("onPodConditions")
    if codes is not None:
        yield from _exit_codes(f"{field}.onExitCodes", codes, names)
    if conditions:
        yield from _pod_conditions(f"{field}.onPodConditions", conditions)
    if codes is not None and conditions:
        detail = "specifying both OnExitCodes and OnPodConditions is not supported"
        yield invalid_whole(field, detail)
    if codes is None and not conditions:
        yield invalid_whole(field, "specifying one of OnExitCodes and OnPodConditions is required")


def _listed(field: str, value: str, values: Collection[str]) -> Errors:
    if not value:
        shown = " ".join(f'"{each}"' for each in values)
        yield required(field, f"valid values: [{shown}]")
    elif value not in values:
        yield not_supported(field, value, values)


def _exit_codes(field: str, codes: Object, names: Collection[str]) -> Errors:
    yield from _listed(f"{field}.operator", codes["operator"], _OPERATORS)
    if "containerName" in codes and codes["containerName"] not in names:
        detail = "must be one of the container or initContainer names in the pod template"
        yield invalid(f"{field}.containerName", codes["containerName"], detail)
    values = codes["values"] or []
    if not values:
        yield invalid(f"{field}.values", codes["values"], "at least one value is required")
    elif len(values) > _MOST_CODES:
        yield too_many(f"{field}.values", len(values), _MOST_CODES)
    for i, value in enumerate(values):
        if codes["operator"] == "In" and value == 0:
            yield invalid(f"{field}.values[{i}]", value, "must not be 0 for the In operator")
        if value in values[:i]:
            yield duplicate(f"{field}.values[{i}]", value)
    if any(a > b for a, b in pairwise(values)):
        yield invalid(f"{field}.values", values, "must be ordered")


def _pod_conditions(field: str, patterns: list[Object]) -> Errors:
    if len(patterns) > _MOST_PATTERNS:
        yield too_many(field, len(patterns), _MOST_PATTERNS)
    for i, pattern in enumerate(patterns):
        yield from label_name(pattern["type"], f"{field}[{i}].type")
        yield from _listed(f"{field}[{i}].status", pattern["status"], _STATUSES)


def success_policy(field: str, spec: Object) -> Errors:
    """`successPolicy`."""
    rules = spec["successPolicy"]["rules"] or []
    if not rules:
        detail = "at least one rules must be specified when the successPolicy is specified"
        yield required(f"{field}.rules", detail)
    if len(rules) > _MOST_RULES:
        yield too_many(f"{field}.rules", len(rules), _MOST_RULES)
    for i, rule in enumerate(rules):
        yield from _success_rule(f"{field}.rules[{i}]", rule, spec.get("completions") or 0)


def _success_rule(field: str, rule: Object, completions: int) -> Errors:
    count, indexes = rule.get("succeededCount"), rule.get("succeededIndexes")
    if count is None and indexes is None:
        detail = "at least one of succeededCount or succeededIndexes must be specified"
        yield required(field, detail)
    total = 0
    if indexes is not None:
        if len(indexes) > _LONGEST_INDEXES:
            yield too_long(f"{field}.succeededIndexes", _LONGEST_INDEXES)
        try:
            total = count_indexes(indexes, completions)
        except IndexesError as e:
            detail = f"error parsing succeededIndexes: {e}"
            yield invalid(f"{field}.succeededIndexes", indexes, detail)
    if count is None:
        return
    yield from non_negative(f"{field}.succeededCount", count)
    limit = "must be less than or equal to"
    if count > completions:
        detail = f"{limit} {completions} (the number of specified completions)"
        yield invalid(f"{field}.succeededCount", count, detail)
    if indexes is not None and count > total:
        what = "the number of indexes in the specified succeededIndexes field"
        yield invalid(f"{field}.succeededCount", count, f"{limit} {total} ({what})")
