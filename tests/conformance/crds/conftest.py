"""Frogs: a kind of one's own, with all that a definition can ask for."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import pytest
from kubernetes import client

from tests.frogs import FRIENDS

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
NUMBERS = itertools.count(1)
SPEC = {
    "type": "object",
    "required": ["color"],
    "properties": {
        "color": {"type": "string", "enum": ["green", "blue"]},
        "legs": {"type": "integer", "minimum": 0, "maximum": 8, "default": 4},
        "nick": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 5},
        "port": {"x-kubernetes-int-or-string": True},
        "tags": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
        "extra": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "friends": FRIENDS,
    },
}
STATUS = {
    "type": "object",
    "properties": {"legs": {"type": "integer"}, "selector": {"type": "string"}},
}
SCHEMA = {"type": "object", "properties": {"spec": SPEC, "status": STATUS}}
VERSION = {
    "name": "v1",
    "served": True,
    "storage": True,
    "schema": {"openAPIV3Schema": SCHEMA},
    "subresources": {
        "status": {},
        "scale": {
            "specReplicasPath": ".spec.legs",
            "statusReplicasPath": ".status.legs",
            "labelSelectorPath": ".status.selector",
        },
    },
    "additionalPrinterColumns": [
        {"name": "Color", "type": "string", "jsonPath": ".spec.color"},
        {"name": "Legs", "type": "integer", "jsonPath": ".spec.legs", "priority": 1},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    ],
    "selectableFields": [{"jsonPath": ".spec.color"}],
}


@dataclass
class Frogs:
    """The frogs of one group: their definition and, in a namespace, themselves."""

    api: client.CustomObjectsApi
    group: str
    namespace: str
    definition: dict[str, Any]

    @property
    def path(self) -> str:
        return f"/apis/{self.group}/v1/namespaces/{self.namespace}/frogs"

    @property
    def place(self) -> tuple[str, str, str, str]:
        return self.group, "v1", self.namespace, "frogs"

    def body(self, name="kermit", *, version="v1", **spec):
        return {
            "apiVersion": f"{self.group}/{version}",
            "kind": "Frog",
            "metadata": {"name": name},
            "spec": {"color": "green", **spec},
        }

    def create(self, name="kermit", **spec):
        return self.api.create_namespaced_custom_object(*self.place, self.body(name, **spec))

    def get(self, name="kermit"):
        return self.api.get_namespaced_custom_object(*self.place, name)

    def patch(self, changes, name="kermit"):
        return self.api.patch_namespaced_custom_object(*self.place, name, changes)


@pytest.fixture(scope="module")
def define(send, eventually):
    """Create definitions in groups of their own, and wait until they are served."""
    made = []

    def call(*versions, scope="Namespaced", **names):
        group = f"frogs-{next(NUMBERS)}.example.com"
        body = {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"frogs.{group}"},
            "spec": {
                "group": group,
                "scope": scope,
                "names": {"plural": "frogs", "kind": "Frog", **names},
                "versions": list(versions) or [VERSION],
            },
        }
        send("DELETE", f"{DEFINITIONS}/frogs.{group}")
        eventually(lambda: send("GET", f"{DEFINITIONS}/frogs.{group}").code == 404)
        answer = send("POST", DEFINITIONS, body=body)
        assert answer.code == 201, answer.body
        made.append(group)
        eventually(lambda: is_true(send("GET", f"{DEFINITIONS}/frogs.{group}").body, "Established"))
        # A server may need a moment between the condition and the first answer.
        eventually(lambda: send("GET", f"/apis/{group}/v1/frogs").code == 200)
        return group

    yield call
    for group in made:
        send("DELETE", f"{DEFINITIONS}/frogs.{group}")


@pytest.fixture(scope="module")
def shared_group(define):
    """The group of frogs that several tests share."""
    return define(shortNames=["fr"], categories=["all"])


@pytest.fixture
def frogs(api, shared_group, namespace, send):
    """The frogs of a namespace."""
    definition = send("GET", f"{DEFINITIONS}/frogs.{shared_group}").body
    return Frogs(client.CustomObjectsApi(api), shared_group, namespace, definition)


def is_true(obj, kind):
    """Whether the condition of that type is true."""
    conditions = (obj.get("status") or {}).get("conditions") or []
    return any((each["type"], each["status"]) == (kind, "True") for each in conditions)
