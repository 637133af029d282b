"""Which volume is for which claim: what the binder, the scheduler and provisioners agree on.

Upstream: k8s.io/component-helpers/storage/volume and `GetDefaultClass` of pkg/volume/util. Left
out: migration of in-tree volume types to CSI drivers, of which there are none here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from kubelearn.embedded.nodeaffinity import term_holds
from kubelearn.labelselector import matches
from kubelearn.objects import (
    PERSISTENT_VOLUME_CLAIMS,
    Object,
    annotations_of,
    labels_of,
    object_reference,
    parse_time,
)
from kubelearn.quantity import quantity

BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
STORAGE_PROVISIONER = "volume.kubernetes.io/storage-provisioner"
BETA_STORAGE_PROVISIONER = "volume.beta.kubernetes.io/storage-provisioner"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
NO_PROVISIONER = "kubernetes.io/no-provisioner"

_BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
_BETA_DEFAULT_CLASS = "storageclass.beta.kubernetes.io/is-default-class"


def class_of(obj: Object) -> str:
    """The name of a claim's or a volume's StorageClass; "" is a choice too: none."""
    return annotations_of(obj).get(_BETA_CLASS) or obj["spec"].get("storageClassName") or ""


def has_class(claim: Object) -> bool:
    """Whether a claim says which class it wants, be it none."""
    return _BETA_CLASS in annotations_of(claim) or claim["spec"].get("storageClassName") is not None


def default_class(classes: Iterable[Object]) -> Object | None:
    """The class of claims that name none: the newest that is marked so, then the first by name."""
    marked = [each for each in classes if _is_default(each)]
    return min(marked, key=_newest_first, default=None)


def _is_default(storage_class: Object) -> bool:
    annotations = annotations_of(storage_class)
    return "true" in (annotations.get(DEFAULT_CLASS), annotations.get(_BETA_DEFAULT_CLASS))


def _newest_first(storage_class: Object) -> tuple[float, str]:
    meta = storage_class["metadata"]
    return -parse_time(meta["creationTimestamp"]).timestamp(), meta["name"]


def waits_for_consumer(storage_class: Object | None) -> bool:
    """Whether claims of the class are bound only when a pod that uses them is scheduled."""
    return (storage_class or {}).get("volumeBindingMode") == "WaitForFirstConsumer"


def is_fully_bound(claim: Object) -> bool:
    """Whether nothing is left to be done to bind a claim."""
    return bool(claim["spec"].get("volumeName")) and BIND_COMPLETED in annotations_of(claim)


def is_bound_to(volume: Object, claim: Object) -> bool:
    """Whether a volume is reserved for that claim, or bound to it."""
    ref, meta = volume["spec"].get("claimRef"), claim["metadata"]
    if not ref or (ref.get("namespace"), ref.get("name")) != (meta["namespace"], meta["name"]):
        return False
    return not ref.get("uid") or ref["uid"] == meta["uid"]


def bound(volume: Object, claim: Object) -> Object:
    """The volume as it is when bound to the claim; the very same object if it is already."""
    meta, ref = claim["metadata"], volume["spec"].get("claimRef") or {}
    changed = volume
    if any(ref.get(part) != meta[part] for part in ("namespace", "name", "uid")):
        changed = {**changed, "spec": {**changed["spec"], "claimRef": claim_reference(claim)}}
    if not is_bound_to(volume, claim):
        changed = annotated(changed, {BOUND_BY_CONTROLLER: "yes"})
    return changed


def claim_reference(claim: Object) -> Object:
    """How a volume names its claim."""
    return object_reference(PERSISTENT_VOLUME_CLAIMS, claim)


def annotated(obj: Object, annotations: Mapping[str, str]) -> Object:
    """The object with these annotations, which it did not have."""
    merged = {**annotations_of(obj), **annotations}
    return {**obj, "metadata": {**obj["metadata"], "annotations": merged}}


def find_matching(
    claim: Object,
    volumes: Iterable[Object],
    *,
    node: Object | None = None,
    excluded: Collection[str] = (),
    delayed: bool = False,
) -> Object | None:
    """The volume for a claim: the one that is reserved for it, else the smallest that will do.

    The scheduler names a `node`, where the volume has to be usable. Without it, a claim whose
    binding is `delayed` gets only what is reserved for it.
    """
    best: Object | None = None
    for volume in volumes:
        if volume["metadata"]["name"] in excluded or not _may_hold(volume, claim):
            continue
        fits = node is None or fits_node(volume, node)
        if is_bound_to(volume, claim):
            return volume if fits else None
        if (
            fits
            and not (node is None and delayed)
            and _is_free_for(volume, claim)
            and (best is None or capacity(volume) < capacity(best))
        ):
            best = volume
    return best


def _may_hold(volume: Object, claim: Object) -> bool:
    """What is asked even of a volume that is reserved for the claim."""
    if volume["spec"].get("claimRef") and not is_bound_to(volume, claim):
        return False
    return (
        capacity(volume) >= requested(claim)
        and same_mode(volume, claim)
        and _attributes(volume) == _attributes(claim)
        and not volume["metadata"].get("deletionTimestamp")
    )


def _is_free_for(volume: Object, claim: Object) -> bool:
    selector = claim["spec"].get("selector")
    return (
        (volume.get("status") or {}).get("phase") == "Available"
        and (selector is None or matches(selector, volume["metadata"].get("labels")))
        and class_of(volume) == class_of(claim)
        and offers_access(volume, claim)
    )


def mismatch(volume: Object, claim: Object) -> str:
    """Why a volume that a claim asks for by name is not good enough; empty if it is."""
    name = volume["metadata"]["name"]
    reasons = {
        f'the volume is marked for deletion "{name}"': not volume["metadata"].get(
            "deletionTimestamp"
        ),
        "requested PV is too small": capacity(volume) >= requested(claim),
        "storageClassName does not match": class_of(volume) == class_of(claim),
        "volumeAttributesClassName does not match": _attributes(volume) == _attributes(claim),
        "incompatible volumeMode": same_mode(volume, claim),
        "incompatible accessMode": offers_access(volume, claim),
    }
    return next((reason for reason, holds in reasons.items() if not holds), "")


def capacity(volume: Object) -> int:
    """The size of a volume, in bytes."""
    return int(quantity((volume["spec"].get("capacity") or {}).get("storage", 0)))


def requested(claim: Object) -> int:
    """The size that a claim asks for, in bytes."""
    requests = (claim["spec"].get("resources") or {}).get("requests") or {}
    return int(quantity(requests.get("storage", 0)))


def same_mode(volume: Object, claim: Object) -> bool:
    """Whether both are file systems, or both block devices."""
    modes = {each["spec"].get("volumeMode") or "Filesystem" for each in (volume, claim)}
    return len(modes) == 1


def offers_access(volume: Object, claim: Object) -> bool:
    """Whether the volume can be mounted in all ways that the claim asks for."""
    return {*(claim["spec"].get("accessModes") or [])} <= {
        *(volume["spec"].get("accessModes") or [])
    }


def _attributes(obj: Object) -> str:
    return obj["spec"].get("volumeAttributesClassName") or ""


def fits_node(volume: Object, node: Object) -> bool:
    """Whether the volume can be used on that node (`CheckNodeAffinity`)."""
    required = (volume["spec"].get("nodeAffinity") or {}).get("required")
    if not required:
        return True
    meta = node["metadata"]
    labels = labels_of(node)
    return any(
        term_holds(term, meta["name"], labels) for term in required.get("nodeSelectorTerms") or []
    )
