"""A pod's volumes as folders on the node: `pkg/kubelet/volumemanager` and its plug-ins.

Here: emptyDir, configMap, secret, downwardAPI, projected and hostPath, and claims of local volumes.
A hostPath leads into a folder that stands for the node's own disk, so that each virtual node has
its own. Left out: block devices, and everything that needs a network or a driver.
"""

from __future__ import annotations

import asyncio
import math
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from kubelearn.containers import trees
from kubelearn.containers.runtime import Mount, Runtime
from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.events import EventRecorder
from kubelearn.embedded.kubelet import emptydir, etchosts
from kubelearn.embedded.kubelet.atomicwriter import write_all
from kubelearn.embedded.kubelet.claims import Claims, MountError
from kubelearn.embedded.kubelet.configdata import ConfigError
from kubelearn.embedded.kubelet.expansion import expand
from kubelearn.embedded.kubelet.hostpath import check_host_path
from kubelearn.embedded.kubelet.ownership import give_to_group, make_folder
from kubelearn.embedded.kubelet.securitycontext import fs_group
from kubelearn.embedded.kubelet.terminationmessage import DEFAULT_PATH
from kubelearn.embedded.kubelet.tokens import TokenManager
from kubelearn.embedded.kubelet.volumesources import VolumeSources
from kubelearn.errors import ApiError
from kubelearn.objects import Object
from kubelearn.quantity import quantity

DISK = "disk"
"""The folder that stands for the node's own disk."""

_RETRY_SECONDS, _LONGEST_RETRY_SECONDS = 0.5, 122.0
# How often the files of ConfigMaps, Secrets and tokens are brought up to date.
_REFRESH_SECONDS = 60.0
# How often it is looked how much pods have written: upstream's `monitoringInterval`.
_LOOK_SECONDS = 10.0


class Volumes:
    """Makes, refreshes and removes the volumes of a node's pods."""

    def __init__(
        self,
        client: Client,
        *,
        folder: Path,
        runtime: Runtime,
        clock: Clock,
        allocatable: Mapping[str, str],
        node: Callable[[], Object | None] = lambda: None,
    ) -> None:
        self._folder = folder
        self._runtime = runtime
        self._allocatable = allocatable
        self._in_memory: set[Path] = set()
        self._claims = Claims(client, node=node)
        self._behind: dict[str, dict[str, Object]] = {}
        self._sources = VolumeSources(
            client, tokens=TokenManager(client, clock=clock), allocatable=allocatable
        )

    async def set_up(self, pod: Object) -> None:
        """Make all volumes, or bring their content up to date. Raises MountError."""
        volumes = pod["spec"].get("volumes") or []
        await asyncio.gather(*(self._set_up(pod, volume) for volume in volumes))

    async def tear_down(self, pod: Object) -> None:
        """Remove the volumes, with what is in them."""
        folder = self._pod_folder(pod["metadata"]["uid"])
        for place in [place for place in self._in_memory if folder in place.parents]:
            self._in_memory.remove(place)
            await self._runtime.unmount_memory(place)
        await asyncio.to_thread(trees.discard, folder / "volumes")

    async def forget(self, pod: Object) -> None:
        """Remove the pod's folder."""
        self._sources.forget(pod["metadata"]["uid"])
        self._behind.pop(pod["metadata"]["uid"], None)
        folder = self._pod_folder(pod["metadata"]["uid"])
        await asyncio.to_thread(trees.discard, folder)

    def pod_folders(self) -> list[Path]:
        """The folders of all pods that have one, named by their uids."""
        return list((self._folder / "pods").glob("*"))

    def mounts(self, pod: Object, container: Object, env: Mapping[str, str]) -> list[Mount]:
        """What a container sees of the volumes. Raises ConfigError."""
        volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes") or []}
        volumes |= self._behind.get(pod["metadata"]["uid"], {})
        return [
            self._mount(pod, volumes, mount, env) for mount in container.get("volumeMounts") or []
        ]

    async def overuse(self, pod: Object) -> str:
        """Why the pod has to go for what it wrote into its volumes; empty if it need not."""
        return await asyncio.to_thread(emptydir.overuse, pod, lambda each: self._place(pod, each))

    def termination_log(self, pod: Object, container: Object, attempt: int) -> Mount:
        """The empty file that a container may leave its last words in."""
        folder = self._pod_folder(pod["metadata"]["uid"]) / "containers" / container["name"]
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / str(attempt)
        file.write_bytes(b"")
        file.chmod(0o666)
        return Mount(container.get("terminationMessagePath") or DEFAULT_PATH, file)

    def hosts_file(self, pod: Object, text: str) -> Mount:
        """The pod's `/etc/hosts`, as it is to be now."""
        file = self._pod_folder(pod["metadata"]["uid"]) / "etc-hosts"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o644)
        return Mount(etchosts.PATH, file)

    # --- one volume ---

    def _pod_folder(self, uid: str) -> Path:
        return self._folder / "pods" / uid

    def _place(self, pod: Object, volume: Object) -> Path:
        for kind in ("hostPath", "local"):
            if kind in volume:
                path: str = volume[kind]["path"]
                return self._folder / DISK / path.lstrip("/")
        kind = next(key for key in volume if key != "name")
        plugin = {"emptyDir": "empty-dir", "downwardAPI": "downward-api"}.get(kind, kind.lower())
        folder = self._pod_folder(pod["metadata"]["uid"])
        name: str = volume["name"]
        return folder / "volumes" / f"kubernetes.io~{plugin}" / name

    def _mount(
        self, pod: Object, volumes: Mapping[str, Object], mount: Object, env: Mapping[str, str]
    ) -> Mount:
        place = self._place(pod, volumes[mount["name"]])
        inner = mount.get("subPath") or expand(mount.get("subPathExpr") or "", env)
        if inner.startswith("/") or ".." in inner.split("/"):
            raise ConfigError(f'subPath "{inner}" must stay inside the volume')
        if inner and not (place / inner).exists():
            make_folder(place / inner, stat.S_IMODE(place.stat().st_mode))
        read_only = bool(mount.get("readOnly")) or _is_data(volumes[mount["name"]])
        return Mount(mount["mountPath"], place / inner, read_only)

    async def _set_up(self, pod: Object, volume: Object) -> None:
        source = volume
        try:
            source = await self._claims.volume(pod, volume)
            if source is not volume:
                self._behind.setdefault(pod["metadata"]["uid"], {})[volume["name"]] = source
            await self._make(pod, source)
        except (ConfigError, ApiError, OSError, ValueError) as error:
            name = source["name"]
            raise MountError(f'MountVolume.SetUp failed for volume "{name}" : {error}') from error

    async def _make(self, pod: Object, volume: Object) -> None:
        place, group = self._place(pod, volume), fs_group(pod)
        match volume:
            case {"emptyDir": source}:
                await self._make_empty(place, source or {}, group=group, pod=pod)
            case {"hostPath": source}:
                check_host_path(place, source)
            case {"local": source}:
                if not place.exists():
                    raise MountError(
                        "MountVolume.NewMounter initialization failed for volume "
                        f'"{volume["name"]}" : path "{source["path"]}" does not exist'
                    )
            case _:
                write_all(place, await self._sources.files(pod, volume), group=group)

    async def _make_empty(
        self, place: Path, source: Object, *, group: int | None, pod: Object
    ) -> None:
        if place.is_dir():
            return
        make_folder(place, 0o777)
        if source.get("medium") == "Memory":
            most = int(quantity(self._allocatable["memory"]))
            size = emptydir.memory_size(pod, source, most)
            self._in_memory.add(place)
            await self._runtime.mount_memory(place, size, -1 if group is None else group)
        if group is not None:
            give_to_group(place, group)


class PodVolumes:
    """When to make and to refresh the volumes of one pod."""

    def __init__(self, volumes: Volumes, *, recorder: EventRecorder, clock: Clock) -> None:
        self._volumes = volumes
        self._recorder = recorder
        self._clock = clock
        self._retry = _RETRY_SECONDS
        self._made = False
        self._due = 0.0
        self._next_look = 0.0

    def touch(self) -> None:
        """The pod has changed, and files may tell of it: look at them with the next `ensure`."""
        self._due = 0.0

    async def ensure(self, pod: Object) -> float | None:
        """Make the volumes, or refresh them if it is time; seconds to the next time, if any."""
        now = self._clock.monotonic()
        if not self._made or now >= self._due:
            try:
                await self._volumes.set_up(pod)
            except MountError as error:
                self._recorder.event(pod, "Warning", "FailedMount", error.message)
                self._due = now + self._retry
                self._retry = min(self._retry * 2, _LONGEST_RETRY_SECONDS)
                return self._due - now
            self._made, self._retry = True, _RETRY_SECONDS
            self._due = now + _REFRESH_SECONDS if _is_refreshed(pod) else math.inf
        return None if math.isinf(self._due) else self._due - now

    async def overuse(self, pod: Object) -> tuple[str, float | None]:
        """Why the pod has to go for what it wrote, if so; seconds to the next look, if any."""
        now = self._clock.monotonic()
        if not any(emptydir.limits(pod)):
            return "", None
        if now < self._next_look:
            return "", self._next_look - now
        self._next_look = now + _LOOK_SECONDS
        return await self._volumes.overuse(pod), _LOOK_SECONDS

    @property
    def made(self) -> bool:
        """Whether containers can be started."""
        return self._made


def _is_refreshed(pod: Object) -> bool:
    return any(_is_data(volume) for volume in pod["spec"].get("volumes") or [])


def _is_data(volume: Object) -> bool:
    """Whether a volume shows data of the API, which nobody can change there."""
    return any(kind in volume for kind in ("configMap", "secret", "downwardAPI", "projected"))
