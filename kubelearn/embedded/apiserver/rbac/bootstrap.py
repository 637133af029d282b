"""The roles and bindings of every cluster.

Stands for k8s.io/kubernetes `plugin/pkg/auth/authorizer/rbac/bootstrappolicy`. `data/rbac.json` has
what a 1.36 server makes, for the components that exist here. Left out: repairing the ones that
somebody has changed, at each start.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from importlib.resources import files

from kubelearn.embedded.apiserver.encoding import encode
from kubelearn.embedded.apiserver.registries import Registries
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.objects import Object, timestamp

_GROUP = "rbac.authorization.k8s.io"
_LABELS = {"kubernetes.io/bootstrapping": "rbac-defaults"}
_ANNOTATIONS = {"rbac.authorization.kubernetes.io/autoupdate": "true"}


async def bootstrap_roles(registries: Registries) -> None:
    """Make what is not there (any more), all at once: the server waits until it is stored."""
    kinds = {
        "ClusterRole": registries.resource("clusterroles", _GROUP),
        "ClusterRoleBinding": registries.resource("clusterrolebindings", _GROUP),
    }
    text = files("kubelearn.embedded.apiserver").joinpath("data/rbac.json").read_text()
    await asyncio.gather(*(_make(kinds[obj["kind"]], obj) for obj in json.loads(text)))


async def _make(registry: Registry, obj: Object) -> None:
    """Store an object that needs no admission and no validation any more."""
    meta = obj["metadata"]
    key = registry.key("", meta["name"])
    if registry.store.get(key):
        return
    made = obj | {
        "apiVersion": registry.kind.api_version,
        "metadata": {
            "name": meta["name"],
            "uid": str(uuid.UUID(int=registry.random.getrandbits(128), version=4)),
            "creationTimestamp": timestamp(registry.clock.now()),
            "labels": _LABELS | meta.get("labels", {}),
            "annotations": _ANNOTATIONS,
        },
    }
    await registry.store.create(key, lambda revision: encode(made, revision=revision))
