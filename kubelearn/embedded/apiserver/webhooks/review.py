"""The question to a webhook and its answer: `AdmissionReview`.

Stands for k8s.io/apiserver `pkg/admission/plugin/webhook/request/admissionreview.go`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from kubelearn.embedded.apiserver.webhooks.attributes import Attributes
from kubelearn.objects import Object

_GROUP = "admission.k8s.io"
_KNOWN = ("v1", "v1beta1")
_OPTIONS = {"CREATE": "CreateOptions", "UPDATE": "UpdateOptions", "DELETE": "DeleteOptions"}


class InvalidAnswer(Exception):
    """An answer that does not say what it has to."""


@dataclass(frozen=True)
class Answer:
    """What a webhook says."""

    allowed: bool
    patch: Sequence[Object] = ()
    result: Object = field(default_factory=dict)
    warnings: Sequence[str] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    """What the audit trail should say."""


def review_of(hook: Object, attributes: Attributes, *, uid: str) -> Object:
    """The question, in the first version that both sides know."""
    version = next(each for each in hook["admissionReviewVersions"] if each in _KNOWN)
    request = request_of(attributes, uid=uid)
    return {"kind": "AdmissionReview", "apiVersion": f"{_GROUP}/{version}", "request": request}


def request_of(attributes: Attributes, *, uid: str) -> Object:
    """The `request` of a review."""
    kind, write = attributes.registry.kind, attributes.write
    written = attributes.written_as
    resource = {"group": kind.group, "version": kind.version, "resource": kind.plural}
    part = {"subResource": write.subresource} if write.subresource else {}
    same_part = {"requestSubResource": write.subresource} if write.subresource else {}
    request: Object = {"uid": uid, "kind": written, "resource": resource, **part}
    request |= {"requestKind": written, "requestResource": resource, **same_part}
    request |= {name: value for name in ("name", "namespace") if (value := _text(attributes, name))}
    return request | {
        "operation": attributes.operation,
        "userInfo": _user(attributes),
        "object": _typed(attributes.new, attributes),
        "oldObject": _typed(attributes.old, attributes),
        "dryRun": write.dry_run,
        "options": _options(attributes),
    }


def _text(attributes: Attributes, name: str) -> str:
    return attributes.name if name == "name" else attributes.namespace


def _user(attributes: Attributes) -> Object:
    user = attributes.write.user
    found: Object = {"username": user.name, "uid": user.uid, "groups": list(user.groups)}
    found["extra"] = {name: list(values) for name, values in user.extra.items()}
    return {name: value for name, value in found.items() if value}


def _typed(obj: Object | None, attributes: Attributes) -> Object | None:
    """An object that says what it is; stored ones leave it out."""
    if obj is None:
        return None
    written = attributes.written_as
    version = "/".join(filter(None, (written["group"], written["version"])))
    return {"kind": written["kind"], "apiVersion": version, **obj}


def _options(attributes: Attributes) -> Object | None:
    kind = _OPTIONS.get(attributes.operation)
    if kind is None:
        return None
    dry_run = {"dryRun": ["All"]} if attributes.write.dry_run else {}
    return {"kind": kind, "apiVersion": "meta.k8s.io/v1", **dry_run}


def answer_of(body: bytes, *, review: Object, mutating: bool) -> Answer:
    """What the webhook said. Raises InvalidAnswer."""
    try:
        said = orjson.loads(body)
        response = said.get("response")
    except (orjson.JSONDecodeError, AttributeError) as error:
        raise InvalidAnswer(f"expected webhook response of JSON, got {error}") from None
    if not isinstance(response, dict):
        raise InvalidAnswer("webhook response was absent")
    if review["apiVersion"] == f"{_GROUP}/v1":
        _check(said, response, review)
    return Answer(
        allowed=bool(response.get("allowed")),
        patch=_patch(response, mutating=mutating),
        result=response.get("status") or {},
        warnings=response.get("warnings") or [],
        annotations=response.get("auditAnnotations") or {},
    )


def _check(said: Object, response: Object, review: Object) -> None:
    uid = review["request"]["uid"]
    if response.get("uid") != uid:
        got = response.get("uid", "")
        raise InvalidAnswer(f'expected response.uid="{uid}", got "{got}"')
    found = (said.get("apiVersion", ""), said.get("kind", ""))
    if found != (review["apiVersion"], "AdmissionReview"):
        expected = f"{review['apiVersion']}, Kind=AdmissionReview"
        got = f"{found[0]}, Kind={found[1]}"
        raise InvalidAnswer(f"expected webhook response of {expected}, got {got}")


def _patch(response: Object, *, mutating: bool) -> list[Object]:
    patch, kind = response.get("patch"), response.get("patchType")
    if not mutating:
        for name in ("patch", "patchType"):
            if response.get(name):
                raise InvalidAnswer(f"validating webhook may not return response.{name}")
        return []
    if patch and kind is None:
        raise InvalidAnswer("webhook returned response.patch but not response.patchType")
    if kind is not None and not patch:
        raise InvalidAnswer("webhook returned response.patchType but not response.patch")
    if not patch:
        return []
    if kind != "JSONPatch":
        raise InvalidAnswer(f'webhook returned invalid response.patchType of "{kind}"')
    return _operations(patch)


def _operations(patch: Any) -> list[Object]:
    try:
        found = orjson.loads(base64.b64decode(patch, validate=True))
    except (binascii.Error, TypeError, ValueError) as error:
        raise InvalidAnswer(f"received undecodable patch in webhook response: {error}") from None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise InvalidAnswer("received undecodable patch in webhook response: not a JSON patch")
    return found
