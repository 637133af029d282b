"""What an audit event says was done, in words: the deed, its kind, and what is new by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubelearn.diagrams.phases import status_word
from kubelearn.objects import Object, is_ready

METHODS = {
    "create": "POST",
    "update": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
    "deletecollection": "DELETE",
}
_DEEDS = {"create": "creates", "update": "updates", "patch": "patches"}
_CHANGING = (None, "binding", "ephemeralcontainers", "eviction", "resize", "scale", "status")


def changes(event: Mapping[str, Any]) -> bool:
    """Whether an event is about a change of an object: no look at one, and no talk to a pod."""
    return (
        event["verb"] in METHODS
        and "dryRun=" not in event["requestURI"]
        and bool(event.get("objectRef"))
        and event["objectRef"].get("subresource") in _CHANGING
    )


def object_of(event: Mapping[str, Any]) -> Object:
    """The object as it was after the request, where the event has it."""
    for body in (event.get("responseObject"), event.get("requestObject")):
        if isinstance(body, dict) and body.get("metadata") and body.get("kind") != "Status":
            # The Binding names its pod, but it is not the pod; neither are a Scale or an Eviction.
            return {} if event["objectRef"].get("subresource") not in (None, "status") else body
    return {}


def name_of(event: Mapping[str, Any]) -> str:
    """The object's name; one that the server made up is only in the answer."""
    body = event.get("responseObject") or event.get("requestObject") or {}
    return str(event["objectRef"].get("name") or (body.get("metadata") or {}).get("name") or "")


def step(event: Mapping[str, Any], obj: Object) -> str:
    """What kind of change it is: `made`, `deleted`, `bound`, `ready`, `status` or `changed`."""
    sub, verb = event["objectRef"].get("subresource"), event["verb"]
    if sub == "eviction" or (not sub and verb in ("delete", "deletecollection")):
        return "deleted"
    if sub == "binding":
        return "bound"
    if sub == "status":
        return "ready" if obj.get("kind") == "Pod" and _serves(obj) else "status"
    return "made" if verb == "create" and not sub else "changed"


def deed(event: Mapping[str, Any], kind: str) -> str:
    """What was done to which object: `creates Pod web-5d9-x`."""
    verb, name, sub = event["verb"], name_of(event), event["objectRef"].get("subresource")
    if sub == "binding":
        return f"binds {kind} {name}"
    if sub == "status":
        return f"reports {kind} {name}"
    if sub:
        return f"{_DEEDS.get(verb, 'deletes')} {sub} of {kind} {name}"
    return f"{_DEEDS.get(verb, 'deletes')} {kind} {name}"


def words(event: Mapping[str, Any], obj: Object) -> str:
    """What is new by it, or why it was refused."""
    answer = event.get("responseStatus") or {}
    if int(answer.get("code") or 0) >= 400:
        return str(answer.get("message") or answer.get("reason") or "refused")
    if event["objectRef"].get("subresource") == "binding":
        target = (event.get("requestObject") or {}).get("target") or {}
        return f"to node {target.get('name', '')}"
    if event["objectRef"].get("subresource") == "scale":
        return f"{(event.get('responseObject') or {}).get('spec', {}).get('replicas')} wanted"
    if event["verb"] == "delete":
        return ""
    return _state(obj)


def _state(obj: Object) -> str:
    """An object's state in a few words."""
    status, spec = obj.get("status") or {}, obj.get("spec") or {}
    if obj.get("kind") == "Pod":
        return f"{status_word(obj)}, {'ready' if is_ready(obj) else 'not ready'}"
    if obj.get("kind") == "EndpointSlice":
        ready = sum(
            (each.get("conditions") or {}).get("ready") is not False
            for each in obj.get("endpoints") or []
        )
        return f"{ready} ready endpoint{'' if ready == 1 else 's'}"
    if "replicas" in spec:
        return f"{status.get('readyReplicas') or 0} of {spec['replicas']} ready"
    return ""


def _serves(pod: Object) -> bool:
    return is_ready(pod) and not pod["metadata"].get("deletionTimestamp")
