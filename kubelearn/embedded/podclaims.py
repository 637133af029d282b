"""The claims that a pod uses: those it names, and those that are made for it alone.

Upstream: k8s.io/component-helpers/storage/ephemeral and `PodPVCIndex` of
pkg/controller/volume/common.
"""

from __future__ import annotations

from collections.abc import Iterator

from kubelearn.objects import Object, controller_of


def claim_name(pod: Object, volume: Object) -> str | None:
    """The name of the claim behind one of the pod's volumes, if there is one."""
    if source := volume.get("persistentVolumeClaim"):
        return str(source["claimName"])
    if "ephemeral" in volume:
        return f"{pod['metadata']['name']}-{volume['name']}"
    return None


def claim_keys(pod: Object) -> Iterator[str]:
    """The keys of all claims that a pod uses: an index function."""
    for volume in pod["spec"].get("volumes") or []:
        if name := claim_name(pod, volume):
            yield f"{pod['metadata']['namespace']}/{name}"


def foreign(pod: Object, claim: Object) -> str:
    """Why a claim cannot be the pod's ephemeral volume; empty if it is that."""
    ref = controller_of(claim)
    if ref and ref["uid"] == pod["metadata"]["uid"]:
        return ""
    names = [f"{each['metadata']['namespace']}/{each['metadata']['name']}" for each in (claim, pod)]
    return f"PVC {names[0]} was not created for pod {names[1]} (pod is not owner)"
