"""Static pods and their mirrors: what runs because a file says so, and what the API shows of it.

Stands for `pkg/kubelet/pod/mirror_client.go` and `tryReconcileMirrorPods`. The API cannot command a
static pod: whoever deletes its mirror gets another one. Each key, a pod's `namespace/name`, is
looked at anew whenever its file, its mirror or its worker has changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.kubelet.manifests import CONFIG_MIRROR, Manifests
from kubelearn.embedded.kubelet.statusmanager import StatusManager
from kubelearn.embedded.workqueue import WorkQueue
from kubelearn.errors import ApiError, Conflict, NotFound
from kubelearn.objects import PODS, Object, annotations_of, key

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0


class StaticPods:
    """Keeps a node's static pods as its manifests want them.

    `start` gets a pod that shall run, `stop` one that shall end; `node` gives the Node object.
    """

    def __init__(
        self,
        client: Client,
        *,
        manifests: Manifests,
        statuses: StatusManager,
        node: Callable[[], Object | None],
        start: Callable[[Object], None],
        stop: Callable[[Object], None],
        clock: Clock,
    ) -> None:
        self._client = client
        self._manifests = manifests
        self._statuses = statuses
        self._node = node
        self._start = start
        self._stop = stop
        self._clock = clock
        self._queue = WorkQueue(clock, name="static pods")
        self._wanted: dict[str, Object] = {}
        self._running: dict[str, Object] = {}
        self._mirrors: dict[str, Object] = {}

    # --- what happens ---

    def look(self) -> set[str]:
        """Read the manifests; the uids of the pods that they want."""
        before, self._wanted = self._wanted, self._manifests.read(self._clock.now())
        for each in before.keys() | self._wanted.keys():
            if _uid(before.get(each)) != _uid(self._wanted.get(each)):
                self._queue.add(each)
        return {_uid(pod) for pod in self._wanted.values()}

    def put_mirror(self, pod: Object) -> None:
        """A mirror has come, or has changed."""
        self._mirrors[key(pod)] = pod
        self._queue.add(key(pod))

    def remove_mirror(self, pod: Object) -> None:
        """A mirror is gone."""
        self._mirrors.pop(key(pod), None)
        self._queue.add(key(pod))

    def ended(self, pod: Object) -> None:
        """Nothing runs any more of a pod that was started here."""
        self._running.pop(key(pod), None)
        self._queue.add(key(pod))

    async def run(self) -> None:
        """Follow the folder, and work until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._work(), name="static pods")
                while True:
                    await self._clock.sleep(_LOOK_SECONDS)
                    self.look()
        finally:
            self._queue.close()
            self._running.clear()

    # --- what is to be done ---

    async def _work(self) -> None:
        while True:
            each = await self._queue.get()
            try:
                await self._sync(each)
                self._queue.forget(each)
            except ApiError as error:
                _log.warning("mirror of static pod %s: %s", each, error)
                self._queue.add_rate_limited(each)
            finally:
                self._queue.done(each)

    async def _sync(self, each: str) -> None:
        wanted, running = self._wanted.get(each), self._running.get(each)
        mirror = self._mirrors.get(each)
        if running and _uid(running) != _uid(wanted):
            self._stop(running)  # when it has ended, this key comes back
            return
        if wanted and not running:
            known = (mirror or {}).get("status") if _is_mirror(mirror, wanted) else None
            running = self._running[each] = {**wanted, **({"status": known} if known else {})}
            self._start(running)
        if mirror and not (_is_mirror(mirror, running) and not _is_deleted(mirror)):
            await self._delete(mirror)  # when it is gone, this key comes back
        elif running:
            self._statuses.mirror(running, mirror)
            if mirror is None:
                await self._create(running)

    async def _create(self, pod: Object) -> None:
        node = self._node()
        if node is None:
            raise ApiError({"message": "there is no Node yet"})
        meta, owner = pod["metadata"], node["metadata"]
        reference = {"apiVersion": "v1", "kind": "Node", "controller": True}
        reference |= {"name": owner["name"], "uid": owner["uid"]}
        kept = {name: value for name, value in meta.items() if name != "uid"}
        kept["annotations"] = {**meta["annotations"], CONFIG_MIRROR: meta["uid"]}
        kept["ownerReferences"] = [reference]
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": kept, "spec": pod["spec"]}
        await self._client.create(PODS, body)

    async def _delete(self, mirror: Object) -> None:
        meta = mirror["metadata"]
        options = {"gracePeriodSeconds": 0, "preconditions": {"uid": meta["uid"]}}
        with contextlib.suppress(NotFound, Conflict):
            await self._client.delete(PODS, meta["name"], meta["namespace"], options=options)


def is_mirror(pod: Object) -> bool:
    """Whether a pod of the API only shows a static one."""
    return CONFIG_MIRROR in annotations_of(pod)


def _is_mirror(mirror: Object | None, pod: Object | None) -> bool:
    annotations = annotations_of(mirror) if mirror else {}
    return pod is not None and annotations.get(CONFIG_MIRROR) == _uid(pod)


def _is_deleted(mirror: Object) -> bool:
    return bool(mirror["metadata"].get("deletionTimestamp"))


def _uid(pod: Object | None) -> str:
    return str(pod["metadata"]["uid"]) if pod else ""
