"""The status of one container as the API tells it.

Follows `convertToAPIContainerStatuses` in `pkg/kubelet/kubelet_pods.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from kubelearn.containers.runtime import ContainerState, ContainerStatus, Sandbox
from kubelearn.embedded.kubelet.containerspec import is_sidecar
from kubelearn.embedded.restartpolicy import restarts_after
from kubelearn.objects import Object, timestamp

_LOST: Object = {
    "exitCode": 137,
    "reason": "ContainerStatusUnknown",
    "message": "The container could not be located when the pod was deleted.  "
    "The container used to be Running",
    "startedAt": None,
    "finishedAt": None,
}
_NEVER = "1970-01-01T00:00:00Z"


@dataclass(frozen=True)
class Waiting:
    """Why a container cannot be started now."""

    reason: str
    message: str = ""


@dataclass(frozen=True)
class Seen:
    """What the kubelet knows of a pod besides the API's object (`kubecontainer.PodStatus`)."""

    sandbox: Sandbox | None = None
    # Each container's runs, oldest first; the runtime keeps the last one and the one before.
    runs: Mapping[str, Sequence[ContainerStatus]] = field(default_factory=dict)
    waiting: Mapping[str, Waiting] = field(default_factory=dict)
    started: Callable[[str], bool] = lambda _: True
    ready: Callable[[str], bool] = lambda _: True
    last_words: Callable[[ContainerStatus], str] = lambda status: status.message
    runtime_name: str = "process"

    def latest(self, name: str) -> ContainerStatus | None:
        """The container's present run, or its last."""
        runs = self.runs.get(name)
        return runs[-1] if runs else None

    def running(self) -> list[ContainerStatus]:
        """All containers that run."""
        return [
            run
            for runs in self.runs.values()
            for run in runs
            if run.state is ContainerState.RUNNING
        ]


def should_restart(
    pod: Object, container: Object, run: ContainerStatus | None, old: Object | None = None
) -> bool:
    """Whether a container that does not run is to be started, now or after its back-off.

    `old` is its last status, which counts when the runtime has no trace of it.
    """
    if pod["metadata"].get("deletionTimestamp"):
        return False
    if run is None:
        code = _exit_code_without_runs(old)
    elif run.state is ContainerState.RUNNING:
        return False
    else:
        code = None if run.state is ContainerState.CREATED else run.exit_code
    return code is None or restarts_after(pod, container, code)


def _exit_code_without_runs(old: Object | None) -> int | None:
    state = old["state"] if old else {}
    if "running" in state:
        return int(_LOST["exitCode"])
    return int(state["terminated"]["exitCode"]) if "terminated" in state else None


def container_status(
    pod: Object, container: Object, *, seen: Seen, old: Object | None, kind: str
) -> Object:
    """The status of a container; `kind` is the list of the spec that has it."""
    name, runs = container["name"], seen.runs.get(container["name"], ())
    if runs:
        status = _of_runs(container, runs, seen, old)
    else:
        status = _without_runs(pod, container, old, init=kind == "initContainers")
    waiting = seen.waiting.get(name)
    if waiting and should_restart(pod, container, runs[-1] if runs else None, old):
        if "terminated" in status["state"]:
            status["lastState"] = status["state"]
        text = {"message": waiting.message} if waiting.message else {}
        status["state"] = {"waiting": {"reason": waiting.reason, **text}}
    _judge(status, container, runs[-1] if runs else None, seen, kind=kind)
    if mounts := container.get("volumeMounts"):
        status["volumeMounts"] = [_mount(mount) for mount in mounts]
    return status


def _without_runs(pod: Object, container: Object, old: Object | None, *, init: bool) -> Object:
    if old and "terminated" in old["state"]:
        return dict(old)
    reason = "PodInitializing" if pod["spec"].get("initContainers") else "ContainerCreating"
    status: Object = {
        "name": container["name"],
        "state": {"waiting": {"reason": reason}},
        "lastState": old["lastState"] if old else {},
        "restartCount": old["restartCount"] if old else 0,
        "image": container["image"],
        "imageID": "",
    }
    if old and "running" in old["state"] and not init:
        # It ran before the node lost its containers, as by a restart of the machine.
        if should_restart(pod, container, None, old):
            status["lastState"] = {"terminated": {**_LOST}}
            status["restartCount"] += 1
        else:
            status["state"] = {"terminated": {**_LOST}}
    return status


def _of_runs(
    container: Object, runs: Sequence[ContainerStatus], seen: Seen, old: Object | None
) -> Object:
    run, config = runs[-1], runs[-1].config
    # The run before may have gone with a restart of the machine.
    last = _state(runs[-2], seen) if len(runs) > 1 else (old or {}).get("lastState", {})
    resources = container.get("resources") or {}
    status: Object = {
        "name": container["name"],
        "state": _state(run, seen),
        "lastState": last,
        "restartCount": config.attempt,
        "image": config.image.name,
        "imageID": config.image.id,
        "containerID": f"{seen.runtime_name}://{run.id}",
        "resources": resources,
        "user": {"linux": run.user.as_dict()},
    }
    if resources.get("requests"):
        status["allocatedResources"] = resources["requests"]
    return status


def _state(run: ContainerStatus, seen: Seen) -> Object:
    started = timestamp(run.started_at) if run.started_at else _NEVER
    if run.state is ContainerState.RUNNING:
        return {"running": {"startedAt": started}}
    message = seen.last_words(run)
    return {
        "terminated": {
            "exitCode": run.exit_code,
            "reason": run.reason,
            **({"message": message} if message else {}),
            "startedAt": started,
            "finishedAt": timestamp(run.finished_at) if run.finished_at else _NEVER,
            "containerID": f"{seen.runtime_name}://{run.id}",
        }
    }


def _judge(
    status: Object, container: Object, run: ContainerStatus | None, seen: Seen, *, kind: str
) -> None:
    """Fill in `started` and `ready` (the probe manager's `UpdatePodStatus`)."""
    if kind == "ephemeralContainers":
        status["ready"] = False  # nobody asks it
        return
    runs = run is not None and "running" in status["state"]
    status["started"] = runs and seen.started(container["name"])
    if kind == "initContainers" and not is_sidecar(container):
        status["ready"] = (status["state"].get("terminated") or {}).get("exitCode") == 0
    else:
        status["ready"] = status["started"] and seen.ready(container["name"])


def _mount(mount: Object) -> Object:
    shown = {"name": mount["name"], "mountPath": mount["mountPath"]}
    if mount.get("readOnly"):
        shown |= {"readOnly": True, "recursiveReadOnly": "Disabled"}
    return shown
