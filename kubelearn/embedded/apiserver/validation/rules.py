"""The register of validators, and the order in which they are asked.

Follows k8s.io/apiserver `pkg/registry/rest/{create,update}.go`: on creation the kind's own rules
come first, and the general ones only if those found nothing; on update the general ones are first.
"""

from __future__ import annotations

from collections.abc import Callable

from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.names import path_segment
from kubelearn.embedded.apiserver.validation import customresource
from kubelearn.embedded.apiserver.validation.field import Errors, FieldError
from kubelearn.embedded.apiserver.validation.metadata import (
    general_metadata,
    general_metadata_update,
    metadata,
)
from kubelearn.objects import Object

Create = Callable[[Object], Errors]
Update = Callable[[Object, Object], Errors]

_CREATE: dict[str, Create] = {}
# By type and subresource.
_UPDATE: dict[tuple[str, str], Update] = {}


def on_create(*type_names: str) -> Callable[[Create], Create]:
    """Register a function as the rules for new objects of these types."""

    def register(function: Create) -> Create:
        _CREATE.update(dict.fromkeys(type_names, function))
        return function

    return register


def on_update(*type_names: str, subresource: str = "") -> Callable[[Update], Update]:
    """Register a function, of the new and the old object, as the rules for changes."""

    def register(function: Update) -> Update:
        _UPDATE.update({(name, subresource): function for name in type_names})
        return function

    return register


def on_status_update(*type_names: str) -> Callable[[Update], Update]:
    """Register a function as the rules for changes through the status subresource."""
    return on_update(*type_names, subresource="status")


def validate_create(kind: Kind, obj: Object) -> list[FieldError]:
    """What is wrong with a new object; it has been decoded, defaulted and named."""
    if kind.custom:
        return customresource.create(kind.custom, obj)
    if rules := _CREATE.get(kind.type_name):
        if found := list(rules(obj)):
            return found
        return list(general_metadata(obj, path_segment, namespaced=kind.namespaced))
    return list(metadata(obj, namespaced=kind.namespaced))


def validate_update(kind: Kind, new: Object, old: Object) -> list[FieldError]:
    """What is wrong with a change; errors may repeat, as upstream's do."""
    return validate_part_update(kind, new, old, subresource="")


def validate_part_update(
    kind: Kind, new: Object, old: Object, *, subresource: str
) -> list[FieldError]:
    """What is wrong with a change through a subresource."""
    if kind.custom:
        change = customresource.status_update if subresource else customresource.update
        return change(kind.custom, new, old)
    found = list(general_metadata(new, path_segment, namespaced=kind.namespaced))
    found += general_metadata_update(new, old)
    if own := _UPDATE.get((kind.type_name, subresource)):
        found += own(new, old)
    return found
