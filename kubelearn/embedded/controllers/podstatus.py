"""What the control plane writes into the status of pods that it gives up.

Upstream: pkg/util/pod `PatchPodStatus`. The kubelet owns a pod's status; a patch touches only the
condition meant, and only if the pod is still the same one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from kubelearn.embedded.client import Client
from kubelearn.errors import NotFound
from kubelearn.objects import PODS, Object, timestamp


def disruption(pod: Object, reason: str, message: str, *, now: datetime) -> Object:
    """The condition of a pod that is about to be ended by the control plane."""
    return {
        "type": "DisruptionTarget",
        "observedGeneration": pod["metadata"].get("generation"),
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": timestamp(now),
        "reason": reason,
        "message": message,
    }


async def patch_status(client: Client, pod: Object, condition: Object, **status: Any) -> bool:
    """Set one condition, and other fields of the status; False if the pod is gone."""
    meta = pod["metadata"]
    patch = {
        "metadata": {"uid": meta["uid"]},
        "status": {**status, "conditions": [condition]},
    }
    try:
        await client.patch(
            PODS, meta["name"], patch, meta["namespace"], kind="strategic", sub="status"
        )
    except NotFound:
        return False
    return True
