"""The claims of a StatefulSet's pods: made before the pod, owned as their retention policy says.

Upstream: pkg/controller/statefulset/stateful_pod_control.go, and `isClaimOwnerUpToDate` of
`stateful_set_utils.go`. The garbage collector is who deletes a claim, with the owner that it was
given here: the StatefulSet (`whenDeleted`), or a pod that goes because of scaling (`whenScaled`).
"""

from __future__ import annotations

from collections.abc import Iterable

from kubelearn.embedded.client import Client
from kubelearn.embedded.controller import RetryLater
from kubelearn.embedded.controllers.statefulset import identity
from kubelearn.embedded.events import EventRecorder
from kubelearn.embedded.informer import Informer
from kubelearn.errors import AlreadyExists, ApiError
from kubelearn.objects import PERSISTENT_VOLUME_CLAIMS, Object, key, owner_reference


class Claims:
    """Makes and keeps up the claims of StatefulSets."""

    def __init__(self, client: Client, *, claims: Informer, events: EventRecorder) -> None:
        self._client = client
        self._claims = claims
        self._events = events

    # --- making ---

    def is_stale(self, stateful_set: Object, ordinal: int) -> bool:
        """Whether a claim of that number still goes with the last pod of that name."""
        if policy(stateful_set, "whenScaled") != "Delete":
            return False
        pod = {"name": f"{stateful_set['metadata']['name']}-{ordinal}"}
        return any(
            _names(ref, "Pod", pod)
            for claim in self._of(stateful_set, ordinal)
            for ref in claim["metadata"].get("ownerReferences") or []
        )

    async def create(self, stateful_set: Object, ordinal: int) -> None:
        """Make the claims of that number that are missing. Raises RetryLater, ApiError."""
        for claim in identity.claims(stateful_set, ordinal):
            found = self._claims.get(key(claim))
            if found is None:
                await self._create(stateful_set, ordinal, claim)
            elif found["metadata"].get("deletionTimestamp"):
                raise RetryLater(f"pvc {claim['metadata']['name']} is being deleted")

    async def _create(self, stateful_set: Object, ordinal: int, claim: Object) -> None:
        try:
            await self._client.create(PERSISTENT_VOLUME_CLAIMS, claim)
        except AlreadyExists:
            return
        except ApiError as error:
            if not error.has_cause("NamespaceTerminating"):
                self._tell(stateful_set, ordinal, claim, error)
            raise
        self._tell(stateful_set, ordinal, claim)

    def _tell(
        self, stateful_set: Object, ordinal: int, claim: Object, error: ApiError | None = None
    ) -> None:
        kind, reason = ("Warning", "FailedCreate") if error else ("Normal", "SuccessfulCreate")
        name, owner = claim["metadata"]["name"], stateful_set["metadata"]["name"]
        which = f"for Pod {owner}-{ordinal}" if error else f"Pod {owner}-{ordinal}"
        ending = f"failed error: {error}" if error else "success"
        message = f"Create Claim {name} {which} in StatefulSet {owner} {ending}"
        self._events.event(stateful_set, kind, reason, message)

    # --- owning ---

    async def retain(self, stateful_set: Object, pod: Object) -> bool:
        """Give a pod's claims their owners; whether any had others before."""
        ordinal = identity.ordinal_of(pod, stateful_set)
        changed = False
        for claim in self._of(stateful_set, ordinal) if ordinal is not None else ():
            owners = wanted_owners(claim, stateful_set, pod)
            if owners is None:
                continue
            if any(ref.get("controller") for ref in _others(claim, stateful_set, pod)):
                message = (
                    f"PersistentVolumeClaim {claim['metadata']['name']} has a conflicting "
                    "OwnerReference that acts as a manging controller, the retention policy is "
                    "ignored for this claim"
                )
                self._events.event(stateful_set, "Warning", "ConflictingController", message)
            meta = {**claim["metadata"], "ownerReferences": owners}
            await self._client.update(PERSISTENT_VOLUME_CLAIMS, {**claim, "metadata": meta})
            changed = True
        return changed

    def _of(self, stateful_set: Object, ordinal: int) -> Iterable[Object]:
        for claim in identity.claims(stateful_set, ordinal):
            if found := self._claims.get(key(claim)):
                yield found


def policy(stateful_set: Object, when: str) -> str:
    """What becomes of claims `whenDeleted` or `whenScaled`: Retain or Delete."""
    chosen = stateful_set["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    return str(chosen.get(when, "Retain"))


def wanted_owners(claim: Object, stateful_set: Object, pod: Object) -> list[Object] | None:
    """The owners that a claim should have; None if they are right, or not to be touched."""
    refs = claim["metadata"].get("ownerReferences") or []
    uids = {each["metadata"]["uid"] for each in (stateful_set, pod)}
    others = _others(claim, stateful_set, pod)
    if any(ref not in others and ref["uid"] not in uids for ref in refs):
        return None  # it belongs to an earlier set or pod of that name, and goes with it
    wanted = list(others)
    if not _conflicts(others, stateful_set) and (owner := _owner(stateful_set, pod)):
        wanted.append(owner_reference(owner))
    return None if _roles(wanted) == _roles(refs) else wanted


def _owner(stateful_set: Object, pod: Object) -> Object | None:
    ordinal = identity.ordinal_of(pod, stateful_set)
    condemned = ordinal not in identity.ordinals(stateful_set)
    if condemned and policy(stateful_set, "whenScaled") == "Delete":
        return pod
    return stateful_set if policy(stateful_set, "whenDeleted") == "Delete" else None


def _conflicts(others: list[Object], stateful_set: Object) -> bool:
    keeps = all(policy(stateful_set, when) == "Retain" for when in ("whenDeleted", "whenScaled"))
    return not keeps and any(ref.get("controller") for ref in others)


def _others(claim: Object, stateful_set: Object, pod: Object) -> list[Object]:
    return [
        ref
        for ref in claim["metadata"].get("ownerReferences") or []
        if not _names(ref, "StatefulSet", stateful_set["metadata"])
        and not _names(ref, "Pod", pod["metadata"])
    ]


def _names(ref: Object, kind: str, meta: Object) -> bool:
    return (ref["kind"], ref["name"]) == (kind, meta["name"])


def _roles(refs: list[Object]) -> set[tuple[str, bool]]:
    return {(ref["uid"], bool(ref.get("controller"))) for ref in refs}
