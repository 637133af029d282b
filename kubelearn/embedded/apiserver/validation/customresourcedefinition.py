"""Rules for CustomResourceDefinitions as a whole.

Follows k8s.io/apiextensions-apiserver `pkg/apis/apiextensions/validation/validation.go`. Upstream
checks its internal form, in which what all versions share (of one version, everything) has moved up
to `spec`; errors name it there.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubelearn.embedded.apiserver.apiextensions.approval import ANNOTATION, annotated, approval
from kubelearn.embedded.apiserver.names import dns_1035_label, dns_subdomain
from kubelearn.embedded.apiserver.validation.definitionversion import deprecation, version_parts
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    forbidden,
    immutable,
    invalid,
    one_of,
    required,
)
from kubelearn.embedded.apiserver.validation.metadata import (
    general_metadata,
    general_metadata_update,
)
from kubelearn.embedded.apiserver.validation.rules import on_create, on_status_update, on_update
from kubelearn.objects import Object, is_true

# The fields that move up, with their names in the internal form of `spec` and of a version.
_SHARED = (
    ("schema", "validation", "Schema"),
    ("subresources", "subresources", "Subresources"),
    ("additionalPrinterColumns", "additionalPrinterColumns", "AdditionalPrinterColumns"),
    ("selectableFields", "selectableFields", "SelectableFields"),
)
_SCOPES = ("Cluster", "Namespaced")
_STRATEGIES = ("None", "Webhook")
_MIXED_CASE = "may have mixed case, but should otherwise match: "


@on_create("apiextensions.v1.CustomResourceDefinition")
def definition(obj: Object) -> Errors:
    """A new definition."""
    names, group = obj["spec"]["names"], obj["spec"]["group"]

    def name_rule(name: str) -> list[str]:
        problems = dns_subdomain(name)
        if name != f"{names['plural']}.{group}":
            problems.append('must be spec.names.plural+"."+spec.group')
        return problems

    yield from general_metadata(obj, name_rule, namespaced=False)
    yield from _spec(obj["spec"])
    yield from _status(obj)
    yield from _approval(obj, None)
    yield from _preserves(obj, None)


@on_update("apiextensions.v1.CustomResourceDefinition")
def definition_update(new: Object, old: Object) -> Errors:
    """A changed definition; its group, its plural and, once it is served, more may not change."""
    yield from general_metadata_update(new, old)
    yield from _spec(new["spec"])
    spec, before = new["spec"], old["spec"]
    if is_true(old, "Established"):
        yield from immutable("spec.scope", spec["scope"], before["scope"])
        yield from immutable("spec.names.kind", spec["names"]["kind"], before["names"]["kind"])
    yield from immutable("spec.group", spec["group"], before["group"])
    yield from immutable("spec.names.plural", spec["names"]["plural"], before["names"]["plural"])
    yield from _status(new)
    yield from _approval(new, old)
    yield from _preserves(new, old)


@on_status_update("apiextensions.v1.CustomResourceDefinition")
def status_update(new: Object, old: Object) -> Errors:
    """A changed status."""
    yield from general_metadata_update(new, old)
    yield from _names(new["status"]["acceptedNames"], "status.acceptedNames")


# --- spec -----------------------------------------------------------------------------------------


def _spec(spec: Object) -> Errors:
    versions: list[Object] = spec.get("versions") or []
    shared = {name for name, _, _ in _SHARED if _is_shared(versions, name)}
    yield from _group(spec["group"])
    yield from one_of("spec.scope", spec["scope"], _SCOPES)
    for i, version in enumerate(versions):
        if not (version.get("schema") or {}).get("openAPIV3Schema"):
            yield required(f"spec.versions[{i}].schema.openAPIV3Schema")
    for i, version in enumerate(versions):
        yield from _version(version, f"spec.versions[{i}]", shared)
    yield from _version_list(versions, shared)
    for name in ("plural", "singular", "kind", "listKind"):
        if not spec["names"].get(name):
            yield required(f"spec.names.{name}")
    yield from _names(spec["names"], "spec.names")
    if versions:
        kept = {name: versions[0].get(name) for name, _, _ in _SHARED if name in shared}
        yield from version_parts(kept, "spec", schema="validation", whole=versions[0])
    yield from _conversion(spec.get("conversion") or {})


def _is_shared(versions: Sequence[Object], name: str) -> bool:
    return all(each.get(name) == versions[0].get(name) for each in versions)


def _group(group: str) -> Errors:
    if not group:
        yield required("spec.group")
    elif problems := dns_subdomain(group):
        yield invalid("spec.group", group, ",".join(problems))
    elif "." not in group:
        yield invalid("spec.group", group, "should be a domain with at least one dot")


def _version(version: Object, field: str, shared: set[str]) -> Errors:
    if problems := dns_1035_label(version["name"]):
        yield invalid(f"{field}.name", version["name"], ",".join(problems))
    yield from deprecation(version, f"{field}.deprecationWarning")
    own = {name: each for name, each in version.items() if name not in shared}
    yield from version_parts(own, field, schema="schema", whole=version)


def _version_list(versions: Sequence[Object], shared: set[str]) -> Errors:
    names = [version["name"] for version in versions]
    shown = [_internal(version, shared) for version in versions] or None
    if len(set(names)) < len(names):
        yield invalid("spec.versions", shown, "must contain unique version names")
    if sum(version["storage"] for version in versions) != 1:
        detail = "must have exactly one version marked as storage version"
        yield invalid("spec.versions", shown, detail)


def _internal(version: Object, shared: set[str]) -> Object:
    """A version as upstream's message shows it: by the names of Go's fields."""
    own = {go: None if name in shared else version.get(name) for name, _, go in _SHARED}
    return {
        "Name": version["name"],
        "Served": version["served"],
        "Storage": version["storage"],
        "Deprecated": version.get("deprecated", False),
        "DeprecationWarning": version.get("deprecationWarning"),
        **own,
    }


# --- names ----------------------------------------------------------------------------------------


def _names(names: Object, field: str) -> Errors:
    for name in ("plural", "singular"):
        yield from _label(names.get(name), f"{field}.{name}")
    for name in ("kind", "listKind"):
        yield from _label(names.get(name), f"{field}.{name}", mixed_case=True)
    for i, short in enumerate(names.get("shortNames") or []):
        yield from _label(short, f"{field}.shortNames[{i}]", empty=False)
    if names.get("kind") and names["kind"] == names.get("listKind"):
        detail = "kind and listKind may not be the same"
        yield invalid(f"{field}.listKind", names["listKind"], detail)
    for i, category in enumerate(names.get("categories") or []):
        yield from _label(category, f"{field}.categories[{i}]", empty=False)


def _label(
    value: str | None, field: str, *, mixed_case: bool = False, empty: bool = True
) -> Errors:
    if value or not empty:
        text = value or ""
        if problems := dns_1035_label(text.lower() if mixed_case else text):
            yield invalid(field, text, (_MIXED_CASE if mixed_case else "") + ",".join(problems))


# --- conversion, status, approval -----------------------------------------------------------------


def _conversion(conversion: Object) -> Errors:
    field, webhook = "spec.conversion", conversion.get("webhook") or {}
    config, versions = webhook.get("clientConfig"), webhook.get("conversionReviewVersions")
    yield from one_of(f"{field}.strategy", conversion.get("strategy"), _STRATEGIES)
    if conversion.get("strategy") != "Webhook":
        detail = "should not be set when strategy is not set to Webhook"
        if config is not None:
            yield forbidden(f"{field}.webhookClientConfig", detail)
        if versions:
            yield forbidden(f"{field}.conversionReviewVersions", detail)
        return
    if config is None:
        detail = "required when strategy is set to Webhook"
        yield required(f"{field}.webhookClientConfig", detail)
    elif ("url" in config) == ("service" in config):
        detail = "exactly one of url or service is required"
        yield required(f"{field}.webhookClientConfig", detail)
    yield from _review_versions(versions or [], f"{field}.conversionReviewVersions")


def _review_versions(versions: list[str], field: str) -> Errors:
    if not versions:
        yield required(field)
        return
    for i, version in enumerate(versions):
        if version in versions[:i]:
            yield invalid(f"{field}[{i}]", version, "duplicate version")
        elif problems := dns_1035_label(version):
            yield invalid(f"{field}[{i}]", version, ",".join(problems))
    if not set(versions) & {"v1", "v1beta1"}:
        yield invalid(field, versions, "must include at least one of v1, v1beta1")


def _status(obj: Object) -> Errors:
    status, field = obj["status"], "status.storedVersions"
    yield from _names(status["acceptedNames"], "status.acceptedNames")
    stored = status.get("storedVersions")
    if not stored:
        yield invalid(field, stored, "must have at least one stored version")
        return
    versions = obj["spec"].get("versions") or []
    for version in versions:
        if version["storage"] and version["name"] not in stored:
            yield invalid(field, stored, f"must have the storage version {version['name']}")
    for i, name in enumerate(stored):
        if all(version["name"] != name for version in versions):
            detail = (
                f"missing from spec.versions; {name} was previously a storage version, and must "
                "remain in spec.versions until a storage migration ensures no data remains "
                f"persisted in {name} and removes {name} from status.storedVersions"
            )
            yield invalid(f"{field}[{i}]", name, detail)


def _approval(new: Object, old: Object | None) -> Errors:
    """Groups of the Kubernetes project are for what the project has approved."""
    found = approval(new)
    before = approval(old) if old is not None else None
    if found is None or (before is not None and found.reason == before.reason):
        return
    field = f"metadata.annotations[{ANNOTATION}]"
    if found.reason == "MissingAnnotation":
        yield required(field, found.message)
    elif found.reason == "InvalidAnnotation":
        yield invalid(field, annotated(new), found.message)


def _preserves(new: Object, old: Object | None) -> Errors:
    if old is not None and old["spec"].get("preserveUnknownFields"):
        return
    if new["spec"].get("preserveUnknownFields"):
        detail = (
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in "
            "spec.versions[*].schema instead"
        )
        yield invalid("spec.preserveUnknownFields", True, detail)
