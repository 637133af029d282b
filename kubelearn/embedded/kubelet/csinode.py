"""Which drivers of storage a node has: the object CSINode, for here none.

Upstream: pkg/volume/csi/nodeinfomanager. The scheduler reads there how many volumes a node takes,
and that volumes of clouds, which once were Kubernetes' own, are the matter of drivers now.
"""

from __future__ import annotations

import contextlib

from kubelearn.embedded.client import Client
from kubelearn.errors import AlreadyExists
from kubelearn.objects import CSI_NODES, Object

_MIGRATED = ("aws-ebs", "azure-disk", "azure-file", "cinder", "gce-pd", "portworx-volume",
             "vsphere-volume")  # fmt: skip
_ANNOTATION = "storage.alpha.kubernetes.io/migrated-plugins"


async def ensure_csi_node(client: Client, node: Object) -> None:
    """Make the object of a node; it goes with the node. Raises ApiError."""
    meta = node["metadata"]
    owner = {"apiVersion": "v1", "kind": "Node", "name": meta["name"], "uid": meta["uid"]}
    migrated = ",".join(f"kubernetes.io/{name}" for name in _MIGRATED)
    made = {
        "metadata": {
            "name": meta["name"],
            "annotations": {_ANNOTATION: migrated},
            "ownerReferences": [owner],
        },
        "spec": {"drivers": []},
    }
    with contextlib.suppress(AlreadyExists):
        await client.create(CSI_NODES, made)
