"""The two ways in which a policy changes an object.

Stands for k8s.io/apiserver `pkg/admission/plugin/policy/mutating/patch`: `ApplyConfiguration` lays
part of an object over the whole, as server-side apply does; `JSONPatch` gives operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kubelearn.embedded.apiserver.apiextensions.cel import CelError, expression, native
from kubelearn.embedded.apiserver.jsonpatch import PatchError, TestFailed, apply_json_patch
from kubelearn.embedded.apiserver.managedfields.shape import Items, Leaf, Parts, Shape, shape_of
from kubelearn.embedded.apiserver.managedfields.shape import resolve as resolved
from kubelearn.embedded.apiserver.managedfields.typed import merge, problems
from kubelearn.embedded.apiserver.serializer import DecodeError
from kubelearn.embedded.apiserver.status import internal
from kubelearn.embedded.apiserver.webhooks import Attributes
from kubelearn.objects import Object


class MutationFailed(ValueError):
    """A mutation that does not fit the object."""


def mutate(attributes: Attributes, mutation: Object, variables: Mapping[str, Any]) -> None:
    """Change the new object of a write, in place. Raises MutationFailed, StatusError."""
    from kubelearn.embedded.apiserver.policies import celobjects

    is_patch = mutation["patchType"] == "JSONPatch"
    text = mutation["jsonPatch" if is_patch else "applyConfiguration"]["expression"].strip()
    obj = attributes.new or {}
    try:
        value = expression(text).evaluate({**variables, **celobjects.variables()})
        changed = _patched(obj, value) if is_patch else _applied(attributes, obj, value)
    except CelError as error:
        raise MutationFailed(f"expression '{text}' resulted in error: {error}") from None
    try:
        attributes.become(changed)
    except DecodeError as error:
        raise internal(str(error)) from None


def _patched(obj: Object, operations: Any) -> Object:
    from kubelearn.embedded.apiserver.policies.celobjects import Made, mismatches

    if not isinstance(operations, list) or not all(
        isinstance(each, Made) and each.type_name == "JSONPatch" for each in operations
    ):
        raise MutationFailed(
            "type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch"
        )
    for value in (each["value"] for each in operations if "value" in each):
        if isinstance(value, Made) and (found := list(mismatches(value, value.type_name))):
            raise MutationFailed("type mismatch: " + "\n".join(found))
    try:
        patched: Object = apply_json_patch(obj, [native(each) for each in operations])
    except TestFailed:
        return obj  # a patch whose test fails is not meant for this object
    except PatchError as error:
        raise MutationFailed(f"JSON Patch: {error}") from None
    return patched


def _applied(attributes: Attributes, obj: Object, configuration: Any) -> Object:
    from kubelearn.embedded.apiserver.policies.celobjects import Made, mismatches

    if not isinstance(configuration, Made) or configuration.type_name != "Object":
        raise MutationFailed("must evaluate to Object")
    if found := list(mismatches(configuration, "Object")):
        raise MutationFailed("type mismatch: " + "\n".join(found))
    kind = attributes.registry.kind
    patch = {**native(configuration), "apiVersion": kind.api_version, "kind": kind.kind}
    shape = shape_of(kind)
    if found := list(problems(patch, shape)):
        text = f"failed to convert patch object to typed object: {found[0]}"
        raise MutationFailed(f"error applying patch: {text}")
    if found := list(_atomics(patch, shape, "")):
        text = f"may not mutate atomic arrays, maps or structs: {', '.join(found)}"
        raise MutationFailed(f"error applying patch: invalid ApplyConfiguration: {text}")
    merged: Object = merge(obj, patch, shape)
    return merged


def _atomics(value: Any, shape: Shape, path: str) -> Iterator[str]:
    """The paths of lists and maps that can only be written as a whole.

    Who names some of their fields would remove all others without noticing.
    """
    shape = resolved(shape, value)
    if isinstance(shape, Leaf):
        if shape.form in ("list", "map"):
            yield path
    elif isinstance(shape, Items):
        for index, item in enumerate(value):
            yield from _atomics(item, shape.item, f"{path}[{index}]")
    elif isinstance(shape, Parts) and isinstance(value, dict):
        for name, each in value.items():
            yield from _atomics(each, shape.child(name) or Leaf(), f"{path}.{name}")
