"""Writes what a binding consists of: into the volume, into the claim, and both phases.

Upstream: `bind`, `unbindVolume` and what they call in
pkg/controller/volume/persistentvolume/pv_controller.go. The volume is written first, so that two
claims never get the same one. Each write is remembered until the informers show it.
"""

from __future__ import annotations

from kubelearn.embedded.assumecache import AssumeCache
from kubelearn.embedded.client import Client
from kubelearn.embedded.persistentvolume import (
    BIND_COMPLETED,
    BOUND_BY_CONTROLLER,
    annotated,
    bound,
)
from kubelearn.objects import PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, Object, annotations_of


class Binder:
    """Changes volumes and claims, and knows both as they are after its own changes."""

    def __init__(self, client: Client, *, volumes: AssumeCache, claims: AssumeCache) -> None:
        self.volumes = volumes
        self.claims = claims
        self._client = client

    async def bind(self, volume: Object, claim: Object) -> None:
        """Bring both to where they are bound to each other; what is so already is not written."""
        wanted = bound(volume, claim)
        if wanted is not volume:
            volume = await self.write_volume(wanted)
        volume = await self.set_volume_phase(volume, "Bound")
        claim = await self._bind_claim(claim, volume)
        await self.set_claim_status(claim, "Bound", volume)

    async def _bind_claim(self, claim: Object, volume: Object) -> Object:
        annotations, name = annotations_of(claim), volume["metadata"]["name"]
        changed = claim
        if claim["spec"].get("volumeName") != name:
            changed = {**claim, "spec": {**claim["spec"], "volumeName": name}}
            if BOUND_BY_CONTROLLER not in annotations:
                changed = annotated(changed, {BOUND_BY_CONTROLLER: "yes"})
        if BIND_COMPLETED not in annotations:
            changed = annotated(changed, {BIND_COMPLETED: "yes"})
        return claim if changed is claim else await self.write_claim(changed)

    async def unbind(self, volume: Object) -> None:
        """Free a volume whose claim is bound elsewhere; what a user reserved stays reserved."""
        spec, meta = dict(volume["spec"]), dict(volume["metadata"])
        annotations = dict(annotations_of(volume))
        if annotations.pop(BOUND_BY_CONTROLLER, None):
            del spec["claimRef"]
            meta["annotations"] = annotations
        else:
            spec["claimRef"] = {k: v for k, v in spec["claimRef"].items() if k != "uid"}
        written = await self.write_volume({**volume, "metadata": meta, "spec": spec})
        await self.set_volume_phase(written, "Available")

    # --- status ---

    async def set_volume_phase(self, volume: Object, phase: str, message: str = "") -> Object:
        """The volume in that phase."""
        status = volume.get("status") or {}
        if status.get("phase") == phase:
            return volume
        status = {**status, "phase": phase}
        status.pop("message", None)
        if message:
            status["message"] = message
        return await self.write_volume({**volume, "status": status}, sub="status")

    async def set_claim_status(
        self, claim: Object, phase: str, volume: Object | None = None
    ) -> Object:
        """The claim in that phase, with what it got of the volume."""
        old = claim.get("status") or {}
        status = {**old, "phase": phase}
        if volume is None:
            for name in ("accessModes", "capacity"):
                status.pop(name, None)
        else:
            status["accessModes"] = volume["spec"].get("accessModes")
            # Only on becoming bound: later a file system may well be smaller than its device.
            if old.get("phase") != phase:
                status["capacity"] = volume["spec"]["capacity"]
        if status == old:
            return claim
        return await self.write_claim({**claim, "status": status}, sub="status")

    # --- writing ---

    async def write_volume(self, volume: Object, *, sub: str = "") -> Object:
        """Store a volume, and know it so."""
        written = await self._client.update(PERSISTENT_VOLUMES, volume, sub=sub)
        self.volumes.assume(written)
        return written

    async def write_claim(self, claim: Object, *, sub: str = "") -> Object:
        """Store a claim, and know it so."""
        written = await self._client.update(PERSISTENT_VOLUME_CLAIMS, claim, sub=sub)
        self.claims.assume(written)
        return written
