"""Which volumes a pod would get on a node, and what has to be written for it to get them.

Upstream: pkg/scheduler/framework/plugins/volumebinding/binder.go. Left out: the free space of CSI
drivers, of which there are none here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from kubelearn.embedded.assumecache import AssumeCache
from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.informer import Informer
from kubelearn.embedded.persistentvolume import (
    NO_PROVISIONER,
    SELECTED_NODE,
    annotated,
    bound,
    class_of,
    find_matching,
    fits_node,
    is_fully_bound,
    requested,
    waits_for_consumer,
)
from kubelearn.embedded.podclaims import claim_keys
from kubelearn.errors import KubelearnError
from kubelearn.objects import (
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    Object,
    annotations_of,
    key,
    labels_of,
)

BIND_CONFLICT = "node(s) didn't find available persistent volumes to bind"
NODE_CONFLICT = "node(s) didn't match PersistentVolume's node affinity"
MISSING_VOLUME = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"

_TIMEOUT_SECONDS = 600.0
_FIRST_LOOK, _LONGEST_LOOK = 0.05, 1.0


class BindingError(KubelearnError):
    """The volumes of a pod that has a node were not bound: it has to be scheduled again."""


@dataclass
class PodClaims:
    """A pod's claims by what is still to be done for them."""

    bound: list[Object] = field(default_factory=list)
    delayed: list[Object] = field(default_factory=list)
    immediate: list[Object] = field(default_factory=list)


@dataclass
class PodVolumes:
    """What a pod would get on one node: volumes for claims, and claims to make volumes for."""

    bindings: list[tuple[Object, Object]] = field(default_factory=list)
    provisions: list[Object] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)


class VolumeBinder:
    """Decides from its caches, assumes what it decided, and writes it later."""

    def __init__(
        self,
        client: Client,
        *,
        claims: Informer,
        volumes: Informer,
        classes: Informer,
        clock: Clock,
    ) -> None:
        self.claims = AssumeCache(claims)
        self.volumes = AssumeCache(volumes)
        self._client = client
        self._stored_claims = claims
        self._stored_volumes = volumes
        self._classes = classes
        self._clock = clock

    # --- deciding ---

    def claims_of(self, pod: Object) -> PodClaims:
        """The pod's claims, all of which exist."""
        found = PodClaims()
        for claim_key in claim_keys(pod):
            claim = self.claims.get(claim_key)
            if claim is None:
                continue
            delayed = waits_for_consumer(self._classes.get(class_of(claim)))
            if is_fully_bound(claim):
                found.bound.append(claim)
            elif delayed and not claim["spec"].get("volumeName"):
                found.delayed.append(claim)
            else:
                found.immediate.append(claim)
        return found

    def find(self, claims: PodClaims, node: Object) -> PodVolumes:
        """What a pod with these claims would get on that node, or why it cannot be there."""
        found = PodVolumes()
        found.conflicts += self._check_bound(claims.bound, node)
        if claims.delayed and not self._place(claims.delayed, node, found):
            found.conflicts.append(BIND_CONFLICT)
        return found

    def _check_bound(self, claims: list[Object], node: Object) -> Iterator[str]:
        for claim in claims:
            volume = self.volumes.get(claim["spec"]["volumeName"])
            if volume is None or not fits_node(volume, node):
                yield MISSING_VOLUME if volume is None else NODE_CONFLICT
                return

    def _place(self, claims: list[Object], node: Object, found: PodVolumes) -> bool:
        """Find or plan a volume for each claim; whether that is possible."""
        unmatched, taken = [], set[str]()
        for claim in sorted(claims, key=requested):
            chosen = annotations_of(claim).get(SELECTED_NODE)
            if chosen not in (None, node["metadata"]["name"]):
                return False
            volume = None
            if chosen is None:
                volumes = [
                    each for each in self.volumes.items() if class_of(each) == class_of(claim)
                ]
                volume = find_matching(claim, volumes, node=node, excluded=taken, delayed=True)
            if volume:
                taken.add(volume["metadata"]["name"])
                found.bindings.append((volume, claim))
            else:
                unmatched.append(claim)
        found.provisions = unmatched
        return all(self._can_provision(claim, node) for claim in unmatched)

    def _can_provision(self, claim: Object, node: Object) -> bool:
        storage_class = self._classes.get(class_of(claim))
        if storage_class is None or storage_class["provisioner"] in ("", NO_PROVISIONER):
            return False
        labels = labels_of(node)
        topologies = storage_class.get("allowedTopologies")
        return not topologies or any(
            all(
                labels.get(each["key"]) in each["values"]
                for each in term.get("matchLabelExpressions") or []
            )
            for term in topologies
        )

    # --- assuming ---

    def assume(self, found: PodVolumes, node: str) -> PodVolumes:
        """Take it all for granted in later decisions; gives what has to be written."""
        bindings = [(bound(volume, claim), claim) for volume, claim in found.bindings]
        provisions = [annotated(claim, {SELECTED_NODE: node}) for claim in found.provisions]
        for volume, _ in bindings:
            self.volumes.assume(volume)
        for claim in provisions:
            self.claims.assume(claim)
        return PodVolumes(bindings, provisions)

    def revert(self, assumed: PodVolumes) -> None:
        """Take it back."""
        for volume, _ in assumed.bindings:
            self.volumes.restore(key(volume))
        for claim in assumed.provisions:
            self.claims.restore(key(claim))

    # --- writing ---

    async def bind(self, assumed: PodVolumes, node: str) -> None:
        """Write it, and wait until the binder has bound everything. Raises BindingError."""
        bindings = [
            (await self._client.update(PERSISTENT_VOLUMES, volume), claim)
            for volume, claim in assumed.bindings
        ]
        provisions = [
            await self._client.update(PERSISTENT_VOLUME_CLAIMS, claim)
            for claim in assumed.provisions
        ]
        written = PodVolumes(bindings, provisions)
        deadline, pause = self._clock.monotonic() + _TIMEOUT_SECONDS, _FIRST_LOOK
        while not self._is_done(written, node):
            if self._clock.monotonic() > deadline:
                raise BindingError("binding volumes: context deadline exceeded")
            await self._clock.sleep(pause)
            pause = min(pause * 2, _LONGEST_LOOK)

    def _is_done(self, written: PodVolumes, node: str) -> bool:
        return all(self._is_bound(volume, claim) for volume, claim in written.bindings) and all(
            self._is_provisioned(claim, node) for claim in written.provisions
        )

    def _is_bound(self, volume: Object, claim: Object) -> bool:
        known, name = self._stored_volumes.get(key(volume)), volume["metadata"]["name"]
        if known is None:
            raise BindingError(
                "binding volumes: failed to check binding: "
                f'could not find v1.PersistentVolume "{name}"'
            )
        if _is_older(known, volume):
            return False
        if not (known["spec"].get("claimRef") or {}).get("uid"):
            raise BindingError(f'binding volumes: ClaimRef got reset for pv "{name}"')
        return is_fully_bound(self._stored(claim))

    def _is_provisioned(self, claim: Object, node: str) -> bool:
        known = self._stored(claim)
        if _is_older(known, claim):
            return False
        if annotations_of(known).get(SELECTED_NODE) != node:
            name = claim["metadata"]["name"]
            raise BindingError(f'binding volumes: provisioning failed for PVC "{name}"')
        return is_fully_bound(known)

    def _stored(self, claim: Object) -> Object:
        known = self._stored_claims.get(key(claim))
        if known is None:
            raise BindingError(
                "binding volumes: failed to check provisioning pvc: "
                f'could not find v1.PersistentVolumeClaim "{key(claim)}"'
            )
        return known


def _is_older(known: Object, written: Object) -> bool:
    seen, told = (int(each["metadata"]["resourceVersion"]) for each in (known, written))
    return seen < told
