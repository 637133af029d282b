"""One event in the making: what is known of a request until it is finished.

Stands for k8s.io/apiserver `pkg/audit/{context,request}.go` and `pkg/apis/audit/v1/types.go`.
Left out: addresses that proxies name (`X-Forwarded-For`), and how impersonation was allowed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from kubelearn.embedded.apiserver.audit.policy import Level
from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.requestinfo import RequestInfo
from kubelearn.embedded.apiserver.yamlbody import load_yaml
from kubelearn.embedded.audittrail import micro_time
from kubelearn.objects import Object

_LONGEST_AGENT = 1024
_STATUS_FIELDS = ("status", "message", "reason", "details")


class AuditEvent:
    """What is kept of one request. `user` is nobody if the credentials were wrong."""

    __slots__ = (
        "_body",
        "_impersonated",
        "_meta",
        "_received",
        "_user",
        "audit_id",
        "level",
    )

    def __init__(
        self, level: Level, *, audit_id: str, user: User | None, received: datetime
    ) -> None:
        self.level = level
        self.audit_id = audit_id
        self._user = user
        self._received = received
        self._impersonated: User | None = None
        self._meta: Mapping[str, str] = {}
        self._body = b""

    def acts_as(self, user: User) -> None:
        """Note whom the user impersonates."""
        if user is not self._user:
            self._impersonated = user

    def sent(self, obj: Object) -> None:
        """Note the object in the request's body, as it is now."""
        meta = obj.get("metadata") or {}
        fields = ("namespace", "name", "uid", "resourceVersion")
        self._meta = {field: meta[field] for field in fields if meta.get(field)}
        if self.level >= Level.REQUEST:
            self._body = orjson.dumps(_without_managed_fields(obj))

    def sent_patch(self, patch: bytes) -> None:
        """Note the patch in the request's body; one that is no JSON at all is left out."""
        if self.level >= Level.REQUEST:
            with contextlib.suppress(TypeError, ValueError):
                self._body = orjson.dumps(load_yaml(patch))

    def line(
        self,
        info: RequestInfo,
        *,
        uri: str,
        agent: str,
        source: str,
        code: int,
        status: Object,
        answered: bytes,
        completed: datetime,
        annotations: Mapping[str, str],
    ) -> bytes:
        """The finished event as a line of the log."""
        event: dict[str, Any] = {
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "level": self.level.word,
            "auditID": self.audit_id,
            "stage": "ResponseComplete" if self._user else "ResponseStarted",
            "requestURI": uri,
            "verb": info.verb,
            "user": _user(self._user) if self._user else {},
        }
        if self._impersonated:
            event["impersonatedUser"] = _user(self._impersonated)
        event["sourceIPs"] = [source]
        if agent:
            long = len(agent) > _LONGEST_AGENT
            event["userAgent"] = f"{agent[:_LONGEST_AGENT]}...TRUNCATED" if long else agent
        if info.is_resource_request:
            event["objectRef"] = self._reference(info)
        event["responseStatus"] = _status(status, code)
        if self._body:
            event["requestObject"] = orjson.Fragment(self._body)
        if self.level >= Level.REQUEST_RESPONSE:
            if answered:
                event["responseObject"] = _without_managed_fields(orjson.loads(answered))
            elif status:
                event["responseObject"] = status
        event["requestReceivedTimestamp"] = micro_time(self._received)
        event["stageTimestamp"] = micro_time(completed)
        if annotations:
            event["annotations"] = annotations
        try:
            return orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE)
        except TypeError:  # a header or a path that is no text in UTF-8
            return orjson.dumps(_as_text(event), option=orjson.OPT_APPEND_NEWLINE)

    def _reference(self, info: RequestInfo) -> Object:
        meta = self._meta
        fields = {
            "resource": info.resource,
            "namespace": info.namespace or meta.get("namespace"),
            "name": info.name or info.selector.exact("metadata.name") or meta.get("name"),
            "uid": meta.get("uid"),
            "apiGroup": info.group,
            "apiVersion": info.version,
            "resourceVersion": meta.get("resourceVersion"),
            "subresource": info.subresource,
        }
        return {name: value for name, value in fields.items() if value}


def _as_text(value: Any) -> Any:
    match value:
        case str():
            return value.encode(errors="replace").decode()
        case dict():
            return {_as_text(key): _as_text(each) for key, each in value.items()}
        case list() | tuple():
            return [_as_text(each) for each in value]
    return value


def _user(user: User) -> Object:
    found: Object = {"username": user.name}
    if user.uid:
        found["uid"] = user.uid
    if user.groups:
        found["groups"] = user.groups
    if user.extra:
        found["extra"] = user.extra
    return found


def _status(status: Object, code: int) -> Object:
    found = {field: status[field] for field in _STATUS_FIELDS if status.get(field)}
    return {"metadata": {}, **found, "code": code}


def _without_managed_fields(obj: Object) -> Object:
    meta = obj.get("metadata") or {}
    if "managedFields" not in meta:
        return obj
    return {**obj, "metadata": {k: v for k, v in meta.items() if k != "managedFields"}}
