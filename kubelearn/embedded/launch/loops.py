"""The control loops from inside: what they have before them, and how to go through it step by step.

No part of Kubernetes: its controllers keep their queues to themselves, and its scheduler why it
chose a node. To watch them think is what the embedded cluster is for. "Controllers" are those of
the controller manager and, as one more, the scheduler; a pause ends with the component.
"""

from __future__ import annotations

from kubelearn.embedded.controller import Controller
from kubelearn.embedded.controllers.manager import ControllerManager
from kubelearn.embedded.scheduler import Decision, Decisions, Scheduler
from kubelearn.embedded.scheduler.queue import SchedulingQueue
from kubelearn.embedded.workqueue import WorkQueue
from kubelearn.errors import ClusterError, NotAvailable
from kubelearn.objects import Object

SCHEDULER = "kube-scheduler"


class Loops:
    """Those that run now; whoever starts and stops them says so by setting these."""

    def __init__(self) -> None:
        self.manager: ControllerManager | None = None
        self.scheduler: Scheduler | None = None
        self.decisions = Decisions()

    def describe(self) -> list[Object]:
        """Each with its queue."""
        found = [_shown(each.name, each.queue) for each in self._controllers().values()]
        if self.scheduler:
            found.append(
                {
                    "name": SCHEDULER,
                    "paused": self.scheduler.queue.suspended,
                    "working": [],
                    "waiting": self.scheduler.queue.waiting(),
                    "later": {},
                }
            )
        return found

    def pause(self, name: str) -> None:
        """Let nothing more be done. Raises NotAvailable."""
        self._queue(name).suspend()

    def resume(self, name: str) -> None:
        """Let it go on. Raises NotAvailable."""
        self._queue(name).resume()

    async def step(self, name: str, key: str) -> Object:
        """Let it work on the key, or the first; tells which and what went wrong.

        Raises NotAvailable, and ClusterError if it is not paused or has nothing to do.
        """
        queue = self._queue(name)
        waiting = queue.waiting()
        if not queue.suspended:
            raise ClusterError(f"{name} is not paused", hint=f"internals.pause({name!r})")
        if key not in waiting and (key or not waiting):
            what = f"{key} does not wait" if key else "nothing waits"
            known = f"one of: {', '.join(waiting)}" if waiting else "change something first"
            raise ClusterError(f"{what} for {name}", hint=known)
        key = key or waiting[0]
        return {"key": key, "problem": await self._step(name, key)}

    async def _step(self, name: str, key: str) -> str:
        if controller := self._controllers().get(name):
            return await controller.step(key)
        decision = await self.scheduler.step(key) if self.scheduler else None
        return decision.message if decision else "nothing was decided"

    def decision(self, namespace: str, pod: str) -> Object:
        """What the scheduler thought of a pod when it last tried it. Raises NotAvailable."""
        found = self.decisions.get(f"{namespace}/{pod}")
        if found is None:
            raise NotAvailable(
                f"the scheduler has not decided about pod {pod!r} in namespace {namespace!r}, "
                "or long ago",
                hint=f"kubectl get pod {pod} -n {namespace} -o wide",
            )
        return _shown_decision(found)

    def _controllers(self) -> dict[str, Controller]:
        return {each.name: each for each in self.manager.controllers} if self.manager else {}

    def _queue(self, name: str) -> WorkQueue | SchedulingQueue:
        controllers = self._controllers()
        if name in controllers:
            return controllers[name].queue
        if name == SCHEDULER and self.scheduler:
            return self.scheduler.queue
        known = [*controllers, *([SCHEDULER] if self.scheduler else [])]
        raise NotAvailable(
            f"there is no controller {name!r} that runs",
            hint=f"one of: {', '.join(known)}" if known else "kubelearn status   # what is stopped",
        )


def _shown(name: str, queue: WorkQueue) -> Object:
    return {
        "name": name,
        "paused": queue.suspended,
        "working": queue.working(),
        "waiting": queue.waiting(),
        "later": queue.later(),
    }


def _shown_decision(decision: Decision) -> Object:
    return {
        "pod": decision.pod,
        "time": decision.time.isoformat(),
        "node": decision.node or "",
        "message": decision.message,
        "scores": decision.scores,
        "rejections": {
            node: {"plugin": each.plugin, "reasons": list(each.reasons)}
            for node, each in decision.rejections.items()
        },
    }
