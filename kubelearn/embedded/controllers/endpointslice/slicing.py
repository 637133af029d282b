"""Which endpoints a Service has, and how they are laid out in EndpointSlices.

Pure functions. Upstream: k8s.io/endpointslice {reconciler,utils}.go. Slices are changed as little
as possible: everybody who routes traffic reads each change. Left out: zones and their hints.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kubelearn.embedded.controllers.servicepods import is_headless
from kubelearn.objects import (
    SERVICE_NAME,
    Object,
    controller_of,
    is_ready,
    is_terminal,
    labels_of,
    owner_reference,
)

MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
CONTROLLER = "endpointslice-controller.k8s.io"
TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time"
_HEADLESS = "service.kubernetes.io/headless"
_RESERVED = {SERVICE_NAME, MANAGED_BY, _HEADLESS}
_LONGEST = 100

Ports = tuple[tuple[tuple[str, Any], ...], ...]


@dataclass
class Plan:
    """The slices to write so that a Service's slices are right."""

    create: list[Object] = field(default_factory=list)
    update: list[Object] = field(default_factory=list)
    delete: list[Object] = field(default_factory=list)


def plan(
    service: Object, pods: Iterable[Object], slices: Iterable[Object], *, trigger_time: str = ""
) -> Plan:
    """What to do about a Service's slices, given the pods that it selects.

    `trigger_time` is that of the change which slices that are written have come from.
    """
    pods, left = list(pods), list(slices)
    result = Plan()
    for family in service["spec"].get("ipFamilies") or ["IPv4"]:
        mine = [item for item in left if item["addressType"] == family]
        left = [item for item in left if item["addressType"] != family]
        _plan_family(result, service, family, pods=pods, slices=mine)
    result.delete += left
    _recycle(result, service)
    for item in [*result.create, *result.update]:
        note_trigger_time(item["metadata"], trigger_time)
    return result


def note_trigger_time(meta: Object, trigger_time: str) -> None:
    """Say in an object that is about to be written when its change began."""
    annotations = {k: v for k, v in (meta.get("annotations") or {}).items() if k != TRIGGER_TIME}
    if trigger_time:
        annotations[TRIGGER_TIME] = trigger_time
    meta["annotations"] = annotations


def _recycle(result: Plan, service: Object) -> None:
    """Turn slices to delete into those to create, so that endpoints never stand in two places."""
    for old in list(result.delete):
        fitting = [new for new in result.create if new["addressType"] == old["addressType"]]
        owner = controller_of(old)
        # A slice of an earlier Service of that name is being collected: better leave it.
        if fitting and owner and owner["uid"] == service["metadata"]["uid"]:
            new = fitting[-1]
            result.create.remove(new)
            result.delete.remove(old)
            meta = {**old["metadata"], "labels": labels_of(new)}
            result.update.append({**new, "metadata": meta})


def _plan_family(
    result: Plan, service: Object, family: str, *, pods: Sequence[Object], slices: Sequence[Object]
) -> None:
    wanted: defaultdict[Ports, dict[str, Object]] = defaultdict(dict)
    for pod in pods:
        if found := endpoint(service, pod, family):
            wanted[_frozen(ports_for(service, pod))][pod["metadata"]["uid"]] = found
    if not wanted:
        # A Service without endpoints keeps one empty slice, to say so.
        wanted[()] = {}
    present: defaultdict[Ports, list[Object]] = defaultdict(list)
    for item in slices:
        present[_frozen(item.get("ports") or [])].append(item)
    for ports in present.keys() - wanted.keys():
        result.delete += present[ports]
    for ports, endpoints in wanted.items():
        _plan_ports(result, service, family, ports=ports, wanted=endpoints, slices=present[ports])


def _plan_ports(
    result: Plan,
    service: Object,
    family: str,
    *,
    ports: Ports,
    wanted: Mapping[str, Object],
    slices: Sequence[Object],
) -> None:
    contents = _packed(wanted, slices)
    empty = make_slice(service, family, ports)
    for i, content in enumerate(contents):
        old = slices[i] if i < len(slices) else None
        if not content and len(contents) > 1 and old:
            result.delete.append(old)
        elif old is None:
            result.create.append({**empty, "endpoints": content})
        elif content != (old["endpoints"] or []) or labels_of(old) != labels_of(empty):
            meta = {**old["metadata"], "labels": labels_of(empty)}
            result.update.append({**old, "metadata": meta, "endpoints": content})


def _packed(wanted: Mapping[str, Object], slices: Sequence[Object]) -> list[list[Object]]:
    """What each slice is to hold, and behind them what slices to create are to hold.

    Endpoints stay where they are; new ones go where there is room.
    """
    missing = dict(wanted)
    contents = [
        [
            missing.pop(uid)
            for item in old["endpoints"] or []
            if (uid := item.get("targetRef", {}).get("uid")) in missing
        ]
        for old in slices
    ]
    new = list(missing.values())
    for content in contents:
        room = _LONGEST - len(content)
        content += new[:room]
        new = new[room:]
    while new or not contents:
        contents.append(new[:_LONGEST])
        new = new[_LONGEST:]
    return contents


def endpoint(service: Object, pod: Object, family: str) -> Object | None:
    """A pod as an endpoint of a Service; None if it cannot be one."""
    meta, spec = pod["metadata"], pod["spec"]
    addresses = [
        item["ip"]
        for item in (pod.get("status") or {}).get("podIPs") or []
        if (":" in item["ip"]) == (family == "IPv6")
    ]
    if not addresses or is_terminal(pod):
        return None
    serving, terminating = is_ready(pod), bool(meta.get("deletionTimestamp"))
    anyway = bool(service["spec"].get("publishNotReadyAddresses"))
    result: Object = {
        "addresses": addresses,
        "conditions": {
            "ready": anyway or (serving and not terminating),
            "serving": serving,
            "terminating": terminating,
        },
    }
    if spec.get("hostname") and spec.get("subdomain") == service["metadata"]["name"]:
        result["hostname"] = spec["hostname"]
    result["targetRef"] = {
        "kind": "Pod",
        "namespace": meta["namespace"],
        "name": meta["name"],
        "uid": meta["uid"],
    }
    if spec.get("nodeName"):
        result["nodeName"] = spec["nodeName"]
    return result


def ports_for(service: Object, pod: Object) -> list[Object]:
    """A Service's ports as they are on a pod; a name that the pod does not have is left out."""
    result = []
    for item in service["spec"].get("ports") or []:
        number = _number(item, pod)
        if number is not None:
            port = {"name": item.get("name", ""), "protocol": item["protocol"], "port": number}
            if item.get("appProtocol"):
                port["appProtocol"] = item["appProtocol"]
            result.append(port)
    return result


def _number(service_port: Object, pod: Object) -> int | None:
    target = service_port.get("targetPort") or service_port["port"]
    if isinstance(target, int):
        return target
    for container in pod["spec"]["containers"]:
        for port in container.get("ports") or []:
            if port.get("name") == target and port.get("protocol") == service_port["protocol"]:
                return int(port["containerPort"])
    return None


def make_slice(service: Object, family: str, ports: Ports) -> Object:
    """An empty slice of a Service."""
    meta = service["metadata"]
    kept = {k: v for k, v in labels_of(service).items() if k not in _RESERVED}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": f"{meta['name']}-",
            "namespace": meta["namespace"],
            "labels": {
                **kept,
                **({_HEADLESS: ""} if is_headless(service) else {}),
                SERVICE_NAME: meta["name"],
                MANAGED_BY: CONTROLLER,
            },
            "ownerReferences": [owner_reference(service)],
        },
        "addressType": family,
        "endpoints": [],
        "ports": [dict(port) for port in ports],
    }


def _frozen(ports: Iterable[Object]) -> Ports:
    return tuple(sorted(tuple(sorted(port.items())) for port in ports))
