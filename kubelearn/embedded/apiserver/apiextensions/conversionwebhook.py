"""Conversion webhooks: servers that write objects of one version as objects of another.

Stands for k8s.io/apiextensions-apiserver `pkg/apiserver/conversion/webhook_converter.go`. Left out:
its metrics.
"""

from __future__ import annotations

import copy
import random as randomness
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import orjson

from kubelearn.embedded.apiserver.apiextensions.conversion import Convert
from kubelearn.embedded.apiserver.status import unknown
from kubelearn.embedded.apiserver.validation.field import Errors
from kubelearn.embedded.apiserver.validation.metadata import check_annotations, check_labels
from kubelearn.embedded.apiserver.webhooks.caller import CallFailed, call
from kubelearn.embedded.store import Store
from kubelearn.objects import Object

_GROUP = "apiextensions.k8s.io"
_KNOWN = ("v1", "v1beta1")
_SECONDS = 30


class _Invalid(ValueError):
    """An answer that does not say what it has to."""


def converter(webhook: Object, *, store: Store, random: randomness.Random) -> Convert:
    """What asks this webhook of a definition."""
    return partial(_convert, webhook=webhook, store=store, random=random)


async def _convert(
    objects: list[Object],
    api_version: str,
    *,
    webhook: Object,
    store: Store,
    random: randomness.Random,
) -> list[Object]:
    if not objects:
        return []
    first = objects[0]
    what = f"conversion webhook for {first['apiVersion']}, Kind={first['kind']}"
    hook = {"clientConfig": webhook["clientConfig"], "timeoutSeconds": _SECONDS}
    review = _review(webhook, objects, api_version, random)
    try:
        body = await call(hook, review, store=store, random=random)
        found = _objects(body, review)
    except (CallFailed, _Invalid) as error:
        raise unknown(f"{what} failed: {error}") from None
    if len(found) != len(objects):
        raise unknown(f"{what} returned {len(found)} objects, expected {len(objects)}")
    try:
        return [
            _checked(before, after, api_version)
            for before, after in zip(objects, found, strict=True)
        ]
    except _Invalid as error:
        raise unknown(f"{what} returned invalid {error}") from None


def _review(
    webhook: Object, objects: Sequence[Object], api_version: str, random: randomness.Random
) -> Object:
    version = next(each for each in webhook["conversionReviewVersions"] if each in _KNOWN)
    uid = str(uuid.UUID(int=random.getrandbits(128), version=4))
    request = {"uid": uid, "desiredAPIVersion": api_version, "objects": list(objects)}
    return {
        "kind": "ConversionReview",
        "apiVersion": f"{_GROUP}/{version}",
        "request": request,
    }


def _objects(body: bytes, review: Object) -> list[Any]:
    """The objects in an answer. Raises _Invalid."""
    try:
        said = orjson.loads(body)
        kind, response = said.get("kind"), said.get("response")
    except (orjson.JSONDecodeError, AttributeError) as error:
        raise _Invalid(f"couldn't get version/kind; json parse error: {error}") from None
    if kind != "ConversionReview" or said.get("apiVersion") != review["apiVersion"]:
        raise _Invalid(f'no kind "{kind}" is registered for version "{said.get("apiVersion")}"')
    if not isinstance(response, dict):
        raise _Invalid("no response provided")
    uid, got = review["request"]["uid"], response.get("uid", "")
    if review["apiVersion"] == f"{_GROUP}/v1" and got != uid:
        raise _Invalid(f'expected response.uid="{uid}", got "{got}"')
    result = response.get("result") or {}
    if result.get("status") != "Success":
        status = f"response.result.status was '{result.get('status', '')}', not 'Success'"
        raise _Invalid(result.get("message") or status)
    return list(response.get("convertedObjects") or [])


def _checked(before: Object, after: Any, api_version: str) -> Object:
    """A converted object with the metadata that it had; a webhook may change labels and notes."""
    for name, expected in (("apiVersion", api_version), ("kind", before["kind"])):
        got = after.get(name) if isinstance(after, dict) else None
        if got != expected:
            word = "groupVersion" if name == "apiVersion" else name
            fault = f"invalid {word} (expected {expected}, received {got})"
            raise _Invalid(f"object at index 0: {fault}")
    meta, said = before["metadata"], after.get("metadata")
    told = said if isinstance(said, dict) else {}
    for field, word in (("name", "name"), ("namespace", "namespace"), ("uid", "UID")):
        old, new = meta.get(field, ""), told.get(field, "")
        if old != new:
            raise _Invalid(f"object: must have the same {word}: {old} != {new}")
    return {**after, "metadata": _metadata(meta, told)}


def _metadata(before: Object, said: Object) -> Object:
    kept = copy.deepcopy({name: v for name, v in before.items() if name not in _CHANGEABLE})
    for name, check in _CHANGEABLE.items():
        values = said.get(name)
        if values is None:
            continue
        if not isinstance(values, dict):
            raise _Invalid(f"metadata: invalid metadata.{name} in converted object")
        if values != before.get(name):
            problems = [f"{e.field}: {e.message}" for e in check(values, f"metadata.{name}")]
            if problems:
                raise _Invalid(f"metadata: {', '.join(problems)}")
        kept[name] = values
    return kept


_CHANGEABLE: dict[str, Callable[[Object, str], Errors]] = {
    "labels": check_labels,
    "annotations": check_annotations,
}
