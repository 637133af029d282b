"""The FlowSchemas and priority levels of every cluster.

Stands for k8s.io/kubernetes `pkg/registry/flowcontrol/rest`. Left out: repairing those that
somebody has changed, at each start.
"""

from __future__ import annotations

import asyncio
import uuid

from kubelearn.embedded.apiserver import defaults, serializer
from kubelearn.embedded.apiserver.encoding import encode
from kubelearn.embedded.apiserver.flowcontrol.standard import GROUP, objects
from kubelearn.embedded.apiserver.registries import Registries
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.objects import Object, timestamp

_ANNOTATIONS = {"apf.kubernetes.io/autoupdate-spec": "true"}


async def bootstrap_flow_control(registries: Registries) -> None:
    """Make what is not there (any more), all at once: the server waits until it is stored."""
    kinds = {
        "FlowSchema": registries.resource("flowschemas", GROUP),
        "PriorityLevelConfiguration": registries.resource("prioritylevelconfigurations", GROUP),
    }
    await asyncio.gather(*(_make(kinds[obj["kind"]], obj) for obj in objects()))


async def _make(registry: Registry, obj: Object) -> None:
    """Store an object that needs no admission and no validation any more."""
    key = registry.key("", obj["metadata"]["name"])
    if registry.store.get(key):
        return
    meta = {
        **obj["metadata"],
        "uid": str(uuid.UUID(int=registry.random.getrandbits(128), version=4)),
        "creationTimestamp": timestamp(registry.clock.now()),
        "generation": 1,
        "annotations": _ANNOTATIONS,
    }
    body = obj | {"apiVersion": registry.kind.api_version, "metadata": meta}
    made = serializer.decode(registry.kind, body).object
    defaults.apply(registry.kind, made)
    await registry.store.create(key, lambda revision: encode(made, revision=revision))
