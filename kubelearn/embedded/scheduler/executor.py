"""Carries out a preemption: the victims are marked and deleted, and lesser nominations end.

Upstream: pkg/scheduler/framework/preemption/executor.go. The pod that they leave for is held back
meanwhile, for it would only find that its victims are still there.
"""

from __future__ import annotations

import asyncio
import logging

from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.events import EventRecorder
from kubelearn.embedded.scheduler.cache import PodInfo
from kubelearn.embedded.scheduler.nominator import Nominator, nominated
from kubelearn.embedded.scheduler.preemption import PREEMPTED, Candidate
from kubelearn.errors import ApiError, NotFound
from kubelearn.objects import PODS, Object, condition, timestamp

_log = logging.getLogger(__name__)


class Executor:
    """Evicts pods in the name of one scheduler."""

    def __init__(
        self, client: Client, *, clock: Clock, events: EventRecorder, nominator: Nominator
    ) -> None:
        self._client = client
        self._clock = clock
        self._events = events
        self._nominator = nominator

    async def preempt(self, candidate: Candidate, preemptor: PodInfo) -> None:
        """Make the victims leave the node for the preemptor. Raises ApiError if one stays."""
        for other in self._nominator.pods_on(candidate.node):
            if other.priority < preemptor.priority:
                self._nominator.remove(other.key)
                await self._forget_nomination(other)
        leaving = [each for each in candidate.victims if not _is_leaving(each)]
        await asyncio.gather(*(self._evict(each, candidate.node, preemptor) for each in leaving))

    async def _evict(self, victim: PodInfo, node: str, preemptor: PodInfo) -> None:
        meta, who = victim.pod["metadata"], preemptor.pod["spec"]["schedulerName"]
        try:
            await self._patch_status(victim, {"conditions": [self._disrupted(victim, who)]})
            options = {"preconditions": {"uid": meta["uid"]}}
            await self._client.delete(PODS, meta["name"], victim.namespace, options=options)
        except NotFound:
            return
        message = f"Preempted by pod {preemptor.uid} on node {node}"
        self._events.event(victim.pod, "Normal", "Preempted", message)

    async def _forget_nomination(self, info: PodInfo) -> None:
        if nominated(info):
            try:
                await self._patch_status(info, {"nominatedNodeName": None})
            except ApiError as error:
                _log.info("the nomination of %s was not ended: %s", info.key, error)

    async def _patch_status(self, info: PodInfo, status: Object) -> None:
        meta = info.pod["metadata"]
        await self._client.patch(
            PODS,
            meta["name"],
            {"metadata": {"uid": meta["uid"]}, "status": status},
            info.namespace,
            kind="strategic",
            sub="status",
        )

    def _disrupted(self, victim: PodInfo, scheduler: str) -> Object:
        now, old = timestamp(self._clock.now()), condition(victim.pod, "DisruptionTarget")
        already = old is not None and old["status"] == "True"
        return {
            "type": "DisruptionTarget",
            "observedGeneration": victim.pod["metadata"].get("generation"),
            "status": "True",
            "lastProbeTime": None,
            "lastTransitionTime": old["lastTransitionTime"] if old and already else now,
            "reason": PREEMPTED,
            "message": f"{scheduler}: preempting to accommodate a higher priority pod",
        }


def _is_leaving(info: PodInfo) -> bool:
    return bool(info.pod["metadata"].get("deletionTimestamp"))
