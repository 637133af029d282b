"""The resources that a node has given to a pod's containers, while others may be wanted.

Stands for `pkg/kubelet/allocation`. What a resize asks for is given when the node has room for it;
until then the pod goes on with what it has, and a condition says so. What was given reaches a
running container at once, or by a restart where its resize policy says that. Left out: resources of
the pod as a whole, and the condition PodResizeInProgress, because nothing here takes time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from kubelearn.containers.runtime import ContainerStatus
from kubelearn.embedded.kubelet.containerspec import resources_of
from kubelearn.embedded.kubelet.kuberuntime import KubeRuntime
from kubelearn.embedded.kubelet.podactions import Kill
from kubelearn.embedded.kubelet.podstatus import Eviction, statuses_of
from kubelearn.errors import ContainerError
from kubelearn.objects import Object

_KINDS = ("initContainers", "containers")

Fits = Callable[[Object], Eviction | None]


class Allocation:
    """What one pod has been given. `fits` says why a pod has no room on the node, if so."""

    def __init__(self, pod: Object, *, kube: KubeRuntime, fits: Fits) -> None:
        self._kube = kube
        self._fits = fits
        self._desired = pod
        self._given = _given_before(pod)
        # The resources that each run has, by its id.
        self._actual: dict[str, Object] = {}
        self._restarting: set[str] = set()
        self.error = ""
        """Why a resize failed that will be tried again."""
        self.pending = ""
        """Why a resize waits, if one does."""

    def update(self, pod: Object) -> Object:
        """Take what the API wants now; the pod with what it has been given."""
        self._desired = pod
        return self.pod()

    def pod(self) -> Object:
        """The pod with the resources that it has been given."""
        spec = dict(self._desired["spec"])
        for kind in _KINDS:
            if kind in spec:
                spec[kind] = [self._applied(each) for each in spec[kind]]
        return {**self._desired, "spec": spec}

    def _applied(self, container: Object) -> Object:
        given = self._given.setdefault(container["name"], container.get("resources") or {})
        return {**container, "resources": given} if given or "resources" in container else container

    def allocate(self) -> bool:
        """Give the pod what it wants if there is room; whether it waits for some."""
        wanted = {each["name"]: each.get("resources") or {} for each in _containers(self._desired)}
        if wanted == self._given:
            self.pending = ""
        elif problem := self._fits(self._desired):
            self._defer(problem)
        else:
            self._given, self.pending = wanted, ""
            self._tell("Normal", "ResizeStarted", "Pod resize started")
        return bool(self.pending)

    def _defer(self, problem: Eviction) -> None:
        if problem.message != self.pending:
            self.pending = problem.message
            words = f"Pod resize {problem.reason}"
            self._tell("Warning", "ResizeDeferred", words, error=problem.message)

    async def settle(self, running: Iterable[ContainerStatus]) -> list[Kill]:
        """Let running containers have what they were given; those that have to end for that."""
        runs = {run.config.name: run for run in running if run.config.name in self._given}
        # A run that is seen for the first time was started with what is given now.
        self._actual = {
            run.id: self._actual.get(run.id, self._given[name]) for name, run in runs.items()
        }
        changed = [name for name, run in runs.items() if self._actual[run.id] != self._given[name]]
        kills = []
        failed = False
        for container in _containers(self.pod()):
            name = container["name"]
            if name in changed and self._needs_restart(container, runs[name]):
                kills.append(Kill(runs[name], f"Container {name} resize requires restart"))
            elif name in changed:
                failed |= not await self._actuate(container, runs[name])
        self._restarting |= {kill.run.config.name for kill in kills}
        resizing = changed or self._restarting
        if resizing and not kills and not failed and self._restarting <= runs.keys():
            self._restarting.clear()
            self._tell("Normal", "ResizeCompleted", "Pod resize completed")
        return kills

    def _needs_restart(self, container: Object, run: ContainerStatus) -> bool:
        before, after = self._actual[run.id], self._given[container["name"]]
        return any(
            policy["restartPolicy"] == "RestartContainer"
            and _amounts(before, policy["resourceName"]) != _amounts(after, policy["resourceName"])
            for policy in container.get("resizePolicy") or []
        )

    async def _actuate(self, container: Object, run: ContainerStatus) -> bool:
        """Change what a running container may take; if that fails it is told, and tried again."""
        try:
            await self._check_memory(container, run)
            await self._kube.runtime.update_container_resources(run.id, resources_of(container))
        except ContainerError as error:
            if error.message != self.error:
                self.error = error.message
                self._tell("Warning", "ResizeError", "Pod resize error", error=error.message)
            return False
        self._actual[run.id] = self._given[container["name"]]
        self.error = ""
        return True

    async def _check_memory(self, container: Object, run: ContainerStatus) -> None:
        """Refuse a limit that would kill the container at once. Raises ContainerError."""
        before = resources_of({"resources": self._actual[run.id]}).memory_limit
        limit = resources_of(container).memory_limit
        if not limit or (before and limit >= before):
            return
        used = (await self._kube.runtime.container_stats()).get(run.id)
        if used and used.memory_bytes >= limit:
            raise ContainerError(
                f'cannot decrease memory limits: attempting to set container "{container["name"]}" '
                f"memory limit ({limit}) below current usage ({used.memory_bytes})"
            )

    def _tell(self, kind: str, reason: str, words: str, *, error: str = "") -> None:
        lists = {
            each: [
                {"name": container["name"], "resources": container.get("resources") or {}}
                for container in self._desired["spec"].get(each) or []
            ]
            for each in _KINDS
        }
        summary: Object = {name: found for name, found in lists.items() if found}
        summary["generation"] = self._desired["metadata"].get("generation", 1)
        if error:
            summary["error"] = error
        message = f"{words}: {json.dumps(summary, separators=(',', ':'))}"
        self._kube.recorder.event(self._desired, kind, reason, message)


def _amounts(resources: Object, name: str) -> list[str | None]:
    return [(resources.get(part) or {}).get(name) for part in ("requests", "limits")]


def _given_before(pod: Object) -> dict[str, Object]:
    """What the pod's containers have by its last status; what they want, if there is none."""
    statuses = statuses_of(pod.get("status") or {})
    return {
        each["name"]: statuses.get(each["name"], {}).get("resources") or each.get("resources") or {}
        for each in _containers(pod)
    }


def _containers(pod: Object) -> list[Object]:
    return [each for kind in _KINDS for each in pod["spec"].get(kind) or []]
