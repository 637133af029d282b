"""From a pod's claim to the volume behind it.

Upstream: `createVolumeSpec` of pkg/kubelet/volumemanager/populator. Of all types of volumes a node
here has only its own disk: `hostPath` and `local`.
"""

from __future__ import annotations

from collections.abc import Callable

from kubelearn.embedded.client import Client
from kubelearn.embedded.kubelet.configdata import ConfigError
from kubelearn.embedded.persistentvolume import fits_node
from kubelearn.embedded.podclaims import claim_name, foreign
from kubelearn.errors import ApiError, KubelearnError
from kubelearn.objects import PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, Object

_PROTECTION = "kubernetes.io/pvc-protection"


class MountError(KubelearnError):
    """A volume cannot be made: event FailedMount."""


class Claims:
    """Finds volumes; `node` gives the node's object as it is known."""

    def __init__(self, client: Client, *, node: Callable[[], Object | None]) -> None:
        self._client = client
        self._node = node

    async def volume(self, pod: Object, volume: Object) -> Object:
        """The source to mount for a volume of the pod, named as its events name it.

        It is the volume itself if no claim is behind it. Raises MountError, ConfigError.
        """
        name = claim_name(pod, volume)
        if name is None:
            return volume
        namespace = pod["metadata"]["namespace"]
        try:
            found = await self._behind(pod, volume, name)
        except NotReadyError as error:
            which = f"[{volume['name']}]"
            raise MountError(
                f"Unable to attach or mount volumes: unmounted volumes={which}, unattached "
                f"volumes=[], failed to process volumes={which}: error processing PVC "
                f"{namespace}/{name}: {error.message}"
            ) from error
        self._check_node(found)
        return _source(found)

    async def _behind(self, pod: Object, volume: Object, name: str) -> Object:
        namespace = pod["metadata"]["namespace"]
        try:
            claim = await self._client.get(PERSISTENT_VOLUME_CLAIMS, name, namespace)
        except ApiError as error:
            raise NotReadyError(f"failed to fetch PVC from API server: {error.message}") from error
        if "ephemeral" in volume and (problem := foreign(pod, claim)):
            raise NotReadyError(problem)
        volume_name = _bound_volume(claim)
        try:
            found = await self._client.get(PERSISTENT_VOLUMES, volume_name)
        except ApiError as error:
            words = f"failed to fetch PV {volume_name} from API server: {error.message}"
            raise NotReadyError(words) from error
        _check_reference(found, claim)
        return found

    def _check_node(self, volume: Object) -> None:
        node = self._node()
        if node is not None and not fits_node(volume, node):
            name = volume["metadata"]["name"]
            raise MountError(
                f'MountVolume.NodeAffinity check failed for volume "{name}" : '
                "no matching NodeSelectorTerms"
            )


class NotReadyError(KubelearnError):
    """A claim or its volume is not what it has to be before it can be mounted."""


def _bound_volume(claim: Object) -> str:
    meta = claim["metadata"]
    if meta.get("deletionTimestamp") and _PROTECTION not in (meta.get("finalizers") or []):
        raise NotReadyError("PVC is being deleted")
    if (claim.get("status") or {}).get("phase") != "Bound":
        raise NotReadyError("PVC is not bound")
    name: str = claim["spec"].get("volumeName") or ""
    if not name:
        raise NotReadyError("PVC has empty pvc.Spec.VolumeName")
    return name


def _check_reference(volume: Object, claim: Object) -> None:
    name, wanted = volume["metadata"]["name"], claim["metadata"]["uid"]
    ref = volume["spec"].get("claimRef")
    if not ref:
        raise NotReadyError(
            f"found PV object {name} but it has a nil pv.Spec.ClaimRef indicating it is not yet "
            "bound to the claim"
        )
    if ref.get("uid") != wanted:
        raise NotReadyError(
            f"found PV object {name} but its pv.Spec.ClaimRef.UID {ref.get('uid', '')} does not "
            f"point to claim.UID {wanted}"
        )


def _source(volume: Object) -> Object:
    name, spec = volume["metadata"]["name"], volume["spec"]
    if spec.get("volumeMode") == "Block":
        raise ConfigError("block devices are not available on this cluster")
    for kind in ("hostPath", "local"):
        if kind in spec:
            return {"name": name, kind: spec[kind]}
    raise ConfigError("volumes of this type are not available on this cluster")
