"""What to do next for a pod: `computePodActions` of `pkg/kubelet/kuberuntime`. A pure function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from kubelearn.containers.runtime import ContainerState, ContainerStatus
from kubelearn.embedded.kubelet.containerspec import has_changed, is_sidecar
from kubelearn.embedded.kubelet.containerstatus import Seen, should_restart
from kubelearn.embedded.restartpolicy import restarts_after
from kubelearn.objects import Object


@dataclass(frozen=True)
class Kill:
    """A run that must not go on, the reason as an Event tells it, and the probe that found it."""

    run: ContainerStatus
    message: str
    probe: str = ""


@dataclass
class PodActions:
    """Containers to kill and to start, in that order; `over` when nothing is left to run."""

    kill: list[Kill] = field(default_factory=list)
    start: list[Object] = field(default_factory=list)
    over: bool = False


@dataclass(frozen=True)
class _Situation:
    pod: Object
    seen: Seen
    old: Mapping[str, Object]
    failed_probe: Callable[[str], str]
    actions: PodActions

    def restarts(self, container: Object) -> bool:
        name = container["name"]
        return should_restart(self.pod, container, self.seen.latest(name), self.old.get(name))

    def fault(self, container: Object, run: ContainerStatus) -> Kill | None:
        """Why a running container must be killed, nothing if it may go on."""
        name = container["name"]
        if has_changed(container, run):
            return Kill(run, f"Container {name} definition changed, will be restarted")
        if not (probe := self.failed_probe(name)):
            return None
        # Rules about exit codes do not count: it has not ended yet.
        policy = container.get("restartPolicy") or self.pod["spec"].get("restartPolicy", "Always")
        again = ", will be restarted" if policy != "Never" else ""
        return Kill(run, f"Container {name} failed {probe} probe{again}", probe)


def pod_actions(
    pod: Object,
    *,
    seen: Seen,
    old: Mapping[str, Object],
    failed_probe: Callable[[str], str],
) -> PodActions:
    """The next actions. `old` are the last statuses of containers, by name.

    `failed_probe` tells the kind of probe that a container has failed for good, or nothing.
    """
    situation = _Situation(pod, seen, old, failed_probe, PodActions())
    # They are started once, and however far the others have come.
    situation.actions.start += [
        each
        for each in pod["spec"].get("ephemeralContainers") or []
        if not seen.runs.get(each["name"])
    ]
    if _initialized(situation):
        _add_main_actions(situation)
    return situation.actions


def _add_main_actions(situation: _Situation) -> None:
    actions, kept, starts = situation.actions, False, False
    for container in situation.pod["spec"]["containers"]:
        run = situation.seen.latest(container["name"])
        if run is None or run.state is not ContainerState.RUNNING:
            if situation.restarts(container):
                actions.start.append(container)
                starts = True
        elif kill := situation.fault(container, run):
            actions.kill.append(kill)
            kept = True
        else:
            kept = True
    actions.over = not kept and not starts


def _initialized(situation: _Situation) -> bool:
    """Add what init containers need; whether the main containers may run."""
    inits = situation.pod["spec"].get("initContainers") or []
    done = any(situation.seen.latest(c["name"]) for c in situation.pod["spec"]["containers"])
    for container in inits:
        if is_sidecar(container):
            if not _sidecar_started(situation, container) and not done:
                return False
        elif not done and not _init_succeeded(situation, container):
            return False
    return True


def _sidecar_started(situation: _Situation, container: Object) -> bool:
    actions, run = situation.actions, situation.seen.latest(container["name"])
    if run is None or run.state is not ContainerState.RUNNING:
        if _main_is_over(situation):
            return True  # nothing is left that it could serve
        actions.start.append(container)
        return False
    if kill := situation.fault(container, run):
        actions.kill.append(kill)
        return False
    return situation.seen.started(container["name"])


def _main_is_over(situation: _Situation) -> bool:
    main = situation.pod["spec"]["containers"]
    runs = [situation.seen.latest(each["name"]) for each in main]
    running = any(run and run.state is ContainerState.RUNNING for run in runs)
    return not running and not any(situation.restarts(each) for each in main)


def _init_succeeded(situation: _Situation, container: Object) -> bool:
    actions, run = situation.actions, situation.seen.latest(container["name"])
    if run is None or run.state is ContainerState.CREATED:
        actions.start.append(container)
        return False
    if run.state is ContainerState.RUNNING:
        return False
    if run.exit_code == 0:
        return True
    if restarts_after(situation.pod, container, run.exit_code):
        actions.start.append(container)
    else:
        actions.over = True
    return False
