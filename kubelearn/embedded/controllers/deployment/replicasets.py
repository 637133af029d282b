"""A Deployment's ReplicaSets: finding and making the new one, resizing and deleting old ones.

Upstream: `getNewReplicaSet`, `scaleReplicaSet` and `cleanupDeployment` of
pkg/controller/deployment/sync.go. What is learnt on the way (the revision, conditions) goes into
the Deployment that is passed: a copy, of which the status is written later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.controllers.deployment import progress, revision, rolling
from kubelearn.embedded.events import EventRecorder
from kubelearn.errors import AlreadyExists, ApiError, NotFound
from kubelearn.objects import (
    DEPLOYMENTS,
    REPLICA_SETS,
    Object,
    annotations_of,
    condition,
    controller_of,
)

_KEEP_ALL = 2**31 - 1


class ReplicaSetControl:
    """Writes ReplicaSets in the name of Deployments, and tells so by events."""

    def __init__(self, client: Client, events: EventRecorder, clock: Clock) -> None:
        self._client = client
        self._events = events
        self._clock = clock

    async def update_new(self, deployment: Object, replica_sets: Sequence[Object]) -> Object | None:
        """The ReplicaSet of the Deployment's template with its annotations up to date, if any."""
        new = revision.find_new(deployment, replica_sets)
        if new is None:
            return None
        old = revision.without(replica_sets, new)
        marks = revision.new_annotations(deployment, new, 1 + _highest(old))
        delay = deployment["spec"].get("minReadySeconds", 0)
        if marks != annotations_of(new) or delay != new["spec"].get("minReadySeconds", 0):
            meta = {**new["metadata"], "annotations": marks}
            spec = {**new["spec"], "minReadySeconds": delay}
            new = await self._client.update(REPLICA_SETS, {**new, "metadata": meta, "spec": spec})
        _adopt_revision(deployment, new)
        if condition(deployment, "Progressing") is None:
            self._note(deployment, "FoundNewReplicaSet", f"Found new replica set {_quoted(new)}")
        return new

    async def create_new(self, deployment: Object, replica_sets: Sequence[Object]) -> Object:
        """Make the ReplicaSet of the Deployment's template, as large as it may be at once."""
        wanted = revision.make_replica_set(deployment, 1 + _highest(replica_sets))
        size = rolling.new_size(deployment, [*replica_sets, wanted], wanted)
        wanted["spec"]["replicas"] = size
        try:
            new = await self._client.create(REPLICA_SETS, wanted)
        except AlreadyExists:
            new = await self._own_or_collision(deployment, wanted["metadata"]["name"])
        except ApiError as error:
            if not error.has_cause("NamespaceTerminating"):  # then all others fail too
                await self._report_failure(deployment, wanted, error)
            raise
        else:
            self._tell_size(deployment, new, 0, size)
            message = f"Created new replica set {_quoted(new)}"
            self._note(deployment, "NewReplicaSetCreated", message)
        _adopt_revision(deployment, new)
        return new

    async def resize(
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
                changed = {**item, "metadata": meta, "spec": spec}
                item = await self._client.update(REPLICA_SETS, changed)
                self._tell_size(deployment, item, before, after)
            result.append(item)
        return result

    async def clean_up(self, deployment: Object, old: Sequence[Object]) -> None:
        """Delete the oldest revisions beyond `revisionHistoryLimit`."""
        limit = deployment["spec"].get("revisionHistoryLimit", _KEEP_ALL)
        alive = [i for i in old if not i["metadata"].get("deletionTimestamp")]
        alive.sort(key=lambda i: (revision.revision(i), revision.age(i)))
        for item in filter(_is_empty, alive[: max(len(alive) - limit, 0)]):
            meta = item["metadata"]
            try:
                await self._client.delete(REPLICA_SETS, meta["name"], meta["namespace"])
            except NotFound:
                continue

    async def _own_or_collision(self, deployment: Object, name: str) -> Object:
        # Either the cache lags and this is our own ReplicaSet, or another template has the same
        # hash: then the next one is made with another.
        meta = deployment["metadata"]
        found = await self._client.get(REPLICA_SETS, name, meta["namespace"])
        ref = controller_of(found)
        same = revision.same_template(found["spec"]["template"], deployment["spec"]["template"])
        if ref and ref["uid"] == meta["uid"] and same:
            return found
        status = deployment["status"]
        status["collisionCount"] = status.get("collisionCount", 0) + 1
        await self._client.update(DEPLOYMENTS, deployment, sub="status")
        raise AlreadyExists({"message": f"the hash of {name} is taken", "code": 409})

    async def _report_failure(self, deployment: Object, wanted: Object, error: ApiError) -> None:
        reason = "ReplicaSetCreateError"
        message = f"Failed to create new replica set {_quoted(wanted)}: {error}"
        self._events.event(deployment, "Warning", reason, message)
        if progress.has_deadline(deployment):
            self._note(deployment, reason, message, status="False")
            await self._client.update(DEPLOYMENTS, deployment, sub="status")

    def _tell_size(self, deployment: Object, item: Object, before: int, after: int) -> None:
        if after != before:
            direction = "up" if after > before else "down"
            name = item["metadata"]["name"]
            message = f"Scaled {direction} replica set {name} from {before} to {after}"
            self._events.event(deployment, "Normal", "ScalingReplicaSet", message)

    def _note(self, deployment: Object, reason: str, message: str, *, status: str = "True") -> None:
        if progress.has_deadline(deployment):
            now = self._clock.now()
            progress.add_condition(
                deployment,
                progress.make_condition("Progressing", status, reason, message, now=now),
            )


def _adopt_revision(deployment: Object, new: Object) -> None:
    number = annotations_of(new).get(revision.REVISION, "")
    deployment["metadata"]["annotations"][revision.REVISION] = number


def _highest(replica_sets: Sequence[Object]) -> int:
    return max(map(revision.revision, replica_sets), default=0)


def _quoted(replica_set: Object) -> str:
    return f'"{replica_set["metadata"]["name"]}"'


def _is_empty(replica_set: Object) -> bool:
    status = replica_set.get("status") or {}
    observed = status.get("observedGeneration", 0) >= replica_set["metadata"]["generation"]
    return not rolling.wanted(replica_set) and not status.get("replicas") and observed
