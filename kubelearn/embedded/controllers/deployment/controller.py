"""Keeps a Deployment's ReplicaSets at the sizes that its rollout calls for.

Upstream: pkg/controller/deployment/{deployment_controller,sync,recreate}.go. The arithmetic is in
`rolling`, what the status says in `progress`, which ReplicaSet has which template in `revision`.
A sync works on a copy of the Deployment and writes its status once, at the end. Left out: the
server-side rollback of extensions/v1beta1, which kubectl has not used for years.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from kubelearn.embedded.controller import Controller, ControllerContext
from kubelearn.embedded.controllers import controllerref
from kubelearn.embedded.controllers.deployment import progress, revision, rolling
from kubelearn.errors import AlreadyExists, ApiError, NotFound
from kubelearn.objects import (
    DEPLOYMENTS,
    PODS,
    REPLICA_SETS,
    Object,
    annotations_of,
    controller_of,
    key,
    matches,
)

_KEEP_ALL = 2**31 - 1


class DeploymentController(Controller):
    """Makes a ReplicaSet for each template and moves replicas from the old ones to the new."""

    name: ClassVar[str] = "deployment-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._deployments = self.informer(DEPLOYMENTS)
        self._replica_sets = self.informer(REPLICA_SETS)
        self._pods = self.informer(PODS)
        controllerref.index_by_controller(self._replica_sets)
        controllerref.index_by_controller(self._pods)
        self._deployments.add_index("namespace", lambda d: [d["metadata"]["namespace"]])
        self._deployments.add_handler(
            on_add=self.enqueue, on_update=lambda _, new: self.enqueue(new), on_delete=self.enqueue
        )
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
            self._warn_of_empty_selector(cached)
            return
        deployment = _copy(cached)
        replica_sets = await self._claim(cached)
        paused = progress.pause_condition(deployment, now=self.clock.now())
        if paused:
            _add_condition(deployment, paused)
        if cached["metadata"].get("deletionTimestamp"):
            new, old = revision.find_new(deployment, replica_sets), replica_sets
            status = self._status(deployment, _without(old, new), new)
        elif deployment["spec"].get("paused") or _is_scaling(deployment, replica_sets):
            status = await self._scale(deployment, replica_sets)
        elif rolling.is_rolling_update(deployment):
            status = await self._roll(deployment, replica_sets)
        else:
            status = await self._recreate(deployment, replica_sets)
        await self._write(cached, deployment, status)

    def _warn_of_empty_selector(self, deployment: Object) -> None:
        message = "This deployment is selecting all pods. A non-empty selector is required."
        self.events.event(deployment, "Warning", "SelectingAll", message)

    async def _claim(self, deployment: Object) -> list[Object]:
        namespace = deployment["metadata"]["namespace"]
        return await controllerref.claim(
            self.client,
            DEPLOYMENTS,
            deployment,
            resource=REPLICA_SETS,
            children=[
                *controllerref.owned(self._replica_sets, deployment),
                *controllerref.orphans(self._replica_sets, namespace),
            ],
        )

    async def _scale(self, deployment: Object, replica_sets: list[Object]) -> Object:
        """Change the size without moving the rollout on: it is paused, or was resized midway."""
        new = await self._update_new(deployment, replica_sets)
        old = _without(replica_sets, new)
        sizes = _scaled_sizes(deployment, old, new)
        everything = await self._resize(deployment, _all(old, new), sizes, annotate=True)
        new, old = _split(everything, new)
        if deployment["spec"].get("paused"):
            await self._clean_up(deployment, old)
        return self._status(deployment, old, new)

    async def _roll(self, deployment: Object, replica_sets: list[Object]) -> Object:
        """Grow the new ReplicaSet as far as the surge allows, else shrink the old ones."""
        new = await self._update_new(deployment, replica_sets)
        if new is None:
            new = await self._create_new(deployment, replica_sets)
        old = sorted(_without(replica_sets, new), key=revision.age)
        size = rolling.new_size(deployment, [*old, new], new)
        if size != rolling.wanted(new):
            [new] = await self._resize(deployment, [new], {new["metadata"]["name"]: size})
        elif rolling.may_scale_down(deployment, old, new):
            sizes = rolling.unhealthy_sizes(deployment, old, new)
            old = await self._resize(deployment, old, sizes)
            sizes = rolling.old_sizes(deployment, old, new)
            old = await self._resize(deployment, old, sizes)
        elif progress.complete(deployment, deployment.get("status") or {}):
            await self._clean_up(deployment, old)
        return self._rollout_status(deployment, old, new)

    async def _recreate(self, deployment: Object, replica_sets: list[Object]) -> Object:
        """Let every old pod go before the first new one comes."""
        new = await self._update_new(deployment, replica_sets)
        old = _without(replica_sets, new)
        if rolling.active(old):
            old = await self._resize(deployment, old, {i["metadata"]["name"]: 0 for i in old})
            return self._rollout_status(deployment, old, new)
        if self._any_pod_runs(old):
            return self._rollout_status(deployment, old, new)
        if new is None:
            new = await self._create_new(deployment, replica_sets)
        sizes = {new["metadata"]["name"]: rolling.wanted(deployment)}
        [new] = await self._resize(deployment, [new], sizes)
        if progress.complete(deployment, deployment.get("status") or {}):
            await self._clean_up(deployment, old)
        return self._rollout_status(deployment, old, new)

    def _any_pod_runs(self, replica_sets: Sequence[Object]) -> bool:
        return any(
            (item.get("status") or {}).get("replicas")
            or any(
                (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
                for pod in controllerref.owned(self._pods, item)
            )
            for item in replica_sets
        )

    # --- ReplicaSets ---

    async def _update_new(self, deployment: Object, replica_sets: list[Object]) -> Object | None:
        """The ReplicaSet of the Deployment's template, with annotations up to date, if it is."""
        new = revision.find_new(deployment, replica_sets)
        if new is None:
            return None
        number = 1 + max((revision.revision(i) for i in _without(replica_sets, new)), default=0)
        marks = revision.new_annotations(deployment, new, number)
        delay = deployment["spec"].get("minReadySeconds", 0)
        if marks != annotations_of(new) or delay != new["spec"].get("minReadySeconds", 0):
            changed = {
                **new,
                "metadata": {**new["metadata"], "annotations": marks},
                "spec": {**new["spec"], "minReadySeconds": delay},
            }
            new = await self._replace(changed)
        self._adopt_revision(deployment, new)
        if progress.has_deadline(deployment) and not _has_progress(deployment):
            message = f'Found new replica set "{new["metadata"]["name"]}"'
            self._note_progress(deployment, "FoundNewReplicaSet", message)
        return new

    async def _create_new(self, deployment: Object, replica_sets: list[Object]) -> Object:
        number = 1 + max(map(revision.revision, replica_sets), default=0)
        wanted = revision.make_replica_set(deployment, number)
        name = wanted["metadata"]["name"]
        size = rolling.new_size(deployment, [*replica_sets, wanted], wanted)
        wanted["spec"]["replicas"] = size
        try:
            new = await self.client.create(REPLICA_SETS, wanted)
        except AlreadyExists:
            new = await self._own_or_collision(deployment, name)
        except ApiError as error:
            await self._report_failed_creation(deployment, name, error)
            raise
        else:
            if size:
                message = f"Scaled up replica set {name} from 0 to {size}"
                self.events.event(deployment, "Normal", "ScalingReplicaSet", message)
            if progress.has_deadline(deployment):
                message = f'Created new replica set "{name}"'
                self._note_progress(deployment, "NewReplicaSetCreated", message)
        self._adopt_revision(deployment, new)
        return new

    async def _own_or_collision(self, deployment: Object, name: str) -> Object:
        # Either the cache lags and this is our own ReplicaSet, or another template has the same
        # hash: then the next one is made with another.
        meta = deployment["metadata"]
        found = await self.client.get(REPLICA_SETS, name, meta["namespace"])
        ref = controller_of(found)
        same = revision.same_template(found["spec"]["template"], deployment["spec"]["template"])
        if ref and ref["uid"] == meta["uid"] and same:
            return found
        status = deployment["status"]
        status["collisionCount"] = status.get("collisionCount", 0) + 1
        await self.client.update(DEPLOYMENTS, deployment, sub="status")
        raise AlreadyExists({"message": f"the hash of {name} is taken", "code": 409})

    async def _report_failed_creation(self, deployment: Object, name: str, error: ApiError) -> None:
        reason = "ReplicaSetCreateError"
        message = f'Failed to create new replica set "{name}": {error}'
        self.events.event(deployment, "Warning", reason, message)
        if progress.has_deadline(deployment):
            now = self.clock.now()
            failed = progress.make_condition("Progressing", "False", reason, message, now=now)
            _add_condition(deployment, failed)
            await self.client.update(DEPLOYMENTS, deployment, sub="status")

    async def _resize(
        self,
        deployment: Object,
        replica_sets: Sequence[Object],
        sizes: Mapping[str, int],
        *,
        annotate: bool = False,
    ) -> list[Object]:
        """The ReplicaSets, of the new sizes where one is given.

        With `annotate` one that keeps its size has its annotations renewed all the same.
        """
        marks = rolling.replica_annotations(deployment)
        result = []
        for item in replica_sets:
            before, name = rolling.wanted(item), item["metadata"]["name"]
            after = sizes.get(name, before)
            stale = name in sizes and not marks.items() <= annotations_of(item).items()
            if after != before or (annotate and stale):
                meta = {**item["metadata"], "annotations": {**annotations_of(item), **marks}}
                spec = {**item["spec"], "replicas": after}
                item = await self._replace({**item, "metadata": meta, "spec": spec})
            if after != before:
                direction = "up" if after > before else "down"
                message = f"Scaled {direction} replica set {name} from {before} to {after}"
                self.events.event(deployment, "Normal", "ScalingReplicaSet", message)
            result.append(item)
        return result

    async def _replace(self, replica_set: Object) -> Object:
        return await self.client.update(REPLICA_SETS, replica_set)

    async def _clean_up(self, deployment: Object, old: Sequence[Object]) -> None:
        """Delete the oldest revisions beyond `revisionHistoryLimit`."""
        limit = deployment["spec"].get("revisionHistoryLimit", _KEEP_ALL)
        alive = [i for i in old if not i["metadata"].get("deletionTimestamp")]
        alive.sort(key=lambda i: (revision.revision(i), revision.age(i)))
        for item in alive[: max(len(alive) - limit, 0)]:
            if not _is_empty(item):
                continue
            meta = item["metadata"]
            try:
                await self.client.delete(REPLICA_SETS, meta["name"], meta["namespace"])
            except NotFound:
                continue

    # --- status ---

    def _adopt_revision(self, deployment: Object, new: Object) -> None:
        number = annotations_of(new).get(revision.REVISION, "")
        deployment["metadata"]["annotations"][revision.REVISION] = number

    def _note_progress(self, deployment: Object, reason: str, message: str) -> None:
        now = self.clock.now()
        noted = progress.make_condition("Progressing", "True", reason, message, now=now)
        _add_condition(deployment, noted)

    def _status(self, deployment: Object, old: Sequence[Object], new: Object | None) -> Object:
        everything, now = _all(old, new), self.clock.now()
        return progress.calculate_status(deployment, everything, new, now=now)

    def _rollout_status(
        self, deployment: Object, old: Sequence[Object], new: Object | None
    ) -> Object:
        everything, now = _all(old, new), self.clock.now()
        return progress.rollout_status(deployment, everything, new, now=now)

    async def _write(self, cached: Object, deployment: Object, status: Object) -> None:
        if status != cached.get("status") or annotations_of(deployment) != annotations_of(cached):
            deployment["status"] = status
            await self.client.update(DEPLOYMENTS, deployment, sub="status")
        check = progress.next_check(deployment, status, now=self.clock.now())
        if check is not None:
            self.queue.add_after(key(deployment), check)


def _copy(cached: Object) -> Object:
    """A copy of which annotations and status may be changed."""
    meta = {**cached["metadata"], "annotations": dict(annotations_of(cached))}
    return {**cached, "metadata": meta, "status": dict(cached.get("status") or {})}


def _add_condition(deployment: Object, new: Object) -> None:
    status = deployment["status"]
    status["conditions"] = progress.with_condition(status.get("conditions") or [], new)


def _has_progress(deployment: Object) -> bool:
    conditions = deployment["status"].get("conditions") or []
    return any(item["type"] == "Progressing" for item in conditions)


def _is_scaling(deployment: Object, replica_sets: Sequence[Object]) -> bool:
    """Whether the Deployment was resized since its ReplicaSets were last sized."""
    desired = rolling.wanted(deployment)
    marks = (
        rolling.annotated(item, rolling.DESIRED_REPLICAS) for item in rolling.active(replica_sets)
    )
    return any(mark not in (None, desired) for mark in marks)


def _scaled_sizes(deployment: Object, old: Sequence[Object], new: Object | None) -> rolling.Sizes:
    everything = sorted(_all(old, new), key=revision.age)
    active = rolling.active(everything)
    desired = rolling.wanted(deployment)
    if len(active) <= 1:
        # All replicas are in one place, or go to the newest if there are none.
        target = active[0] if active else new or (everything[-1] if everything else None)
        return {target["metadata"]["name"]: desired} if target else {}
    if new is not None and _is_saturated(deployment, new):
        return {item["metadata"]["name"]: 0 for item in rolling.active(old)}
    if rolling.is_rolling_update(deployment):
        return rolling.proportional_sizes(deployment, active)
    return {}


def _is_saturated(deployment: Object, new: Object) -> bool:
    desired = rolling.wanted(deployment)
    return (
        rolling.wanted(new) == desired
        and rolling.annotated(new, rolling.DESIRED_REPLICAS) == desired
        and rolling.available([new]) == desired
    )


def _is_empty(replica_set: Object) -> bool:
    status = replica_set.get("status") or {}
    observed = status.get("observedGeneration", 0) >= replica_set["metadata"]["generation"]
    return not replica_set["spec"]["replicas"] and not status.get("replicas") and observed


def _all(old: Sequence[Object], new: Object | None) -> list[Object]:
    return [*old, new] if new else list(old)


def _without(replica_sets: Sequence[Object], new: Object | None) -> list[Object]:
    gone = new["metadata"]["uid"] if new else None
    return [item for item in replica_sets if item["metadata"]["uid"] != gone]


def _split(
    replica_sets: Sequence[Object], new: Object | None
) -> tuple[Object | None, list[Object]]:
    """The new ReplicaSet as it is now, and the others."""
    others = _without(replica_sets, new)
    current = [item for item in replica_sets if item not in others]
    return (current[0] if current else None), others
