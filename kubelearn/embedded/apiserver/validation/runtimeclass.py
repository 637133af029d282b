"""Rules for RuntimeClasses (upstream `pkg/apis/node/validation/validation.go`)."""

from __future__ import annotations

from kubelearn.embedded.apiserver.validation.common import dns_label
from kubelearn.embedded.apiserver.validation.field import Errors, duplicate, immutable, required
from kubelearn.embedded.apiserver.validation.internals import internal
from kubelearn.embedded.apiserver.validation.metadata import check_labels, metadata, metadata_update
from kubelearn.embedded.apiserver.validation.resources import resource_requirements
from kubelearn.embedded.apiserver.validation.rules import on_create, on_update
from kubelearn.embedded.apiserver.validation.scheduling import tolerations
from kubelearn.objects import Object

_KEYS = ("key", "operator", "value", "effect")


@on_create("node.v1.RuntimeClass")
def runtime_class(obj: Object) -> Errors:
    """A RuntimeClass."""
    yield from metadata(obj, namespaced=False)
    if not obj["handler"]:
        yield required("handler")
    else:
        yield from dns_label("handler", obj["handler"])
    if (overhead := obj.get("overhead")) is not None:
        yield from resource_requirements("overhead", {"limits": overhead.get("podFixed")})
    if (scheduling := obj.get("scheduling")) is not None:
        yield from _scheduling("scheduling", scheduling)


def _scheduling(field: str, scheduling: Object) -> Errors:
    yield from check_labels(scheduling.get("nodeSelector"), f"{field}.nodeSelector")
    found = scheduling.get("tolerations") or []
    yield from tolerations(f"{field}.tolerations", found)
    seen = []
    for i, each in enumerate(found):
        about = [each.get(key) for key in _KEYS]
        if about in seen:
            yield duplicate(f"{field}.tolerations[{i}]", internal("core.v1.Toleration", each))
        seen.append(about)


@on_update("node.v1.RuntimeClass")
def runtime_class_update(new: Object, old: Object) -> Errors:
    """A RuntimeClass again, with the same handler."""
    yield from metadata_update(new, old)
    yield from immutable("handler", new["handler"], old["handler"])
