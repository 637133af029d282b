"""The two versions of OpenAPI, by what differs between their schemas.

Version 2 (`/openapi/v2`) is one document about everything, for older clients: it knows no values
that are one of several types, no null and, as Kubernetes writes it, no defaults. Version 3 has a
document for each group and version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kubelearn.objects import Object

META = "io.k8s.apimachinery.pkg.apis.meta.v1"
_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
_EXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1"
_NAMED: dict[str, tuple[str, Object]] = {
    "runtime.RawExtension": ("io.k8s.apimachinery.pkg.runtime.RawExtension", {"type": "object"}),
    "v1.Duration": (f"{META}.Duration", {"type": "string"}),
    "v1.FieldsV1": (f"{META}.FieldsV1", {"type": "object"}),
    "v1.JSON": (f"{_EXTENSIONS}.JSON", {}),
    "v1.JSONSchemaPropsOrArray": (f"{_EXTENSIONS}.JSONSchemaPropsOrArray", {}),
    "v1.JSONSchemaPropsOrBool": (f"{_EXTENSIONS}.JSONSchemaPropsOrBool", {}),
    "v1.JSONSchemaPropsOrStringArray": (f"{_EXTENSIONS}.JSONSchemaPropsOrStringArray", {}),
    "v1.MicroTime": (f"{META}.MicroTime", {"type": "string", "format": "date-time"}),
    "v1.Time": (f"{META}.Time", {"type": "string", "format": "date-time"}),
}


@dataclass(frozen=True)
class Dialect:
    """How one version writes what the versions write differently."""

    version: int
    prefix: str
    """What stands before the name of a schema in a reference to it."""
    named: Mapping[str, tuple[str, Object]]
    """Scalars with a name of their own, by Go's; `kubectl explain` prints it as a field's type."""

    def reference(self, name: str) -> Object:
        """A reference to a schema."""
        return {"$ref": self.prefix + name}

    def told_with(self, schema: Object, facts: Object) -> Object:
        """A schema with more facts about the field that has it."""
        if self.version == 2:
            return schema | {name: fact for name, fact in facts.items() if name != "default"}
        # Beside a reference version 3 reads nothing else, so it is wrapped.
        return {"allOf": [schema], **facts} if facts and "$ref" in schema else schema | facts


V2 = Dialect(
    version=2,
    prefix="#/definitions/",
    named={
        **_NAMED,
        "resource.Quantity": (_QUANTITY, {"type": "string"}),
        "intstr.IntOrString": (_INT_OR_STRING, {"type": "string", "format": "int-or-string"}),
    },
)
V3 = Dialect(
    version=3,
    prefix="#/components/schemas/",
    named={
        **_NAMED,
        "resource.Quantity": (_QUANTITY, {"oneOf": [{"type": "string"}, {"type": "number"}]}),
        "intstr.IntOrString": (
            _INT_OR_STRING,
            {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
        ),
    },
)
