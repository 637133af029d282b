"""What is wrong with an object, asked as the server asks: decoded and defaulted first."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from kubelearn.embedded.apiserver import builtin, defaults, serializer, validation

KINDS = builtin.built_in()
Problems = list[str]


def _prepared(api_version: str, kind: str, fields: dict[str, Any]) -> tuple[Any, Any]:
    found = KINDS.for_object(api_version, kind)
    assert found is not None
    body = {"metadata": {}, **copy.deepcopy(fields)}
    body["metadata"] = {"name": "x", **body["metadata"]}
    if found.namespaced:
        body["metadata"].setdefault("namespace", "default")
    obj = serializer.decode(found, body).object
    defaults.apply(found, obj)
    return found, obj


def _told(errors: list[validation.FieldError]) -> Problems:
    # Upstream repeats itself in the causes of an update; the message says each thing once.
    return list(dict.fromkeys(f"{error.field}: {error.message}" for error in errors))


@pytest.fixture
def create() -> Callable[..., Problems]:
    """The problems of a new object."""

    def check(api_version: str, kind: str, **fields: Any) -> Problems:
        found, obj = _prepared(api_version, kind, fields)
        return _told(validation.validate_create(found, obj))

    return check


@pytest.fixture
def update() -> Callable[..., Problems]:
    """The problems of a change from `old` to `new`."""

    def check(
        api_version: str, kind: str, old: dict[str, Any], new: dict[str, Any], **options: Any
    ) -> Problems:
        found, before = _prepared(api_version, kind, old)
        _, after = _prepared(api_version, kind, new)
        if options.get("versioned", True):
            after["metadata"]["resourceVersion"] = "1"
        part = "status" if options.get("status") else options.get("subresource", "")
        ask = partial(validation.validate_part_update, subresource=part)
        return _told(ask(found, after, before))

    return check


def spec(*containers: Any, **fields: Any) -> Any:
    """The least that a pod's spec has to say, and more."""
    return {"containers": list(containers) or [{"name": "a", "image": "i"}], **fields}


def container(**fields: Any) -> Any:
    """The least that a container has to say, and more."""
    return {"name": "a", "image": "i", **fields}
