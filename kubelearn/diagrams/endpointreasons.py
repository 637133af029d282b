"""Why a pod is behind a Service, or is not: label by label, port by port.

The rules are those of the controller that writes EndpointSlices (upstream
`k8s.io/endpointslice`: `ShouldPodBeInEndpoints`, `podToEndpoint`, `FindPort`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kubelearn.diagrams.looks import Look
from kubelearn.diagrams.phases import PHASES
from kubelearn.objects import condition, is_ready, is_terminal, labels_of

Row = dict[str, Any]

STATES: dict[str, Look] = {
    "endpoint": Look("Endpoint", "requests come here", "#009E73", "#006B4E", "M3.5 8.5l3 3 6-7"),
    "held": Look(
        "Held back", "selected, but gets no requests", "#CC79A7", "#8E4470", "M5.5 3.5v9l7-4.5z"
    ),
    "leaving": PHASES["Terminating"],
    "other": Look("Not selected", "a label is missing or other", "#BBBBBB", "#5E5E5E", "M4 4l8 8"),
}


def label_rows(selector: Mapping[str, str], labels: Mapping[str, str]) -> list[Row]:
    """The labels that the selector asks for, each with whether it is so, then the others."""
    asked = [
        {
            "key": key,
            "value": labels.get(key),
            "wanted": value,
            "match": "yes" if labels.get(key) == value else "no" if key in labels else "missing",
        }
        for key, value in selector.items()
    ]
    others = [
        {"key": key, "value": value, "wanted": None, "match": ""}
        for key, value in labels.items()
        if key not in selector
    ]
    return asked + others


def find_port(pod: Mapping[str, Any], target: int | str, protocol: str = "TCP") -> int | None:
    """The number of a target port at a pod; None where no container has a port of that name."""
    if isinstance(target, int):
        return target
    spec = pod.get("spec") or {}
    sidecars = [
        each for each in spec.get("initContainers") or [] if each.get("restartPolicy") == "Always"
    ]
    for container in [*(spec.get("containers") or []), *sidecars]:
        for port in container.get("ports") or []:
            if port.get("name") == target and port.get("protocol", "TCP") == protocol:
                return int(port["containerPort"])
    return None


def declares(pod: Mapping[str, Any], number: int) -> bool:
    """Whether a container says that it listens there; nobody must say so."""
    containers = (pod.get("spec") or {}).get("containers") or []
    ports = [port for each in containers for port in each.get("ports") or []]
    return any(port.get("containerPort") == number for port in ports)


def verdict(
    service: Mapping[str, Any], pod: Mapping[str, Any], endpoint: Mapping[str, Any] | None
) -> tuple[str, str]:
    """A key of STATES, and the reason in words; `endpoint` is the pod's in an EndpointSlice."""
    spec = service["spec"]
    selector = spec.get("selector") or {}
    if not selector:
        return _by_hand(endpoint)
    mismatch = _mismatch(selector, labels_of(pod))
    if mismatch:
        return "other", mismatch
    if pod["metadata"].get("deletionTimestamp"):
        return "leaving", "is terminating: it gets no new requests while others are ready"
    reason = _out_of_it(pod) or _no_port(spec, pod)
    if reason:
        return "held", reason
    if not is_ready(pod) and not spec.get("publishNotReadyAddresses"):
        return "held", f"is not ready{_why(pod)}"
    if endpoint is None:
        return "held", "fits; its EndpointSlice does not tell yet"
    ready = (endpoint.get("conditions") or {}).get("ready")
    return ("held", "its EndpointSlice says: not ready") if ready is False else ("endpoint", "")


def _by_hand(endpoint: Mapping[str, Any] | None) -> tuple[str, str]:
    """Without a selector, only what somebody wrote into EndpointSlices counts."""
    if endpoint is None:
        return "other", "the Service has no selector: it looks for no pods"
    ready = (endpoint.get("conditions") or {}).get("ready") is not False
    return "endpoint" if ready else "held", "named by an EndpointSlice; the Service selects nothing"


def _mismatch(selector: Mapping[str, str], labels: Mapping[str, str]) -> str:
    for key, value in selector.items():
        if key not in labels:
            return f"has no label {key}; the selector asks for {key}={value}"
        if labels[key] != value:
            return f"has {key}={labels[key]}; the selector asks for {key}={value}"
    return ""


def _out_of_it(pod: Mapping[str, Any]) -> str:
    status = pod.get("status") or {}
    if is_terminal(pod):
        return f"has ended: {status['phase']}"
    return "" if status.get("podIP") else "has no address yet"


def _no_port(spec: Mapping[str, Any], pod: Mapping[str, Any]) -> str:
    """Whether no port of the Service leads to this pod."""
    ports = spec.get("ports") or []
    missing = [
        str(target_of(port))
        for port in ports
        if find_port(pod, target_of(port), port.get("protocol", "TCP")) is None
    ]
    if not ports or len(missing) < len(ports):
        return ""
    return f"no container of it has a port named {', '.join(missing)}"


def target_of(port: Mapping[str, Any]) -> int | str:
    """The target port of a Service's port, which is the port itself if it says nothing else."""
    target = port.get("targetPort") or port["port"]
    return int(target) if str(target).isdigit() else str(target)


def _why(pod: Mapping[str, Any]) -> str:
    ready = condition(pod, "Ready") or {}
    message = str(ready.get("message") or "")
    return f": {message}" if message else ""


def endpoints_of(slices: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The endpoints by the names of their pods; one that is ready counts more than others."""
    found: dict[str, Mapping[str, Any]] = {}
    for each in slices:
        for endpoint in each.get("endpoints") or []:
            name = str((endpoint.get("targetRef") or {}).get("name") or "")
            ready = (endpoint.get("conditions") or {}).get("ready") is not False
            if name and (ready or name not in found):
                found[name] = endpoint
    return found
