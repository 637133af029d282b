"""What this server serves, told to clients: groups, versions, resources.

Stands for k8s.io/apiserver `pkg/endpoints/discovery`. There are two forms. The old one is a list of
groups and a list of resources for each version, fetched one by one; the aggregated one (since 1.26)
holds everything in two documents.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from kubelearn.embedded.apiserver.conversion import storage_kind
from kubelearn.embedded.apiserver.kinds import Kind, Kinds, Subresource
from kubelearn.objects import Object

# What nobody may do any more once a definition is being deleted.
_WRITES = ("create", "patch", "update")


def api_versions(server_address: str) -> Object:
    """`/api`: the versions of the core group, and where to find the server."""
    cidr = {"clientCIDR": "0.0.0.0/0", "serverAddress": server_address}
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [cidr]}


def group_list(kinds: Kinds) -> Object:
    """`/apis`: all groups but the core one, which is older than groups."""
    groups = [_group(name, versions) for name, versions in kinds.groups().items() if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(kinds: Kinds, name: str) -> Object | None:
    """`/apis/GROUP`, or None when there is no such group."""
    versions = kinds.groups().get(name)
    if not name or not versions:
        return None
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)}


def _group(name: str, versions: list[str]) -> Object:
    found = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": found, "preferredVersion": found[0]}


def resource_list(kinds: Kinds, group: str, version: str) -> Object | None:
    """`/apis/GROUP/VERSION` or `/api/v1`, or None when there is no such version."""
    served = kinds.in_group(group, version)
    if not served:
        return None
    resources = []
    for kind in served:
        described = _resource(kind) | _storage_version(kinds, kind)
        resources += [described, *(_subresource(kind, sub) for sub in kind.subresources)]
    if served[0].built_in:
        resources.sort(key=lambda resource: str(resource["name"]))
    # The core group's list lacks the apiVersion, in the real server as well.
    head = {"kind": "APIResourceList"} | ({"apiVersion": "v1"} if group else {})
    return {
        **head,
        "groupVersion": served[0].api_version,
        "resources": resources,
    }


def _resource(kind: Kind) -> Object:
    return {
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": _verbs(kind),
        **_names(kind),
    }


def _storage_version(kinds: Kinds, kind: Kind) -> Object:
    """A name for the version that objects are stored in, by which one sees that it changed."""
    if not (kind.has_verb("create") and kind.has_verb("get")):
        return {}
    stored = storage_kind(kinds, kind)
    group, version = stored.group, stored.version
    if kind.custom:
        version = kind.custom.storage_version.rpartition("/")[2]
    digest = hashlib.sha256(f"{group}/{version}/{kind.kind}".encode()).digest()
    return {"storageVersionHash": base64.b64encode(digest[:8]).decode()}


def _verbs(kind: Kind) -> list[str]:
    ending = kind.custom is not None and kind.custom.terminating
    return [verb for verb in kind.verbs if not ending or verb not in _WRITES]


def _subresource(kind: Kind, sub: Subresource) -> Object:
    own = {"group": sub.group, "version": sub.version} if sub.version else {}
    return {
        "name": f"{kind.plural}/{sub.name}",
        "singularName": "",
        "namespaced": kind.namespaced,
        **own,
        "kind": sub.kind,
        "verbs": list(sub.verbs),
    }


def _in_order(kind: Kind) -> Sequence[Subresource]:
    if kind.custom:
        return kind.subresources
    return sorted(kind.subresources, key=lambda sub: sub.name)


def _names(kind: Kind) -> Object:
    names = {"shortNames": kind.short_names, "categories": kind.categories}
    return {name: list(values) for name, values in names.items() if values}


def aggregated(kinds: Kinds, *, core: bool) -> Object:
    """`/api` (the core group) or `/apis` (all others) as one document.

    Kubernetes 1.36 knows version v2 of it only; kubectl before 1.30 takes the old form instead.
    """
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": [
            {
                "metadata": {"name": name} if name else {},
                "versions": [_version(kinds, name, each) for each in versions],
            }
            for name, versions in kinds.groups().items()
            if (name == "") is core
        ],
    }


def _version(kinds: Kinds, group: str, version: str) -> Object:
    resources = [_discovered(kind) for kind in kinds.in_group(group, version)]
    return {"version": version, "resources": resources, "freshness": "Current"}


def _discovered(kind: Kind) -> Object:
    found = {
        "resource": kind.plural,
        "responseKind": _response_kind(kind, kind.kind),
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": _verbs(kind),
        **_names(kind),
    }
    if kind.subresources:
        found["subresources"] = [
            {
                "subresource": sub.name,
                "responseKind": _response_kind(kind, sub.kind, sub),
                "verbs": list(sub.verbs),
            }
            for sub in _in_order(kind)
        ]
    return found


def _response_kind(kind: Kind, name: str, sub: Subresource | None = None) -> Object:
    # Nothing said means the resource's own group and version; custom resources spell them out.
    group, version = (kind.group, kind.version) if not kind.built_in else ("", "")
    if sub and sub.version:
        group, version = sub.group, sub.version
    return {"group": group, "version": version, "kind": name}
