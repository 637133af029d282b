"""An APIService for each group and version that this server answers itself.

Stands for k8s.io/kubernetes `pkg/controlplane/apiserver/aggregator.go` and k8s.io/kube-aggregator
`pkg/controllers/autoregister`.
"""

from __future__ import annotations

import asyncio

from kubelearn.embedded.apiserver import defaults, serializer
from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.deletion import delete
from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.options import DeleteOptions
from kubelearn.embedded.apiserver.registries import Registries
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.status import StatusError
from kubelearn.embedded.apiserver.write import Write
from kubelearn.objects import Object, labels_of

USER = User("system:kube-aggregator", ("system:masters", "system:authenticated"))
_LABEL = "kube-aggregator.kubernetes.io/automanaged"
_GROUPS = {
    "": 18000, "apps": 17800, "events.k8s.io": 17750, "authentication.k8s.io": 17700,
    "authorization.k8s.io": 17600, "autoscaling": 17500, "batch": 17400,
    "networking.k8s.io": 17200, "policy": 17100, "rbac.authorization.k8s.io": 17000,
    "storage.k8s.io": 16800, "apiextensions.k8s.io": 16700,
    "admissionregistration.k8s.io": 16700, "scheduling.k8s.io": 16600,
    "coordination.k8s.io": 16500, "node.k8s.io": 16300, "discovery.k8s.io": 16200,
    "resource.k8s.io": 16200, "certificates.k8s.io": 17300, "flowcontrol.apiserver.k8s.io": 16100,
}  # fmt: skip
_VERSIONS = {("", "v1"): 1, ("autoscaling", "v2"): 30, ("resource.k8s.io", "v1"): 21}
_VERSION, _CUSTOM_GROUP, _CUSTOM_VERSION = 15, 1000, 100
OWN_GROUP = "apiregistration.k8s.io"


class AutoRegister:
    """Keeps the APIServices of this server's own groups; `remote` are those of other servers."""

    def __init__(self, registries: Registries) -> None:
        self._kinds = registries.kinds
        self._registries = registries

    async def sync(self, *, remote: set[tuple[str, str]]) -> None:
        """Make the APIServices that are missing, and remove those of kinds that have gone."""
        registry = self._registries.resource("apiservices", OWN_GROUP)
        wanted = {
            f"{version}.{group}": (group, version)
            for group, versions in self._kinds.groups().items()
            for version in versions
            if (group, version) not in remote and group != OWN_GROUP
        }
        present = {}
        for kv in registry.store.range(registry.prefix()):
            obj = decode(kv.value)
            present[obj["metadata"]["name"]] = obj
        # At once, so that the store writes them down together.
        await asyncio.gather(
            *(_create(registry, *wanted[name]) for name in wanted.keys() - present.keys()),
            *(
                _delete(registry, name)
                for name in present.keys() - wanted.keys()
                if _LABEL in labels_of(present[name])
            ),
        )


async def _create(registry: Registry, group: str, version: str) -> None:
    built_in = group in _GROUPS
    priority = _VERSIONS.get((group, version), _VERSION) if built_in else _CUSTOM_VERSION
    kind = registry.kind
    body: Object = {
        "kind": kind.kind,
        "apiVersion": kind.api_version,
        "metadata": {
            "name": f"{version}.{group}",
            "labels": {_LABEL: "onstart" if built_in else "true"},
        },
        "spec": {
            "group": group,
            "version": version,
            "groupPriorityMinimum": _GROUPS.get(group, _CUSTOM_GROUP),
            "versionPriority": priority,
        },
    }
    wanted = serializer.decode(kind, body).object
    defaults.apply(kind, wanted)
    try:
        await registry.create(Write(user=USER, name=wanted["metadata"]["name"]), wanted)
    except StatusError as error:
        if error.reason != "AlreadyExists":
            raise


async def _delete(registry: Registry, name: str) -> None:
    try:
        await delete(registry, Write(user=USER, name=name), DeleteOptions())
    except StatusError as error:
        if error.reason != "NotFound":
            raise
