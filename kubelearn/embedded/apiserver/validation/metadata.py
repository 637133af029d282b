"""Rules for `metadata`, the same for every kind but for the name.

Follows k8s.io/apimachinery `pkg/api/validation/objectmeta.go` and, for finalizers, upstream's
`pkg/apis/core/validation/validation.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kubelearn.embedded.apiserver.names import dns_label, dns_subdomain, label_value, qualified_name
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    each_invalid,
    forbidden,
    immutable,
    invalid,
    non_negative,
    required,
    too_long,
)
from kubelearn.objects import Object

NameRule = Callable[[str], list[str]]

_ANNOTATIONS_LIMIT = 256 * 1024
_STANDARD_FINALIZERS = ("kubernetes", "foregroundDeletion", "orphan")


def metadata(
    obj: Object, name_rule: NameRule = dns_subdomain, *, namespaced: bool = True
) -> Errors:
    """Metadata of a built-in kind when it is created, and again when it is replaced."""
    yield from general_metadata(obj, name_rule, namespaced=namespaced)
    yield from _qualified_finalizers(obj["metadata"])


def general_metadata(
    obj: Object, name_rule: NameRule = dns_subdomain, *, namespaced: bool = True
) -> Errors:
    """What holds for custom resources too."""
    meta = obj["metadata"]
    if base := meta.get("generateName"):
        # A dash at the end is fine here: five letters will follow it.
        masked = f"{base[:-2]}a" if len(base) > 1 and base.endswith("-") else base
        yield from each_invalid("metadata.generateName", base, name_rule(masked))
    if name := meta.get("name"):
        yield from each_invalid("metadata.name", name, name_rule(name))
    else:
        yield required("metadata.name", "name or generateName is required")
    yield from _namespace(meta.get("namespace"), namespaced=namespaced)
    yield from non_negative("metadata.generation", meta.get("generation"))
    yield from check_labels(meta.get("labels"), "metadata.labels")
    yield from check_annotations(meta.get("annotations"), "metadata.annotations")
    yield from _owner_references(meta.get("ownerReferences") or [])
    yield from _finalizers(meta.get("finalizers") or [])


def metadata_update(new: Object, old: Object) -> Errors:
    """What may not change in metadata, and what is checked again."""
    yield from general_metadata_update(new, old)
    yield from _qualified_finalizers(new["metadata"])


def general_metadata_update(new: Object, old: Object) -> Errors:
    """What holds for custom resources too."""
    meta, before = new["metadata"], old["metadata"]
    if before.get("deletionTimestamp"):
        yield from _no_new_finalizers(meta.get("finalizers") or [], before.get("finalizers") or [])
    if not meta.get("resourceVersion"):
        yield invalid("metadata.resourceVersion", "", "must be specified for an update")
    if meta.get("generation", 0) < before.get("generation", 0):
        yield invalid("metadata.generation", meta.get("generation", 0), "must not be decremented")
    for name in ("name", "namespace", "uid", "creationTimestamp"):
        yield from immutable(f"metadata.{name}", meta.get(name, ""), before.get(name, ""))
    for name in ("deletionTimestamp", "deletionGracePeriodSeconds"):
        yield from immutable(f"metadata.{name}", meta.get(name), before.get(name))
    yield from check_labels(meta.get("labels"), "metadata.labels")
    yield from check_annotations(meta.get("annotations"), "metadata.annotations")
    yield from _owner_references(meta.get("ownerReferences") or [])


def check_labels(values: Mapping[str, str] | None, field: str) -> Errors:
    """Keys and values of labels."""
    for name, value in (values or {}).items():
        yield from label_name(name, field)
        yield from each_invalid(field, value, label_value(value))


def label_name(name: str, field: str) -> Errors:
    """The key of one label."""
    yield from each_invalid(field, name, qualified_name(name))


def check_annotations(values: Mapping[str, str] | None, field: str) -> Errors:
    """Keys of annotations, in which case does not matter, and their size."""
    values = values or {}
    for name in values:
        yield from each_invalid(field, name, qualified_name(name.lower()))
    if sum(len(k.encode()) + len(v.encode()) for k, v in values.items()) > _ANNOTATIONS_LIMIT:
        yield too_long(field, _ANNOTATIONS_LIMIT)


def label_selector(selector: Mapping[str, Any] | None, field: str) -> Errors:
    """A `LabelSelector`."""
    selector = selector or {}
    yield from check_labels(selector.get("matchLabels"), f"{field}.matchLabels")
    for i, expression in enumerate(selector.get("matchExpressions") or []):
        yield from _requirement(expression, f"{field}.matchExpressions[{i}]")


def ordered(selector: Mapping[str, Any] | None) -> Object | None:
    """A selector as it is shown in messages: in Go's order."""
    if selector is None:
        return None
    shown: Object = {}
    if selector.get("matchLabels"):
        shown["matchLabels"] = dict(sorted(selector["matchLabels"].items()))
    if selector.get("matchExpressions"):
        shown["matchExpressions"] = [
            {name: each[name] for name in ("key", "operator", "values") if name in each}
            for each in selector["matchExpressions"]
        ]
    return shown


def _requirement(expression: Mapping[str, Any], field: str) -> Errors:
    operator, values = expression["operator"], expression.get("values") or []
    if operator in ("In", "NotIn"):
        if not values:
            detail = "must be specified when `operator` is 'In' or 'NotIn'"
            yield required(f"{field}.values", detail)
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            yield forbidden(f"{field}.values", detail)
    else:
        yield invalid(f"{field}.operator", operator, "not a valid selector operator")
    yield from label_name(expression["key"], f"{field}.key")
    for i, value in enumerate(values):
        yield from each_invalid(f"{field}.values[{i}]", value, label_value(value))


def _namespace(namespace: str | None, *, namespaced: bool) -> Errors:
    if not namespaced:
        if namespace:
            yield forbidden("metadata.namespace", "not allowed on this type")
    elif not namespace:
        yield required("metadata.namespace")
    else:
        yield from each_invalid("metadata.namespace", namespace, dns_label(namespace))


def _owner_references(references: Iterable[Object]) -> Errors:
    field = "metadata.ownerReferences"
    controller = ""
    for reference in references:
        if not reference["apiVersion"].rpartition("/")[2]:
            yield invalid(
                f"{field}.apiVersion", reference["apiVersion"], "version must not be empty"
            )
        for name in ("kind", "name", "uid"):
            if not reference[name]:
                yield invalid(f"{field}.{name}", "", "must not be empty")
        if (reference["apiVersion"], reference["kind"]) == ("v1", "Event"):
            detail = "/v1, Kind=Event is disallowed from being an owner"
            yield invalid(field, reference, detail)
        if reference.get("controller"):
            this = f"{reference['kind']}/{reference['name']}"
            if controller:
                yield invalid(
                    field,
                    list(references),
                    "Only one reference can have Controller set to true. "
                    f'Found "true" in references for {controller} and {this}',
                )
            controller = controller or this


def _finalizers(finalizers: list[str]) -> Errors:
    for finalizer in finalizers:
        yield from each_invalid("metadata.finalizers", finalizer, qualified_name(finalizer))
    if {"orphan", "foregroundDeletion"} <= set(finalizers):
        detail = "finalizer orphan and foregroundDeletion cannot be both set"
        yield invalid("metadata.finalizers", finalizers, detail)


def _qualified_finalizers(meta: Object) -> Errors:
    for i, finalizer in enumerate(meta.get("finalizers") or []):
        if "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            detail = "name is neither a standard finalizer name nor is it fully qualified"
            yield invalid(f"metadata.finalizers[{i}]", finalizer, detail)


def _no_new_finalizers(new: list[str], old: list[str]) -> Errors:
    if added := sorted(set(new) - set(old)):
        shown = ", ".join(f'"{each}"' for each in added)
        yield forbidden(
            "metadata.finalizers",
            "no new finalizers can be added if the object is being deleted, "
            f"found new finalizers []string{{{shown}}}",
        )
