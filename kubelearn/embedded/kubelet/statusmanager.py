"""Sends pods' statuses to the API server, one request at a time for each pod.

Stands for `pkg/kubelet/status/status_manager.go`. While a request is under way newer statuses
replace one another, so a pod that changes fast costs few requests, and the last word always gets
there. Patches carry only what changed, so conditions that others own stay theirs.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.kubelet.conditions import RESIZE_PENDING
from kubelearn.embedded.kubelet.manifests import is_static
from kubelearn.errors import ApiError, Conflict, NotFound
from kubelearn.objects import PODS, Object

_log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0
# Lists that a strategic merge patch would otherwise merge by their key.
_REPLACED = ("podIPs", "hostIPs")


@dataclass
class _Entry:
    # The API's object; a static pod has none until there is a mirror of it.
    pod: Object | None
    known: Object
    wanted: Object
    sender: asyncio.Task[None] | None = None


class StatusManager:
    """The statuses of a node's pods, by uid."""

    def __init__(self, client: Client, *, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._entries: dict[str, _Entry] = {}

    def set(self, pod: Object, status: Object) -> None:
        """Have a status sent, if the API server does not know it already."""
        uid = pod["metadata"]["uid"]
        entry = self._entries.get(uid)
        if entry is None:
            known = pod.get("status") or {}
            entry = self._entries[uid] = _Entry(None if is_static(pod) else pod, known, status)
        entry.wanted = status
        self._start(entry)

    def observe(self, pod: Object) -> None:
        """Take note of the API's object: somebody else may have changed its status."""
        entry = self._entries.get(pod["metadata"]["uid"])
        if entry and entry.pod and _version(pod) > _version(entry.pod):
            before, entry.pod, entry.known = entry.known, pod, pod.get("status") or {}
            if entry.known != before:
                self._start(entry)

    def mirror(self, pod: Object, mirror: Object | None) -> None:
        """Send the status of a static pod to its mirror, if it has one."""
        uid, known = pod["metadata"]["uid"], (mirror or {}).get("status") or {}
        entry = self._entries.setdefault(uid, _Entry(mirror, known, known))
        if mirror is None:
            entry.pod = None
        elif entry.pod is None or _version(mirror) > _version(entry.pod):
            entry.pod, entry.known = mirror, known
            self._start(entry)

    async def flush(self, uid: str) -> None:
        """Wait until the pod's last status is sent, or cannot be any more."""
        entry = self._entries.get(uid)
        if entry and entry.sender:
            await asyncio.wait([entry.sender])

    def forget(self, uid: str) -> None:
        """The pod is gone."""
        entry = self._entries.pop(uid, None)
        if entry and entry.sender:
            entry.sender.cancel()

    def close(self) -> None:
        """Send nothing any more."""
        for uid in list(self._entries):
            self.forget(uid)

    def _start(self, entry: _Entry) -> None:
        sending = entry.sender and not entry.sender.done()
        if entry.pod and not sending and status_patch(entry.known, entry.wanted):
            name = f"status of {entry.pod['metadata']['name']}"
            entry.sender = asyncio.create_task(self._send(entry), name=name)

    async def _send(self, entry: _Entry) -> None:
        while entry.pod and (patch := status_patch(entry.known, wanted := entry.wanted)):
            meta = entry.pod["metadata"]
            # The uid keeps the patch from another pod of that name.
            body = {"metadata": {"uid": meta["uid"]}, "status": patch}
            try:
                answer = await self._client.patch(
                    PODS, meta["name"], body, meta["namespace"], kind="strategic", sub="status"
                )
            except (NotFound, Conflict):
                return
            except ApiError as error:
                _log.warning("status of pod %s not accepted: %s", meta["name"], error)
                await self._clock.sleep(_RETRY_SECONDS)
                continue
            if entry.pod and _version(answer) > _version(entry.pod):
                entry.pod, entry.known = answer, answer.get("status") or {}
            if entry.wanted is wanted:
                return  # whatever the server made of it


def status_patch(known: Object, wanted: Object) -> Object:
    """The strategic merge patch from one status to the other; empty when they are alike."""
    patch: Object = {}
    for field in known.keys() | wanted.keys():
        if field == "conditions":
            if changed := _changed_conditions(known.get(field) or [], wanted.get(field) or []):
                patch[field] = changed
        elif field not in wanted:
            if field in _OWNED:
                patch[field] = None
        elif known.get(field) != wanted[field]:
            replaced = [{"$patch": "replace"}] if field in _REPLACED else []
            patch[field] = replaced + wanted[field] if replaced else wanted[field]
    return patch


# Conditions that go when they do not hold any more.
_TRANSIENT = {RESIZE_PENDING}
# Fields that are absent from a new status because they do not hold any more.
_OWNED = ("reason", "message", "podIP", "podIPs", "allocatedResources")


def _changed_conditions(known: list[Object], wanted: list[Object]) -> list[Object]:
    before = {each["type"]: each for each in known}
    gone = [
        {"type": kind, "$patch": "delete"}
        for kind in (before.keys() & _TRANSIENT) - {each["type"] for each in wanted}
    ]
    return gone + [
        dict.fromkeys(before.get(each["type"], {}).keys() - each.keys()) | each
        for each in wanted
        if before.get(each["type"]) != each
    ]


def _version(pod: Object) -> int:
    return int(pod["metadata"]["resourceVersion"])
