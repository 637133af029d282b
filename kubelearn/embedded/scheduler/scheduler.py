"""Finds a node for each pod that has none, and binds it there.

Upstream: pkg/scheduler/{scheduler,schedule_one}.go. Deciding is one step without any waiting; the
binding goes on beside the next decision, and so does making others leave. Left out: several
profiles, pod groups (gang scheduling) and claims of devices.
"""

from __future__ import annotations

import asyncio
import logging
import random

from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.controller import supervise
from kubelearn.embedded.events import EventRecorder
from kubelearn.embedded.informer import Informers
from kubelearn.embedded.scheduler.algorithm import Algorithm
from kubelearn.embedded.scheduler.cache import Cache, PodInfo
from kubelearn.embedded.scheduler.decisions import Decision, Decisions
from kubelearn.embedded.scheduler.eventhandlers import EventHandlers
from kubelearn.embedded.scheduler.executor import Executor
from kubelearn.embedded.scheduler.framework import Framework, PreBindError
from kubelearn.embedded.scheduler.nominator import Nominator, nominated
from kubelearn.embedded.scheduler.plugins import READ, default_plugins
from kubelearn.embedded.scheduler.preemption import Preemption
from kubelearn.embedded.scheduler.queue import QueuedPod, SchedulingQueue
from kubelearn.errors import ApiError, NotFound
from kubelearn.objects import NODES, POD_DISRUPTION_BUDGETS, PODS, Object, condition, timestamp

_log = logging.getLogger(__name__)

_LONGEST_MESSAGE = 1024
_NOMINATED = "nominatedNodeName"


class Scheduler:
    """Schedules the pods whose `spec.schedulerName` is `name`; `decisions` tells how it went."""

    def __init__(
        self,
        client: Client,
        *,
        clock: Clock,
        random: random.Random,
        name: str = "default-scheduler",
        decisions: Decisions | None = None,
    ) -> None:
        self.decisions = decisions or Decisions()
        self.name = name
        self._client = client
        self._clock = clock
        self._random = random
        self._step: asyncio.Future[Decision | None] | None = None
        self._forget()

    def _forget(self) -> None:
        """Begin anew: everything that matters is in the API."""
        self._informers = Informers(self._client, clock=self._clock)
        self._events = EventRecorder(self._client, self.name, clock=self._clock)
        self._cache = Cache()
        self._queue = SchedulingQueue(self._clock)
        framework = self._framework = Framework(
            default_plugins(self._informers, self._client, clock=self._clock)
        )
        nominator = self._nominator = Nominator()
        self._algorithm = Algorithm(
            framework,
            nominator=nominator,
            preemption=Preemption(
                budgets=self._informers.get(POD_DISRUPTION_BUDGETS).items,
                latest=self._informers.get(PODS).get,
                random=self._random,
            ),
            clock=self._clock,
            random=self._random,
        )
        self._executor = Executor(
            self._client, clock=self._clock, events=self._events, nominator=nominator
        )
        EventHandlers(
            self.name,
            cache=self._cache,
            queue=self._queue,
            nominator=nominator,
            framework=framework,
        ).attach(self._informers)

    async def run(self) -> None:
        """Schedule until cancelled; may be run again."""
        self._forget()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._informers.run(), name="informers")
                group.create_task(
                    supervise("scheduling", self._schedule_all, clock=self._clock),
                    name="scheduling",
                )
        finally:
            self._queue.close()
            self._events.close()
            self._end_step(None)

    @property
    def queue(self) -> SchedulingQueue:
        """The pods that wait, which can be suspended."""
        return self._queue

    async def step(self, pod_key: str) -> Decision | None:
        """Let one pod of a suspended queue be tried; None if that came to nothing."""
        self._end_step(None)
        self._step = asyncio.get_running_loop().create_future()
        self._queue.choose(pod_key)
        return await self._step

    def _end_step(self, decision: Decision | None) -> None:
        step, self._step = self._step, None
        if step and not step.done():
            step.set_result(decision)

    async def _schedule_all(self) -> None:
        # What is on the nodes already has to be known before anything is added to them.
        for resource in (NODES, PODS, POD_DISRUPTION_BUDGETS, *READ):
            await self._informers.get(resource).synced.wait()
        async with asyncio.TaskGroup() as bindings:
            while True:
                queued = await self._queue.pop()
                try:
                    decision = self._decide(queued)
                except Exception:
                    # A pod that no plugin can make sense of must not stop all others.
                    _log.exception("no decision about %s", queued.info.key)
                    self._queue.put_back(queued, rejected_by=())
                    self._end_step(None)
                    continue
                self._end_step(decision)
                step = (
                    self._bind(queued, decision.node)
                    if decision.node
                    else self._give_up(queued, decision)
                )
                bindings.create_task(step, name=f"binding {queued.info.key}")
                await self._clock.sleep(0)  # let others have their turn

    def _decide(self, queued: QueuedPod) -> Decision:
        decision = self._algorithm.decide(queued.info, self._cache.nodes())
        self.decisions.add(decision)
        if decision.node:
            self._cache.put_pod(queued.info, decision.node)
            self._nominator.remove(queued.info.key)
            self._framework.reserve(queued.info, self._cache.node(decision.node))
        else:
            self._nominate(queued.info, decision)
            rejected_by = {rejection.plugin for rejection in decision.rejections.values()}
            # Without any node it is as if each had the wrong name: a new one helps.
            self._queue.put_back(queued, rejected_by or {"NodeName"})
        return decision

    async def _bind(self, queued: QueuedPod, node: str) -> None:
        info = queued.info
        meta = info.pod["metadata"]
        binding = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {k: meta[k] for k in ("name", "namespace", "uid")},
            "target": {"kind": "Node", "name": node},
        }
        try:
            await self._framework.pre_bind(info, node)
            await self._client.create(
                PODS, binding, info.namespace, name=meta["name"], sub="binding"
            )
        except Exception as error:
            await self._unbind(queued, error)
            return
        message = f"Successfully assigned {info.key} to {node}"
        self._events.event(info.pod, "Normal", "Scheduled", message)

    async def _unbind(self, queued: QueuedPod, error: Exception) -> None:
        """Take back an assumption that the API server did not share."""
        info = queued.info
        self._framework.unreserve(info)
        known = self._informers.get(PODS).get(info.key)
        if known is None or known["spec"].get("nodeName"):
            return  # gone, or bound by somebody else: the cache has been told
        self._cache.remove_pod(info.key)
        if isinstance(error, NotFound):
            return
        _log.warning("binding %s failed: %s", info.key, error)
        words = str(error) if isinstance(error, PreBindError) else f"binding rejected: {error}"
        self._queue.put_back(queued, rejected_by=())
        await self._report(queued, words, reason="SchedulerError")

    def _nominate(self, info: PodInfo, decision: Decision) -> None:
        """Keep the room for the pod from now on, whoever else comes before it is told."""
        attempt = decision.preemption
        if attempt and attempt.candidate:
            self._nominator.add(info, attempt.candidate.node)
            self._queue.hold(info.key)
        elif attempt and not attempt.undecided:
            self._nominator.remove(info.key)

    async def _give_up(self, queued: QueuedPod, decision: Decision) -> None:
        """Tell why a pod has no node, and make others leave for it if that helps."""
        attempt = decision.preemption
        node = attempt.candidate.node if attempt and attempt.candidate else None
        undecided = attempt is None or attempt.undecided
        nomination = {} if undecided or node == nominated(queued.info) else {_NOMINATED: node}
        await self._report(queued, decision.message, reason="Unschedulable", status=nomination)
        if attempt and attempt.candidate:
            failed = True
            try:
                await self._executor.preempt(attempt.candidate, queued.info)
                failed = False
            except ApiError as error:
                _log.warning("preemption for %s failed: %s", queued.info.key, error)
            finally:
                self._queue.release(queued.info.key, retry=failed)

    async def _report(
        self, queued: QueuedPod, message: str, *, reason: str, status: Object | None = None
    ) -> None:
        """Tell by event and condition why a pod has no node; `status` is told with it."""
        pod = queued.info.pod
        self._events.event(pod, "Warning", "FailedScheduling", _shortened(message))
        status = dict(status or {})
        now = timestamp(self._clock.now())
        if new := _not_scheduled(pod, reason, message, now=now):
            status["conditions"] = [new]
        if not status:
            return
        meta = pod["metadata"]
        try:
            await self._client.patch(
                PODS,
                meta["name"],
                {"metadata": {"uid": meta["uid"]}, "status": status},
                meta["namespace"],
                kind="strategic",
                sub="status",
            )
        except ApiError as error:
            _log.info("the status of %s was not updated: %s", queued.info.key, error)


def _not_scheduled(pod: Object, reason: str, message: str, *, now: str) -> Object | None:
    """The condition to set, or None if the pod has it already."""
    old = condition(pod, "PodScheduled")
    told = ("False", reason, message)
    if old and (old["status"], old.get("reason"), old.get("message")) == told:
        return None
    unchanged = old is not None and old["status"] == "False"
    return {
        "type": "PodScheduled",
        "observedGeneration": pod["metadata"].get("generation"),
        "status": "False",
        "lastProbeTime": None,
        "lastTransitionTime": old["lastTransitionTime"] if old and unchanged else now,
        "reason": reason,
        "message": message,
    }


def _shortened(message: str) -> str:
    if len(message) <= _LONGEST_MESSAGE:
        return message
    return message[: _LONGEST_MESSAGE - 4] + " ..."
