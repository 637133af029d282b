"""What the API server fills in for CustomResourceDefinitions.

Stands for k8s.io/apiextensions-apiserver `pkg/apis/apiextensions/v1/{defaults,marshal}.go`.
"""

from __future__ import annotations

from typing import Any

from kubelearn.embedded.apiserver import schema, serializer
from kubelearn.embedded.apiserver.defaults.rules import rule
from kubelearn.objects import Object

_SCHEMA = "apiextensions.v1.JSONSchemaProps"
_OF_SCHEMAS = ("allOf", "anyOf", "oneOf")


@rule("apiextensions.v1.CustomResourceDefinition")
def definition(value: Object) -> None:
    """Names, conversion, the first stored version."""
    spec = value["spec"]
    names = spec["names"]
    if not names.get("singular"):
        names["singular"] = names["kind"].lower()
    if names["kind"]:
        names.setdefault("listKind", f"{names['kind']}List")
    spec.setdefault("conversion", {"strategy": "None"})
    status = value["status"]
    if not status.get("storedVersions"):
        storage = [each["name"] for each in spec.get("versions") or [] if each["storage"]]
        status["storedVersions"] = storage[:1] or None
    for version in spec.get("versions") or []:
        if found := (version.get("schema") or {}).get("openAPIV3Schema"):
            _settle(found)


@rule("apiextensions.v1.ServiceReference")
def service_reference(value: Object) -> None:
    """The port of HTTPS."""
    value.setdefault("port", 443)


def _settle(value: Object) -> None:
    """Read the schemas that stand where something else may stand as well, in place."""
    for name in ("items", "additionalProperties"):
        if name in value:
            _settle_one(value, name)
    for name in ("default", "example"):
        if name in value and value[name] is None:
            del value[name]
    if "not" in value:
        _settle(value["not"])
    for name in _OF_SCHEMAS:
        for each in value.get(name) or []:
            _settle(each)
    for each in (value.get("properties") or {}).values():
        _settle(each)


def _settle_one(value: Object, name: str) -> None:
    sent: Any = value[name]
    if isinstance(sent, dict):
        value[name] = serializer.decode_struct(schema.built_in().struct(_SCHEMA), sent).object
        _settle(value[name])
    elif not isinstance(sent, list if name == "items" else bool):
        del value[name]
