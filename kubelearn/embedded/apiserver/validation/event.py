"""Rules for Events and their two forms (upstream `pkg/apis/core/validation/events.go`)."""

from __future__ import annotations

from typing import Any

from kubelearn.embedded.apiserver.names import dns_subdomain, qualified_name
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    each_invalid,
    immutable,
    invalid,
    required,
)
from kubelearn.embedded.apiserver.validation.internals import internal
from kubelearn.embedded.apiserver.validation.metadata import metadata, metadata_update
from kubelearn.embedded.apiserver.validation.rules import on_create, on_update
from kubelearn.objects import Object

_NEW_REPORTER = "reportingController"
_MISMATCH = "does not match event.namespace"
_LIMITS = {"reportingInstance": 128, "action": 128, "reason": 128, "message": 1024}
# The new form's names; messages use the older ones.
_OLD_NAMES = {
    "message": "note",
    "involvedObject": "regarding",
    "reportingComponent": "reportingController",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
}
_FIXED = (
    "involvedObject", "reason", "message", "source", "firstTimestamp", "lastTimestamp", "count",
    "reason", "type", "eventTime", "action", "related", "reportingComponent",
    "reportingInstance",
)  # fmt: skip


@on_create("core.v1.Event")
def event(obj: Object) -> Errors:
    """An Event of the core group."""
    yield from _event(obj, obj, reporter="reportingComponent")


@on_update("core.v1.Event")
def event_update(new: Object, _: Object) -> Errors:
    """An Event of the core group, counted up."""
    yield from _event(new, new, reporter="reportingComponent")


@on_create("events.v1.Event")
def new_event(obj: Object) -> Errors:
    """An Event of events.k8s.io, which demands more."""
    old = _older(obj)
    yield from _event(obj, old, reporter=_NEW_REPORTER)
    yield from metadata(obj)
    yield from _series(old)
    if not obj.get("eventTime"):
        yield required("eventTime")
    if obj.get("type") not in ("Normal", "Warning"):
        yield invalid("type", "", f"has invalid value: {obj.get('type', '')}")
    for name in ("firstTimestamp", "lastTimestamp", "count", "source"):
        if old.get(name):
            yield invalid(name, "", "needs to be unset")


@on_update("events.v1.Event")
def new_event_update(new: Object, old: Object) -> Errors:
    """An Event of events.k8s.io, of which only the series grows."""
    now, before = _older(new), _older(old)
    yield from _event(new, now, reporter=_NEW_REPORTER)
    yield from metadata_update(new, old)
    if now.get("series") != before.get("series"):
        yield from _series(now)
    for name in _FIXED:
        field = _NEW_REPORTER if name == "reportingComponent" else name
        yield from immutable(field, _shown(name, now), _shown(name, before))


def _shown(name: str, event: Object) -> Any:
    value = event.get(name, "")
    if name == "involvedObject":
        return internal("core.v1.ObjectReference", value)
    return value


def _older(obj: Object) -> Object:
    names = {new: old for old, new in _OLD_NAMES.items()}
    return {names.get(name, name): value for name, value in obj.items()}


def _event(obj: Object, old: Object, *, reporter: str) -> Errors:
    namespace = obj["metadata"].get("namespace", "")
    about = old["involvedObject"].get("namespace", "")
    if old.get("eventTime"):
        if not about and namespace not in ("default", "kube-system"):
            yield invalid("involvedObject.namespace", about, _MISMATCH)
        yield from _reported(old, reporter)
    elif about != namespace and (about or namespace != "default"):
        yield invalid("involvedObject.namespace", about, _MISMATCH)
    yield from each_invalid("namespace", namespace, dns_subdomain(namespace))


def _reported(old: Object, reporter: str) -> Errors:
    who = old.get("reportingComponent") or old.get("reportingController") or ""
    if not who:
        yield required(reporter)
    yield from each_invalid(reporter, who, qualified_name(who))
    for name, limit in _LIMITS.items():
        value: Any = old.get(name, "")
        if not value and name != "message":
            yield required(name)
        if len(value) > limit:
            yield invalid(name, "", f"can have at most {limit} characters")


def _series(old: Object) -> Errors:
    series = old.get("series")
    if series is None:
        return
    if series.get("count", 0) < 2:
        yield invalid("series.count", "", "should be at least 2")
    if not series.get("lastObservedTime"):
        yield required("series.lastObservedTime")
