"""A pod's status as the API tells it, made from what the runtime shows.

Follows `generateAPIPodStatus` and `getPhase` in `pkg/kubelet/kubelet_pods.go`. Pure functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from kubelearn.embedded.kubelet.conditions import has_started, pod_conditions
from kubelearn.embedded.kubelet.containerspec import is_sidecar
from kubelearn.embedded.kubelet.containerstatus import Seen, container_status
from kubelearn.embedded.kubelet.names import CONTAINER_KINDS
from kubelearn.embedded.restartpolicy import restarts_after
from kubelearn.objects import TERMINAL_PHASES, Object
from kubelearn.quantity import format_quantity, quantity


@dataclass(frozen=True)
class Eviction:
    """Why the kubelet itself ends a pod, or does not let it in."""

    reason: str
    message: str


def pod_status(
    pod: Object,
    *,
    seen: Seen,
    old: Object,
    node_ip: str,
    now: str,
    ending: bool = False,
    eviction: Eviction | None = None,
    pending: str = "",
) -> Object:
    """The status. `old` is the last one; `ending` says that no container will be started again.

    `pending` is why a resize waits.
    """
    spec = pod["spec"]
    before = statuses_of(old)
    init, main, ephemeral = (_statuses(pod, seen, before, kind) for kind in CONTAINER_KINDS)
    phase = "Failed" if eviction else _phase(pod, init | main, ending=ending)
    running, network = bool(seen.running()), seen.sandbox is not None and seen.sandbox.ready
    verdict = _verdict(phase, eviction, old=old, open_still=running or network)
    # Conditions tell a moment earlier that a pod is over.
    seems_over = not running and old.get("phase") not in TERMINAL_PHASES
    allocated = _allocated(spec)
    return {
        "observedGeneration": pod["metadata"].get("generation", 1),
        **verdict,
        "conditions": pod_conditions(
            pod,
            old=old,
            statuses=init | main,
            phase=phase if seems_over else verdict["phase"],
            network=network,
            now=now,
            pending=("True", "Deferred", pending) if pending else None,
        ),
        **_addresses(spec, seen, old, node_ip),
        "startTime": old.get("startTime") or now,
        **({"initContainerStatuses": list(init.values())} if init else {}),
        "containerStatuses": _sorted(main),
        **({"ephemeralContainerStatuses": _sorted(ephemeral)} if ephemeral else {}),
        **({"allocatedResources": allocated} if allocated else {}),
        **({"qosClass": old["qosClass"]} if "qosClass" in old else {}),
    }


def statuses_of(status: Object) -> dict[str, Object]:
    """The statuses of all containers that a pod's status has, by name."""
    lists = [f"{kind.removesuffix('s')}Statuses" for kind in CONTAINER_KINDS]
    return {each["name"]: each for name in lists for each in status.get(name) or []}


def _statuses(
    pod: Object, seen: Seen, before: Mapping[str, Object], kind: str
) -> dict[str, Object]:
    return {
        each["name"]: container_status(
            pod, each, seen=seen, old=before.get(each["name"]), kind=kind
        )
        for each in pod["spec"].get(kind) or []
    }


def _allocated(spec: Object) -> Object:
    return {
        name: format_quantity(amount, binary=name != "cpu")
        for name, amount in pod_requests(spec).items()
    }


def _sorted(statuses: Mapping[str, Object]) -> list[Object]:
    return [statuses[name] for name in sorted(statuses)]


def _verdict(phase: str, eviction: Eviction | None, *, old: Object, open_still: bool) -> Object:
    """The phase, with reason and message, as it may be told now."""
    if old.get("phase") in TERMINAL_PHASES or (phase in TERMINAL_PHASES and open_still):
        # The end is final; and a pod is over only when its sandbox is closed.
        phase, eviction = old.get("phase", "Pending"), None
    if eviction:
        return {"phase": phase, "reason": eviction.reason, "message": eviction.message}
    kept = ("reason", "message") if phase == old.get("phase") else ()
    return {"phase": phase, **{key: old[key] for key in kept if key in old}}


def _phase(pod: Object, statuses: Mapping[str, Object], *, ending: bool) -> str:
    spec = pod["spec"]
    main = [statuses[each["name"]] for each in spec["containers"]]
    initialized = any(has_started(status) for status in main)
    pending = False
    for container in spec.get("initContainers") or []:
        status = statuses[container["name"]]
        if is_sidecar(container):
            pending = pending or (not initialized and _is_pending_sidecar(status))
            continue
        code = _exit_code(status)
        if code and not restarts_after(pod, container, code):
            return "Failed"
        pending = pending or code is None
    codes = [_exit_code(status) or 0 for status in main]
    waiting = any("waiting" in s["state"] and not has_started(s) for s in main)
    if pending or waiting:
        return "Pending"
    if any("running" in status["state"] for status in main):
        return "Running"
    ended = zip(spec["containers"], codes, strict=True)
    if not ending and any(restarts_after(pod, container, code) for container, code in ended):
        return "Running"
    return "Failed" if any(codes) else "Succeeded"


def _is_pending_sidecar(status: Object) -> bool:
    if "running" in status["state"]:
        return not status["started"]
    return not has_started(status)


def _exit_code(status: Object) -> int | None:
    """How the container ended, now or before its restart; None if it never did."""
    state = status["state"]
    ended = state.get("terminated") or (
        "waiting" in state and status["lastState"].get("terminated")
    )
    return int(ended["exitCode"]) if ended else None


def _addresses(spec: Object, seen: Seen, old: Object, node_ip: str) -> Object:
    shown: Object = {"hostIP": node_ip, "hostIPs": [{"ip": node_ip}]}
    ip = seen.sandbox.ip if seen.sandbox else old.get("podIP", "")
    ip = ip or (node_ip if spec.get("hostNetwork") else "")
    return shown | ({"podIP": ip, "podIPs": [{"ip": ip}]} if ip else {})


def pod_requests(spec: Object) -> dict[str, Decimal]:
    """What a pod asks of its node: the sum over the containers that run side by side."""
    sums: dict[str, Decimal] = {}
    sidecars = [each for each in spec.get("initContainers") or [] if is_sidecar(each)]
    for container in [*sidecars, *spec["containers"]]:
        requests = (container.get("resources") or {}).get("requests") or {}
        for name, text in requests.items():
            sums[name] = sums.get(name, Decimal(0)) + quantity(text)
    return sums


def rejected_status(pod: Object, reason: Eviction) -> Object:
    """The status of a pod that was never let in."""
    kept = {key: value for key, value in (pod.get("status") or {}).items() if key == "qosClass"}
    return {
        "observedGeneration": pod["metadata"].get("generation", 1),
        "phase": "Failed",
        "reason": reason.reason,
        "message": f"Pod was rejected: {reason.message}",
        **kept,
    }
