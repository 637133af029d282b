"""From a CustomResourceDefinition to the kinds that it makes the server serve.

Stands for `getOrCreateServingInfoFor` in k8s.io/apiextensions-apiserver
`pkg/apiserver/customresource_handler.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubelearn.embedded.apiserver.apiextensions.conversion import Convert
from kubelearn.embedded.apiserver.apiextensions.pruning import PRESERVE, Schema
from kubelearn.embedded.apiserver.apiextensions.version import CustomVersion
from kubelearn.embedded.apiserver.kinds import Kind, Subresource, version_priority
from kubelearn.objects import Object, is_true

# In the order in which upstream tells them.
_VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
_NO_SCHEMA: Schema = {"type": "object", PRESERVE: True}


def is_served(definition: Object) -> bool:
    """Whether requests for its objects are answered."""
    return is_true(definition, "NamesAccepted") or is_true(definition, "Established")


def served_kinds(definition: Object, convert: Convert | None = None) -> list[Kind]:
    """The kinds of all its served versions; `convert` is what asks a conversion webhook."""
    versions = definition["spec"]["versions"]
    return [_kind(definition, version, convert) for version in versions if version["served"]]


def storage_kind(definition: Object) -> Kind:
    """The kind as which its objects are stored, be it served or not."""
    return _kind(definition, _storage(definition))


def _storage(definition: Object) -> Object:
    found: Object = next(each for each in definition["spec"]["versions"] if each["storage"])
    return found


def _kind(definition: Object, version: Object, convert: Convert | None = None) -> Kind:
    spec, names = definition["spec"], definition["status"]["acceptedNames"]
    made = _version(definition, version, convert)
    return Kind(
        group=spec["group"],
        version=version["name"],
        plural=names["plural"],
        kind=names["kind"],
        namespaced=made.namespaced,
        singular=names.get("singular", ""),
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        verbs=_VERBS,
        subresources=tuple(_subresources(made)),
        custom=made,
    )


def _version(definition: Object, version: Object, convert: Convert | None) -> CustomVersion:
    spec, names = definition["spec"], definition["status"]["acceptedNames"]
    subresources = version.get("subresources") or {}
    storage = _storage(definition)
    return CustomVersion(
        api_version=f"{spec['group']}/{version['name']}",
        kind=names["kind"],
        list_kind=names["listKind"],
        namespaced=spec["scope"] == "Namespaced",
        schema=_schema(version),
        storage_version=f"{spec['group']}/{storage['name']}",
        schemas={f"{spec['group']}/{each['name']}": _schema(each) for each in spec["versions"]},
        has_status="status" in subresources,
        scale=subresources.get("scale"),
        columns=tuple(version.get("additionalPrinterColumns") or ()),
        selectable=tuple(each["jsonPath"] for each in version.get("selectableFields") or ()),
        warning=_deprecation(spec, version),
        terminating=is_true(definition, "Terminating"),
        convert=convert,
    )


def _schema(version: Mapping[str, Any]) -> Schema:
    found: Schema | None = (version.get("schema") or {}).get("openAPIV3Schema")
    return found or _NO_SCHEMA


def _subresources(version: CustomVersion) -> list[Subresource]:
    found = []
    if version.has_status:
        found.append(Subresource("status", version.kind))
    if version.scale:
        found.append(Subresource("scale", "Scale", group="autoscaling", version="v1"))
    return found


def _deprecation(spec: Object, version: Object) -> str:
    if not version.get("deprecated"):
        return ""
    if "deprecationWarning" in version:
        return str(version["deprecationWarning"])
    group, kind = spec["group"], spec["names"]["kind"]
    text = f"{group}/{version['name']} {kind} is deprecated"
    served = [e["name"] for e in spec["versions"] if e["served"] and not e.get("deprecated")]
    newest = min(served, key=version_priority, default=version["name"])
    if version_priority(newest) < version_priority(version["name"]):
        text += f"; use {group}/{newest} {kind}"
    return text
