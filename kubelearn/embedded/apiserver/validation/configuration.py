"""Rules for namespaces and for what configures pods: ConfigMaps, Secrets, ServiceAccounts."""

from __future__ import annotations

import base64
from collections.abc import Iterable

import orjson

from kubelearn.embedded.apiserver.names import config_map_key, dns_label, qualified_name
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    each_invalid,
    forbidden,
    immutable,
    invalid,
    required,
    too_long,
)
from kubelearn.embedded.apiserver.validation.metadata import metadata, metadata_update
from kubelearn.embedded.apiserver.validation.rules import on_create, on_status_update, on_update
from kubelearn.objects import Object, annotations_of

_LARGEST = 2**20
_FIXED = "field is immutable when `immutable` is set"
_ACCOUNT = "kubernetes.io/service-account.name"
_DOCKER_KEYS = {
    "kubernetes.io/dockercfg": ".dockercfg",
    "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
}


@on_create("core.v1.Namespace")
def namespace(obj: Object) -> Errors:
    """A namespace, whose name is part of host names."""
    yield from metadata(obj, dns_label, namespaced=False)
    for finalizer in obj["spec"].get("finalizers") or []:
        yield from _finalizer("spec.finalizers", finalizer)


def _finalizer(field: str, finalizer: str) -> Errors:
    yield from each_invalid(field, finalizer, qualified_name(finalizer))
    if "/" not in finalizer and finalizer not in ("kubernetes", "orphan", "foregroundDeletion"):
        detail = "name is neither a standard finalizer name nor is it fully qualified"
        yield invalid(field, finalizer, detail)


@on_update("core.v1.Namespace")
def namespace_update(new: Object, old: Object) -> Errors:
    """A namespace again."""
    yield from namespace(new)
    yield from metadata_update(new, old)


@on_status_update("core.v1.Namespace")
def namespace_status(new: Object, old: Object) -> Errors:
    """Its phase follows from whether it is being deleted."""
    yield from metadata_update(new, old)
    deleted = bool(new["metadata"].get("deletionTimestamp"))
    phase = new["status"].get("phase", "")
    if phase != ("Terminating" if deleted else "Active"):
        only, when = ("Terminating", "not empty") if deleted else ("Active", "empty")
        detail = f"may only be '{only}' if `deletionTimestamp` is {when}"
        yield invalid("status.Phase", phase, detail)


@on_update("core.v1.Namespace", subresource="finalize")
def namespace_finalize(new: Object, old: Object) -> Errors:
    """A change through the subresource `finalize`."""
    yield from metadata_update(new, old)
    for i, finalizer in enumerate(new["spec"].get("finalizers") or []):
        yield from _finalizer(f"spec.finalizers[{i}]", finalizer)


@on_create("core.v1.ConfigMap")
def config_map(obj: Object) -> Errors:
    """Keys that can be names of files, and a megabyte at most."""
    yield from metadata(obj)
    text, binary = obj.get("data") or {}, obj.get("binaryData") or {}
    for key in text:
        yield from each_invalid(f"data[{key}]", key, config_map_key(key))
        if key in binary:
            yield invalid(f"data[{key}]", key, "duplicate of key present in binaryData")
    for key in binary:
        yield from each_invalid(f"binaryData[{key}]", key, config_map_key(key))
    size = sum(len(value.encode()) for value in text.values()) + _size(binary.values())
    if size > _LARGEST:
        yield too_long("[]", _LARGEST)  # how upstream prints the path of the whole object


def _size(encoded: Iterable[str]) -> int:
    return sum(len(value) * 3 // 4 - value[-2:].count("=") for value in encoded)


@on_update("core.v1.ConfigMap")
def config_map_update(new: Object, old: Object) -> Errors:
    """Nothing, once it is immutable."""
    yield from metadata_update(new, old)
    yield from _immutable(new, old, ("data", "binaryData"))
    yield from config_map(new)


def _immutable(new: Object, old: Object, fields: Iterable[str]) -> Errors:
    if not old.get("immutable"):
        return
    if not new.get("immutable"):
        yield forbidden("immutable", _FIXED)
    for name in fields:
        if new.get(name) != old.get(name):
            yield forbidden(name, _FIXED)


@on_create("core.v1.Secret")
def secret(obj: Object) -> Errors:
    """As a ConfigMap, with keys that its type demands."""
    yield from metadata(obj)
    data = obj.get("data") or {}
    for key in data:
        yield from each_invalid(f"data[{key}]", key, config_map_key(key))
    if _size(data.values()) > _LARGEST:
        yield too_long("data", _LARGEST)
    yield from _secret_type(obj, data)


def _secret_type(obj: Object, data: dict[str, str]) -> Errors:
    match obj.get("type"):
        case "kubernetes.io/service-account-token":
            if not annotations_of(obj).get(_ACCOUNT):
                yield required(f"metadata.annotations[{_ACCOUNT}]")
        case "kubernetes.io/dockercfg" | "kubernetes.io/dockerconfigjson" as kind:
            yield from _docker(f"data[{_DOCKER_KEYS[kind]}]", data.get(_DOCKER_KEYS[kind]))
        case "kubernetes.io/basic-auth" if not {"username", "password"} & set(data):
            yield required("data[username]")
            yield required("data[password]")
        case "kubernetes.io/ssh-auth" if not data.get("ssh-privatekey"):
            yield required("data[ssh-privatekey]")
        case "kubernetes.io/tls":
            for key in ("tls.crt", "tls.key"):
                if key not in data:
                    yield required(f"data[{key}]")


def _docker(field: str, encoded: str | None) -> Errors:
    if encoded is None:
        yield required(field)
        return
    try:
        is_object = isinstance(orjson.loads(base64.b64decode(encoded)), dict)
    except ValueError:
        is_object = False
    if not is_object:
        # Upstream adds what its JSON parser says.
        yield invalid(field, "<secret contents redacted>", "must be a JSON object")


@on_update("core.v1.Secret")
def secret_update(new: Object, old: Object) -> Errors:
    """Not its type, and nothing once it is immutable."""
    yield from metadata_update(new, old)
    yield from immutable("type", new.get("type", ""), old.get("type", ""))
    yield from _immutable(new, old, ("data",))
    yield from secret(new)


@on_create("core.v1.ServiceAccount")
def service_account(obj: Object) -> Errors:
    """A ServiceAccount."""
    yield from metadata(obj)


@on_update("core.v1.ServiceAccount")
def service_account_update(new: Object, old: Object) -> Errors:
    """A ServiceAccount again."""
    yield from metadata_update(new, old)
    yield from service_account(new)
