"""What the controllers of pods have in common: whose key a pod wakes, and which pods are whose.

Upstream writes these handlers out in each of pkg/controller/{replicaset,daemon,statefulset,job}.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import ClassVar

from kubelearn.embedded.controller import Controller, ControllerContext
from kubelearn.embedded.controllers import controllerref
from kubelearn.embedded.controllers.expectations import Expectations
from kubelearn.embedded.controllers.podcontrol import PodControl
from kubelearn.labelselector import matches
from kubelearn.objects import PODS, Object, Resource, condition, controller_of, key, parse_time


class WorkloadController(Controller):
    """A controller whose objects own pods."""

    resource: ClassVar[Resource]

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._owners = self.informer(self.resource)
        self._pods = self.informer(PODS)
        self._expectations = Expectations(self._pods)
        self._control = PodControl(self.client, self.events, self._expectations)
        controllerref.index_by_controller(self._owners)
        controllerref.index_by_controller(self._pods)
        self._owners.add_index("namespace", lambda owner: [owner["metadata"]["namespace"]])
        self._owners.follow(self.enqueue, gone=self._gone)
        self._pods.add_handler(
            on_add=self._pod_changed, on_update=self._pod_updated, on_delete=self._pod_changed
        )

    def _gone(self, owner: Object) -> None:
        self._expectations.forget(key(owner))
        self.enqueue(owner)

    def _pod_updated(self, old: Object, new: Object) -> None:
        if controller_of(old) != controller_of(new):
            self._pod_changed(old)
        self._pod_changed(new)

    def _pod_changed(self, pod: Object) -> None:
        namespace, ref = pod["metadata"]["namespace"], controller_of(pod)
        if ref:
            if ref["kind"] == self.resource.kind:
                self.queue.add(f"{namespace}/{ref['name']}")
            return
        for owner in self._owners.by_index("namespace", namespace):
            if matches(controllerref.selector_of(owner), pod["metadata"].get("labels")):
                self.enqueue(owner)

    async def _claim(
        self, owner: Object, *, among: Callable[[Object], bool] = lambda pod: True
    ) -> list[Object]:
        """The owner's pods, after adopting and releasing, of those that `among` takes."""
        pods: Iterable[Object] = [
            *controllerref.owned(self._pods, owner),
            *controllerref.orphans(self._pods, owner["metadata"]["namespace"]),
        ]
        return await controllerref.claim(
            self.client, self.resource, owner, resource=PODS, children=filter(among, pods)
        )

    async def _write_status(self, owner: Object, status: Object) -> Object:
        """The owner as it is with that status."""
        if status == owner.get("status"):
            return owner
        return await self.client.update(self.resource, {**owner, "status": status}, sub="status")


def unavailable_for(pod: Object, least: int, now: datetime) -> float:
    """For how many more seconds a ready pod does not count as available."""
    if not least:
        return 0.0
    ready = condition(pod, "Ready")
    since = parse_time(ready["lastTransitionTime"]) if ready else now
    return least - (now - since).total_seconds()
