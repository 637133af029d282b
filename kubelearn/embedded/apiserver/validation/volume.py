"""Rules for the volumes of a pod.

Of the many types of storage systems only that there is not more than one is checked, since no node
here could mount them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kubelearn.embedded.apiserver.validation.common import (
    descending_path,
    dns_label,
    file_mode,
    file_path,
    no_backsteps,
    supported,
)
from kubelearn.embedded.apiserver.validation.downward import (
    VOLUME_FIELDS,
    field_selector,
    resource_selector,
)
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    duplicate,
    forbidden,
    invalid,
    required,
)
from kubelearn.embedded.apiserver.validation.storage import claim_template
from kubelearn.objects import Object
from kubelearn.quantity import quantity

_HOST_PATH_TYPES = (
    "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate",
    "Socket",
)  # fmt: skip
_SHORTEST_TOKEN, _LONGEST_TOKEN = 600, 2**32


def volumes(field: str, found: Iterable[Object], usable: set[str]) -> Errors:
    """The volumes of a pod, with unique names; those that are good are added to `usable`."""
    for i, volume in enumerate(found):
        here = f"{field}[{i}]"
        problems = [*_source(here, volume), *_name(f"{here}.name", volume["name"])]
        if volume["name"] in usable:
            problems.append(duplicate(f"{here}.name", volume["name"]))
        if not problems:
            usable.add(volume["name"])
        yield from problems


def _name(field: str, name: str) -> Errors:
    if not name:
        yield required(field)
    else:
        yield from dns_label(field, name)


# As upstream spells them in this message.
_TOLD = {"cephfs": "cephFS", "downwardAPI": "downwarAPI"}


def _source(field: str, volume: Object) -> Errors:
    # In upstream's order: the first type given is checked, the others are too many.
    given = sorted(
        (name for name in volume if name != "name"),
        key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER),
    )
    if not given:
        yield required(field, "must specify a volume type")
        return
    if check := _SOURCES.get(given[0]):
        yield from check(f"{field}.{given[0]}", volume[given[0]])
    for name in given[1:]:
        yield forbidden(
            f"{field}.{_TOLD.get(name, name)}", "may not specify more than 1 volume type"
        )


def _empty_dir(field: str, source: Object) -> Errors:
    if quantity(source.get("sizeLimit", 0)) < 0:
        detail = "SizeLimit field must be a valid resource quantity"
        yield forbidden(f"{field}.sizeLimit", detail)


def host_path(field: str, source: Object) -> Errors:
    """A folder of the node."""
    if not source["path"]:
        yield required(f"{field}.path")
        return
    yield from no_backsteps(f"{field}.path", source["path"])
    yield from supported(f"{field}.type", source.get("type"), _HOST_PATH_TYPES)


def _secret(field: str, source: Object) -> Errors:
    yield from _files(field, source, name="secretName")


def _config_map(field: str, source: Object) -> Errors:
    yield from _files(field, source, name="name")


def _files(field: str, source: Object, *, name: str) -> Errors:
    if not source.get(name):
        yield required(f"{field}.{name}")
    yield from file_mode(f"{field}.defaultMode", source.get("defaultMode"))
    yield from _items(f"{field}.items", source)


def _items(field: str, source: Object) -> Errors:
    for i, item in enumerate(source.get("items") or []):
        here = f"{field}[{i}]"
        for name in ("key", "path"):
            if not item[name]:
                yield required(f"{here}.{name}")
        yield from file_path(f"{here}.path", item["path"])
        yield from file_mode(f"{here}.mode", item.get("mode"))


def _downward_api(field: str, source: Object) -> Errors:
    yield from file_mode(f"{field}.defaultMode", source.get("defaultMode"))
    for item in source.get("items") or []:
        yield from _downward_file(field, item)


def _downward_file(field: str, item: Object) -> Errors:
    if not item["path"]:
        yield required(f"{field}.path")
    yield from file_path(f"{field}.path", item["path"])
    if "fieldRef" in item:
        yield from field_selector(f"{field}.fieldRef", item["fieldRef"], VOLUME_FIELDS)
        if "resourceFieldRef" in item:
            detail = "fieldRef and resourceFieldRef can not be specified simultaneously"
            yield invalid(field, "resource", detail)
    elif "resourceFieldRef" in item:
        selector = item["resourceFieldRef"]
        yield from resource_selector(f"{field}.resourceFieldRef", selector, in_volume=True)
    else:
        yield required(field, "one of fieldRef and resourceFieldRef is required")
    yield from file_mode(f"{field}.mode", item.get("mode"))


def _projected(field: str, source: Object) -> Errors:
    yield from file_mode(f"{field}.defaultMode", source.get("defaultMode"))
    paths: set[str] = set()
    for i, part in enumerate(source.get("sources") or []):
        here = f"{field}.sources[{i}]"
        for name, check in _PROJECTIONS.items():
            if name in part:
                yield from check(f"{here}.{name}", part[name], field)
                yield from _conflicts(field, part[name], paths)
        if len(part) > 1:
            detail = "may not specify more than 1 volume type per source"
            yield forbidden(here, detail)


def _conflicts(field: str, part: Object, paths: set[str]) -> Errors:
    for item in part.get("items") or []:
        if item["path"] in paths:
            yield invalid(field, part.get("name", item["path"]), "conflicting duplicate paths")
        paths.add(item["path"])


def _projected_files(field: str, part: Object, _: str) -> Errors:
    if not part.get("name"):
        yield required(f"{field}.name")
    yield from _items(f"{field}.items", part)


def _projected_fields(field: str, part: Object, _: str) -> Errors:
    for item in part.get("items") or []:
        yield from _downward_file(field, item)


def _projected_token(field: str, part: Object, volume: str) -> Errors:
    seconds = part["expirationSeconds"]
    where = f"{field}.expirationSeconds"
    if seconds < _SHORTEST_TOKEN:
        yield invalid(where, seconds, "may not specify a duration less than 10 minutes")
    if seconds > _LONGEST_TOKEN:
        yield invalid(where, seconds, "may not specify a duration larger than 2^32 seconds")
    if not part["path"]:
        yield required(f"{volume}.path")
    else:
        yield from file_path(f"{volume}.path", part["path"])


_PROJECTIONS: dict[str, Callable[[str, Any, str], Errors]] = {
    "secret": _projected_files,
    "configMap": _projected_files,
    "downwardAPI": _projected_fields,
    "serviceAccountToken": _projected_token,
}


def _claim(field: str, source: Object) -> Errors:
    if not source["claimName"]:
        yield required(f"{field}.claimName")


def nfs(field: str, source: Object) -> Errors:
    """A folder of an NFS server."""
    for name in ("server", "path"):
        if not source[name]:
            yield required(f"{field}.{name}")
    if not source["path"].startswith("/"):
        yield invalid(f"{field}.path", source["path"], "must be an absolute path")


def _ephemeral(field: str, source: Object) -> Errors:
    template = source.get("volumeClaimTemplate")
    if template is None:
        yield required(f"{field}.volumeClaimTemplate")
    else:
        yield from claim_template(f"{field}.volumeClaimTemplate", template)


def _git_repo(field: str, source: Object) -> Errors:
    if not source["repository"]:
        yield required(f"{field}.repository")
    yield from descending_path(f"{field}.directory", source.get("directory", ""))


_SOURCES: dict[str, Callable[[str, Any], Errors]] = {
    "emptyDir": _empty_dir,
    "hostPath": host_path,
    "gitRepo": _git_repo,
    "secret": _secret,
    "nfs": nfs,
    "persistentVolumeClaim": _claim,
    "downwardAPI": _downward_api,
    "configMap": _config_map,
    "projected": _projected,
    "ephemeral": _ephemeral,
}
_ORDER = tuple(_SOURCES)
