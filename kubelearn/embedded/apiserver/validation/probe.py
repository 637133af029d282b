"""Rules for probes and lifecycle hooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kubelearn.embedded.apiserver.names import header_name
from kubelearn.embedded.apiserver.validation.common import port_number_or_name
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    each_invalid,
    forbidden,
    invalid,
    non_negative,
    not_supported,
    required,
)
from kubelearn.objects import Object

_COUNTS = (
    "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold",
    "failureThreshold",
)  # fmt: skip


def probes(field: str, container: Object) -> Errors:
    """The three probes of a container."""
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if probe := container.get(name):
            yield from _probe(f"{field}.{name}", probe)
            yield from _particular(f"{field}.{name}", name, probe)


def _probe(field: str, probe: Object) -> Errors:
    yield from _handler(field, probe, {name: _HANDLERS[name] for name in _PROBE_HANDLERS})
    for name in _COUNTS:
        yield from non_negative(f"{field}.{name}", probe.get(name))
    grace = probe.get("terminationGracePeriodSeconds")
    if grace is not None and grace <= 0:
        yield invalid(f"{field}.terminationGracePeriodSeconds", grace, "must be greater than 0")


def _particular(field: str, name: str, probe: Object) -> Errors:
    if name == "readinessProbe":
        if (grace := probe.get("terminationGracePeriodSeconds")) is not None:
            detail = "must not be set for readinessProbes"
            yield invalid(f"{field}.terminationGracePeriodSeconds", grace, detail)
    elif probe["successThreshold"] != 1:
        yield invalid(f"{field}.successThreshold", probe["successThreshold"], "must be 1")


def lifecycle(field: str, hooks: Object, grace_period: int | None, system: str) -> Errors:
    """What runs after the start and before the end; `system` is `spec.os.name`."""
    handlers: dict[str, Callable[[str, Any], Errors]] = {
        **{name: _HANDLERS[name] for name in ("exec", "httpGet", "tcpSocket")},
        "sleep": lambda path, sleep: _sleep(path, sleep, grace_period),
    }
    for name in ("postStart", "preStop"):
        if (hook := hooks.get(name)) is not None:
            yield from _handler(f"{field}.{name}", hook, handlers)
    if "stopSignal" in hooks and not system:
        detail = "may not be set for containers with empty `spec.os.name`"
        yield forbidden(f"{field}.stopSignal", detail)


def _handler(field: str, obj: Object, handlers: dict[str, Callable[[str, Any], Errors]]) -> Errors:
    given = [name for name in handlers if obj.get(name) is not None]
    if not given:
        yield required(field, "must specify a handler type")
        return
    yield from handlers[given[0]](f"{field}.{given[0]}", obj[given[0]])
    for name in given[1:]:
        yield forbidden(f"{field}.{name}", "may not specify more than 1 handler type")


def _exec(field: str, action: Object) -> Errors:
    if not action.get("command"):
        yield required(f"{field}.command")


def _http_get(field: str, action: Object) -> Errors:
    if not action.get("path"):
        yield required(f"{field}.path")
    yield from port_number_or_name(f"{field}.port", action["port"])
    if action.get("scheme") not in ("HTTP", "HTTPS"):
        yield not_supported(f"{field}.scheme", action.get("scheme", ""), ("HTTP", "HTTPS"))
    for header in action.get("httpHeaders") or []:
        yield from each_invalid(f"{field}.httpHeaders", header["name"], header_name(header["name"]))


def _port(field: str, action: Object) -> Errors:
    yield from port_number_or_name(f"{field}.port", action["port"])


def _sleep(field: str, action: Object, grace_period: int | None) -> Errors:
    seconds = action["seconds"]
    if grace_period is not None and not 0 <= seconds <= grace_period:
        bound = f"terminationGracePeriodSeconds ({grace_period})"
        yield invalid(field, seconds, f"must be non-negative and less than {bound}")


# In upstream's order: the first one given is checked, the others are too many.
_HANDLERS: dict[str, Callable[[str, Any], Errors]] = {
    "exec": _exec,
    "httpGet": _http_get,
    "tcpSocket": _port,
    "grpc": _port,
}
_PROBE_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
