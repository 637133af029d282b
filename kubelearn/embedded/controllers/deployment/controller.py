"""Keeps a Deployment's ReplicaSets at the sizes that its rollout calls for.

Upstream: pkg/controller/deployment/{deployment_controller,sync,recreate}.go. The arithmetic is in
`rolling`, what the status says in `progress`, which ReplicaSet has which template in `revision`,
and writing ReplicaSets in `replicasets`. A sync works on a copy of the Deployment and writes its
status once, at the end. Left out: the server-side rollback of extensions/v1beta1, which kubectl
has not used for years.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from kubelearn.embedded.controller import Controller, ControllerContext
from kubelearn.embedded.controllers import controllerref
from kubelearn.embedded.controllers.deployment import progress, revision, rolling
from kubelearn.embedded.controllers.deployment.replicasets import ReplicaSetControl
from kubelearn.labelselector import matches
from kubelearn.objects import (
    DEPLOYMENTS,
    PODS,
    REPLICA_SETS,
    Object,
    annotations_of,
    controller_of,
    is_terminal,
    key,
)


class DeploymentController(Controller):
    """Makes a ReplicaSet for each template and moves replicas from the old ones to the new."""

    name: ClassVar[str] = "deployment-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._deployments = self.informer(DEPLOYMENTS)
        self._replica_sets = self.informer(REPLICA_SETS)
        self._pods = self.informer(PODS)
        self._control = ReplicaSetControl(context.client, self.events, context.clock)
        controllerref.index_by_controller(self._replica_sets)
        controllerref.index_by_controller(self._pods)
        self._deployments.add_index("namespace", lambda d: [d["metadata"]["namespace"]])
        self._deployments.follow(self.enqueue, gone=self.enqueue)
        self._replica_sets.add_handler(
            on_add=self._replica_set_changed,
            on_update=self._replica_set_updated,
            on_delete=self._replica_set_changed,
        )
        self._pods.add_handler(on_delete=self._pod_deleted)

    # --- what wakes a key ---

    def _replica_set_updated(self, old: Object, new: Object) -> None:
        if controller_of(old) != controller_of(new):
            self._replica_set_changed(old)
        self._replica_set_changed(new)

    def _replica_set_changed(self, replica_set: Object) -> None:
        namespace = replica_set["metadata"]["namespace"]
        ref = controller_of(replica_set)
        if ref:
            if ref["kind"] == "Deployment":
                self.queue.add(f"{namespace}/{ref['name']}")
            return
        for deployment in self._deployments.by_index("namespace", namespace):
            if matches(deployment["spec"]["selector"], replica_set["metadata"].get("labels")):
                self.enqueue(deployment)

    def _pod_deleted(self, pod: Object) -> None:
        # Only Recreate waits for pods themselves: it begins anew when the last old one is gone.
        ref = controller_of(pod)
        if ref and ref["kind"] == "ReplicaSet":
            found = self._replica_sets.get(f"{pod['metadata']['namespace']}/{ref['name']}")
            if found:
                self._replica_set_changed(found)

    # --- syncing ---

    async def sync(self, object_key: str) -> None:
        """Take the next step of one Deployment's rollout."""
        cached = self._deployments.get(object_key)
        if cached is None:
            return
        if cached["spec"]["selector"] == {}:
            message = "This deployment is selecting all pods. A non-empty selector is required."
            self.events.event(cached, "Warning", "SelectingAll", message)
            await self._observe(cached)
            return
        deployment, replica_sets = _copy(cached), await self._claim(cached)
        paused = progress.pause_condition(deployment, now=self.clock.now())
        if paused:
            progress.add_condition(deployment, paused)
        if cached["metadata"].get("deletionTimestamp"):
            new = revision.find_new(deployment, replica_sets)
            status = self._status(deployment, revision.without(replica_sets, new), new)
        elif cached["spec"].get("paused") or rolling.is_scaling(deployment, replica_sets):
            status = await self._scale(deployment, replica_sets)
        elif rolling.is_rolling_update(deployment):
            status = await self._roll(deployment, replica_sets)
        else:
            status = await self._recreate(deployment, replica_sets)
        await self._write(cached, deployment, status)

    async def _observe(self, deployment: Object) -> None:
        status, generation = deployment.get("status") or {}, deployment["metadata"]["generation"]
        if status.get("observedGeneration", 0) < generation:
            status = {**status, "observedGeneration": generation}
            await self.client.update(DEPLOYMENTS, {**deployment, "status": status}, sub="status")

    async def _claim(self, deployment: Object) -> list[Object]:
        namespace = deployment["metadata"]["namespace"]
        claimed = await controllerref.claim(
            self.client,
            DEPLOYMENTS,
            deployment,
            resource=REPLICA_SETS,
            children=[
                *controllerref.owned(self._replica_sets, deployment),
                *controllerref.orphans(self._replica_sets, namespace),
            ],
        )
        return sorted(claimed, key=revision.age)

    async def _scale(self, deployment: Object, replica_sets: list[Object]) -> Object:
        """Change the size without moving the rollout on: it is paused, or was resized midway."""
        new = await self._control.update_new(deployment, replica_sets)
        old = revision.without(replica_sets, new)
        sizes = rolling.scaled_sizes(deployment, sorted(_all(old, new), key=revision.age), new)
        if new:
            [new] = await self._control.resize(deployment, [new], sizes, annotate=True)
        old = await self._control.resize(deployment, old, sizes, annotate=True)
        if deployment["spec"].get("paused"):
            await self._control.clean_up(deployment, old)
        return self._status(deployment, old, new)

    async def _roll(self, deployment: Object, replica_sets: list[Object]) -> Object:
        """Grow the new ReplicaSet as far as the surge allows, else shrink the old ones."""
        new = await self._control.update_new(deployment, replica_sets)
        if new is None:
            new = await self._control.create_new(deployment, replica_sets)
        old = revision.without(replica_sets, new)
        size = rolling.new_size(deployment, [*old, new], new)
        if size != rolling.wanted(new):
            [new] = await self._control.resize(deployment, [new], {new["metadata"]["name"]: size})
        elif rolling.may_scale_down(deployment, old, new):
            sizes = rolling.unhealthy_sizes(deployment, old, new)
            old = await self._control.resize(deployment, old, sizes)
            sizes = rolling.old_sizes(deployment, old, new)
            old = await self._control.resize(deployment, old, sizes)
        elif progress.complete(deployment, deployment["status"]):
            await self._control.clean_up(deployment, old)
        return self._rollout_status(deployment, old, new)

    async def _recreate(self, deployment: Object, replica_sets: list[Object]) -> Object:
        """Let every old pod go before the first new one comes."""
        new = await self._control.update_new(deployment, replica_sets)
        old = revision.without(replica_sets, new)
        if rolling.active(old):
            nothing = {item["metadata"]["name"]: 0 for item in old}
            old = await self._control.resize(deployment, old, nothing)
            return self._rollout_status(deployment, old, new)
        if self._any_pod_runs(old):
            return self._rollout_status(deployment, old, new)
        if new is None:
            new = await self._control.create_new(deployment, replica_sets)
        sizes = {new["metadata"]["name"]: rolling.wanted(deployment)}
        [new] = await self._control.resize(deployment, [new], sizes)
        if progress.complete(deployment, deployment["status"]):
            await self._control.clean_up(deployment, old)
        return self._rollout_status(deployment, old, new)

    def _any_pod_runs(self, replica_sets: Sequence[Object]) -> bool:
        return any(
            (item.get("status") or {}).get("replicas")
            or not all(map(is_terminal, controllerref.owned(self._pods, item)))
            for item in replica_sets
        )

    # --- status ---

    def _status(self, deployment: Object, old: Sequence[Object], new: Object | None) -> Object:
        everything, now = _all(old, new), self.clock.now()
        return progress.calculate_status(deployment, everything, new, now=now)

    def _rollout_status(
        self, deployment: Object, old: Sequence[Object], new: Object | None
    ) -> Object:
        everything, now = _all(old, new), self.clock.now()
        return progress.rollout_status(deployment, everything, new, now=now)

    async def _write(self, cached: Object, deployment: Object, status: Object) -> None:
        changed = annotations_of(deployment) != annotations_of(cached)
        if changed or status != cached.get("status"):
            deployment["status"] = status
            await self.client.update(DEPLOYMENTS, deployment, sub="status")
        check = progress.next_check(deployment, status, now=self.clock.now())
        if check is not None:
            self.queue.add_after(key(deployment), check)


def _copy(cached: Object) -> Object:
    """A copy of which annotations and status may be changed."""
    meta = {**cached["metadata"], "annotations": dict(annotations_of(cached))}
    return {**cached, "metadata": meta, "status": dict(cached.get("status") or {})}


def _all(old: Sequence[Object], new: Object | None) -> list[Object]:
    return [*old, new] if new else list(old)
