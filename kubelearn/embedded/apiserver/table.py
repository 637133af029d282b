"""`Table` answers: objects as the rows that `kubectl get` prints.

Stands for k8s.io/apiserver `pkg/registry/rest/table.go` and the table conversion around it. All
columns are always sent; kubectl hides those with a priority unless asked for `-o wide`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from kubelearn.embedded.apiserver import builtin, conversion
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.printers import PRINTERS, Column, Printer
from kubelearn.embedded.apiserver.printers.columns import Cells, utc
from kubelearn.embedded.apiserver.printers.custom import NAME, custom_printer
from kubelearn.objects import Object

_TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"


def to_table(
    kind: Kind,
    objects: Iterable[Object],
    *,
    now: datetime,
    include_object: str = "Metadata",
    group_version: str = "meta.k8s.io/v1",
) -> Object:
    """Objects of one kind as a Table; the caller adds the list's metadata.

    `include_object` says what of each object goes along: None, Metadata or Object.
    """
    printer = _printer(kind)
    return {
        "kind": "Table",
        "apiVersion": group_version,
        "metadata": {},
        "columnDefinitions": [column.definition() for column in printer.columns],
        "rows": [
            {
                "cells": printer.cells(obj, now),
                **_conditions(kind, obj),
                "object": _included(kind, obj, include=include_object, group_version=group_version),
            }
            for obj in objects
        ],
    }


def _printer(kind: Kind) -> Printer:
    if kind.custom:
        return custom_printer(kind.custom)
    stored = conversion.storage_kind(_BUILT_IN, kind)
    printer = PRINTERS.get(stored.type_name, _PLAIN)
    if stored == kind:
        return printer
    # Upstream prints every version from one internal form; the stored one serves here.
    return Printer(
        printer.columns,
        lambda obj, now: printer.cells(conversion.convert(obj, kind, stored), now),
    )


def _included(kind: Kind, obj: Object, *, include: str, group_version: str) -> Object | None:
    if include == "None":
        return None
    if include == "Object":
        return obj
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": group_version,
        "metadata": _metadata(kind, obj["metadata"]),
    }


def _metadata(kind: Kind, meta: Object) -> Object:
    annotations = meta.get("annotations") or {}
    if kind.kind != "DaemonSet" or _TEMPLATE_GENERATION not in annotations:
        return meta
    # For upstream a field of the spec, until a DaemonSet is sent as a whole.
    rest = {name: value for name, value in annotations.items() if name != _TEMPLATE_GENERATION}
    shown = {name: value for name, value in meta.items() if name != "annotations"}
    return shown | ({"annotations": rest} if rest else {})


def _conditions(kind: Kind, obj: Object) -> Object:
    """Marks pods that have ended, so that kubectl can leave them out."""
    phase = obj["status"].get("phase") if kind.type_name == "core.v1.Pod" else ""
    messages = {
        "Succeeded": "The pod has completed successfully.",
        "Failed": "The pod failed.",
    }
    if phase not in messages:
        return {}
    ended = {"type": "Completed", "status": "True", "reason": phase, "message": messages[phase]}
    return {"conditions": [ended]}


def _plain(obj: Object, _: datetime) -> Cells:
    return [obj["metadata"]["name"], utc(obj["metadata"]["creationTimestamp"])]


_PLAIN = Printer((NAME, Column("Created At", "date")), _plain)
_BUILT_IN = builtin.built_in()
