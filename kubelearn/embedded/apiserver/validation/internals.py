"""Objects as upstream's internal types print them in messages: Go's names, and all fields.

Upstream validates internal structs, which have no JSON tags, so that some of its messages show
`{"Key":"a","Value":"","Effect":"NoSchedule","TimeAdded":null}`. Those structs are those of the API
with a few fields elsewhere (k8s.io/kubernetes `pkg/apis/core/types.go`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kubelearn.embedded.apiserver import schema
from kubelearn.embedded.apiserver.schema import Field, List, Map, Scalar, Struct, Type
from kubelearn.objects import Object

_BEGINNING = re.compile(
    r"^(uid|api(?=[VG])|tty$|dns(?=[A-Z])|os$|ip(?=$|Fam)|fs(?=[GT])|http(?=[GH])|tcp(?=S)|grpc$"
    r"|nfs$|iscsi$|rbd$|csi$|fc$|gce(?=P)|aws(?=E)|se(?=L)|.)"
)
_ZERO = {"bool": False, "string": "", "float64": 0, "int32": 0, "int64": 0, "IntOrString": 0}
_SPELLINGS = {"cephfs": "CephFS", "storageos": "StorageOS"}
# Fields that upstream's internal structs have in another place: behind these.
_BEHIND = {
    "setHostnameAsFQDN": "subdomain",
    "preemptionPolicy": "priority",
    "overhead": "runtimeClassName",
    "quobyte": "rbd",
}
_HOST = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers")
_OF_POD_SECURITY = (
    "seLinuxOptions", "windowsOptions", "runAsUser", "runAsGroup", "runAsNonRoot",
    "supplementalGroups", "supplementalGroupsPolicy", "fsGroup", "fsGroupChangePolicy", "sysctls",
    "seccompProfile", "appArmorProfile", "seLinuxChangePolicy",
)  # fmt: skip


def internal(type_name: str, obj: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """An object of a type such as `core.v1.Taint`, as messages show it."""
    return None if obj is None else dict(_fields(schema.built_in().struct(type_name), obj))


def difference(type_name: str, old: Object, new: Object) -> str:
    """What changed, line by line, as upstream shows it to whoever changed too much."""
    import difflib  # for this alone

    before, after = (
        json.dumps(internal(type_name, each), indent=1, ensure_ascii=False).splitlines()
        for each in (old, new)
    )
    # The first two lines name files, of which there are none.
    lines = [*difflib.unified_diff(before, after, lineterm="")][2:]
    return "".join(f"{line}\n" for line in lines)


def _fields(struct: Struct, obj: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    match struct.short:
        case "ObjectMeta" | "LabelSelector":
            # Internal types use the API's own.
            yield from ((name, obj[name]) for name in struct.fields if obj.get(name))
        case "PodTemplateSpec":
            yield from _fields(_struct(struct.fields["metadata"]), obj["metadata"])
            yield "Spec", dict(_pod_spec(_struct(struct.fields["spec"]), obj["spec"]))
        case "PodSpec":
            yield from _pod_spec(struct, obj)
        case _:
            yield from _named(struct.fields.values(), obj)


def _pod_spec(struct: Struct, spec: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    elsewhere = (*_HOST, "serviceAccount")
    fields = [field for name, field in struct.fields.items() if name not in elsewhere]
    shown = dict(_named(fields, spec))
    if shown["SecurityContext"] is not None:
        security = _struct(struct.fields["securityContext"])
        host = _named((struct.fields[name] for name in _HOST), spec)
        own = (security.fields[name] for name in _OF_POD_SECURITY)
        shown["SecurityContext"] = {**dict(host), **dict(_named(own, spec["securityContext"]))}
    yield from shown.items()


def _named(fields: Iterable[Field], obj: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    by_name = {field.name: field for field in fields}
    moved = {before: name for name, before in _BEHIND.items() if {name, before} <= set(by_name)}
    for name, field in by_name.items():
        if name not in moved.values():
            yield _go_name(name), _value(field, obj.get(name))
        if name in moved:
            behind = by_name[moved[name]]
            yield _go_name(behind.name), _value(behind, obj.get(behind.name))


def _value(field: Field, value: Any) -> Any:
    if value is not None:
        return _shown(field.type, value)
    match field.type:
        case Struct() if not field.pointer:
            return _shown(field.type, {})
        case Scalar(name) if not field.pointer:
            return _ZERO.get(name)
        case _:
            return None


def _shown(kind: Type, value: Any) -> Any:
    match kind:
        case Struct():
            return dict(_fields(kind, value))
        case List(item):
            return [_shown(item, each) for each in value]
        case Map(item):
            return {name: _shown(item, value[name]) for name in sorted(value)}
        case _:
            return value


def _struct(field: Field) -> Struct:
    if not isinstance(field.type, Struct):
        raise TypeError(field.name)
    return field.type


def _go_name(name: str) -> str:
    return _SPELLINGS.get(name) or _BEGINNING.sub(lambda found: found[0].upper(), name)
