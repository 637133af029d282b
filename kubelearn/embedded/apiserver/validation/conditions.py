"""Rules for the conditions in a status that are of the common type `metav1.Condition`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kubelearn.embedded.apiserver.names import misfit
from kubelearn.embedded.apiserver.validation.common import supported
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    duplicate,
    each_invalid,
    invalid,
    required,
    too_long,
)
from kubelearn.embedded.apiserver.validation.metadata import label_name
from kubelearn.objects import Object

_STATUSES = ("False", "True", "Unknown")
_REASON = re.compile(r"[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?")
_LONGEST_REASON = 1024
_LONGEST_MESSAGE = 32 * 1024


def conditions(field: str, found: Iterable[Object]) -> Errors:
    """Conditions, each type once."""
    seen = set()
    for i, condition in enumerate(found):
        if condition["type"] in seen:
            yield duplicate(f"{field}[{i}].type", condition["type"])
        seen.add(condition["type"])
        yield from _condition(f"{field}[{i}]", condition)


def _condition(field: str, condition: Object) -> Errors:
    yield from label_name(condition["type"], f"{field}.type")
    yield from supported(f"{field}.status", condition["status"], _STATUSES)
    if (generation := condition.get("observedGeneration", 0)) < 0:
        detail = "must be greater than or equal to zero"
        yield invalid(f"{field}.observedGeneration", generation, detail)
    if not condition.get("lastTransitionTime"):
        yield required(f"{field}.lastTransitionTime")
    yield from _reason(f"{field}.reason", condition["reason"])
    if len(condition["message"]) > _LONGEST_MESSAGE:
        yield too_long(f"{field}.message", _LONGEST_MESSAGE)


def _reason(field: str, reason: str) -> Errors:
    if not reason:
        yield required(field)
        return
    message = (
        "a condition reason must start with alphabetic character, optionally followed by a string "
        "of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'"
    )
    examples = ("my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB")
    yield from each_invalid(field, reason, misfit(reason, _REASON, message, *examples))
    if len(reason) > _LONGEST_REASON:
        yield too_long(field, _LONGEST_REASON)
