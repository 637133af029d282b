"""The components of a kind cluster, stopped and started the way an administrator would.

Those of the control plane are static pods: the kubelet runs what lies in its folder of manifests,
so a manifest is moved out and in. A kubelet is a systemd unit. kube-proxy and CoreDNS are workloads
of the cluster itself: they are told to run nowhere, or as many times as before.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from kubelearn.clusters.internals import ComponentState
from kubelearn.clusters.kind.crictl import containers_of
from kubelearn.clusters.kind.machines import Machines, run
from kubelearn.clusters.transport import MERGE_PATCH, send
from kubelearn.errors import ApiError, ClusterError, NotAvailable
from kubelearn.objects import Object

if TYPE_CHECKING:
    from docker.models.containers import Container
    from kubernetes.client import ApiClient

_STATIC = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
_MANIFESTS, _ASIDE = "/etc/kubernetes/manifests", "/etc/kubernetes/stopped-by-kubelearn"
_WORKLOADS = {
    "coredns": "/apis/apps/v1/namespaces/kube-system/deployments/coredns",
    "kube-proxy": "/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy",
}
_BEFORE = "kubelearn.io/replicas-before-stop"
# A label that no node has.
_NOWHERE = "kubelearn.io/stopped"
_BOOTS = "Failed to connect to"  # systemd's bus is not there yet
_UNITS = ("kubelet", "containerd")
_LINES = 200
_SECONDS = 90
_POLL_SECONDS = 0.2


class Components:
    """The parts of one cluster; `api` asks for those that are objects of it."""

    def __init__(self, machines: Machines, api: Callable[[], ApiClient]) -> None:
        self._machines = machines
        self._api = api

    # --- what there is ---

    def all(self) -> list[ComponentState]:
        """All components, with their states, whether the API server answers or not."""
        machines = self._machines.all()
        # A program in a container takes a moment to start: all machines are asked at once.
        with ThreadPoolExecutor(len(machines) + 1) as pool:
            static = pool.submit(lambda: list(_static(self._machines.control_plane_of(machines))))
            units = pool.map(lambda machine: list(_units(machine)), machines)
            workloads = list(self._workloads())
            return [*static.result(), *(unit for found in units for unit in found), *workloads]

    def _workloads(self) -> Iterator[ComponentState]:
        for name, path in _WORKLOADS.items():
            try:
                status = send(self._api(), "GET", path, timeout=5).checked()["status"]
            except ApiError:
                continue
            ready = status.get("readyReplicas", 0) or status.get("numberReady", 0)
            yield ComponentState(name, "", "running" if ready else "stopped", 0)

    # --- what they wrote ---

    def logs(self, name: str) -> str:
        """The last lines of one. Raises NotAvailable for a name that is none, ClusterError."""
        kind, _, node = name.partition("@")
        if kind in _UNITS and node in self._machines.names():
            journal = ["journalctl", "--no-pager", f"--lines={_LINES}", f"--unit={kind}"]
            return run(self._machines.running(node), journal)
        for machine in self._machines.all():
            found = containers_of(machine) if machine.status == "running" else []
            for each in found:
                if each.name == name and each.namespace == "kube-system":
                    # Both of a program's streams are its log.
                    script = f"crictl logs --tail={_LINES} {each.id} 2>&1"
                    return run(machine, ["sh", "-c", script])
        raise self._unknown(name)

    def _unknown(self, name: str) -> NotAvailable:
        units = (f"{unit}@{node}" for node in self._machines.names() for unit in _UNITS)
        known = ", ".join((*_STATIC, *_WORKLOADS, *units))
        return NotAvailable(f"there is no component {name!r}", hint=f"one of: {known}")

    # --- stopping and starting ---

    def switch(self, name: str, *, on: bool) -> None:
        """Stop or start one, and wait until it is so. Raises NotAvailable, ClusterError."""
        kind, _, node = name.partition("@")
        if name in _STATIC:
            self._switch_static(name, on=on)
        elif name in _WORKLOADS:
            self._switch_workload(name, on=on)
        elif kind in _UNITS and node in self._machines.names():
            run(self._machines.running(node), ["systemctl", "start" if on else "stop", kind])
        else:
            raise self._unknown(name)

    def _switch_static(self, name: str, *, on: bool) -> None:
        machine = self._machines.running(str(self._machines.control_plane().name))
        if _properties(machine)["kubelet"]["ActiveState"] != "active":
            raise ClusterError(
                f"{name} is a static pod of a kubelet that is stopped",
                hint=f"kubelearn start kubelet@{machine.name}",
            )
        here, there = (_ASIDE, _MANIFESTS) if on else (_MANIFESTS, _ASIDE)
        move = f"mkdir -p {there}; test ! -f {here}/{name}.yaml || mv {here}/{name}.yaml {there}"
        run(machine, ["sh", "-c", move])
        _until(lambda: self._is_running(machine, name) == on, f"{name} on {machine.name}", on=on)
        if on and name == "kube-apiserver":
            _until(self._answers, name, on=on)

    def _is_running(self, machine: Container, name: str) -> bool:
        return any(each.name == name and each.state == "Running" for each in containers_of(machine))

    def _answers(self) -> bool:
        try:
            return send(self._api(), "GET", "/readyz", timeout=5).code == 200
        except ApiError:
            return False

    def _switch_workload(self, name: str, *, on: bool) -> None:
        path = _WORKLOADS[name]
        found = send(self._api(), "GET", path).checked()
        patch = _replicas(found, on=on) if "replicas" in found["spec"] else _everywhere(on=on)
        send(self._api(), "PATCH", path, body=patch, content_type=MERGE_PATCH).checked()
        _until(lambda: self._settled(path, on=on), name, on=on)

    def _settled(self, path: str, *, on: bool) -> bool:
        found = send(self._api(), "GET", path).checked()
        status: Object = found["status"]
        if status.get("observedGeneration") != found["metadata"]["generation"]:
            return False
        wanted = found["spec"].get("replicas", status.get("desiredNumberScheduled", 0))
        ready = status.get("readyReplicas", 0) or status.get("numberReady", 0)
        return bool(wanted and ready == wanted) if on else not ready


def _static(machine: Container) -> Iterator[ComponentState]:
    listed = containers_of(machine) if machine.status == "running" else []
    for name in _STATIC:
        found = [each for each in listed if each.name == name and each.namespace]
        state = "running" if any(each.state == "Running" for each in found) else "stopped"
        restarts = max((each.attempt for each in found), default=0)
        yield ComponentState(name, str(machine.name), state, restarts)


def _units(machine: Container) -> Iterator[ComponentState]:
    on = machine.status == "running"
    told = _properties(machine) if on else {}
    for unit in _UNITS:
        state = "running" if told.get(unit, {}).get("ActiveState") == "active" else "stopped"
        restarts = int(told[unit]["NRestarts"]) if told else 0
        yield ComponentState(f"{unit}@{machine.name}", str(machine.name), state, restarts)


def _properties(machine: Container) -> dict[str, dict[str, str]]:
    """What systemd says of our units, by unit; nothing while the machine still boots."""
    names = "--property=ActiveState,NRestarts"
    try:
        told = run(machine, ["systemctl", "show", *_UNITS, names])
    except ClusterError as error:
        if _BOOTS not in str(error):
            raise
        return {}
    # A block for each, in the order asked for.
    blocks = told.strip().split("\n\n")
    return {
        unit: dict(line.split("=", 1) for line in block.splitlines())
        for unit, block in zip(_UNITS, blocks, strict=True)
    }


def _replicas(found: Object, *, on: bool) -> Any:
    count = found["spec"]["replicas"]
    before = json.loads(found["metadata"].get("annotations", {}).get(_BEFORE) or "2")
    if on:
        return {"metadata": {"annotations": {_BEFORE: None}}, "spec": {"replicas": count or before}}
    note = {"metadata": {"annotations": {_BEFORE: str(count)}}} if count else {}
    return {**note, "spec": {"replicas": 0}}


def _everywhere(*, on: bool) -> Any:
    selector = {_NOWHERE: None if on else "true"}
    return {"spec": {"template": {"spec": {"nodeSelector": selector}}}}


def _until(holds: Callable[[], bool], what: str, *, on: bool) -> None:
    deadline = time.monotonic() + _SECONDS
    while not holds():
        if time.monotonic() > deadline:
            verb = "start" if on else "stop"
            raise ClusterError(
                f"{what} did not {verb} within {_SECONDS} s", hint=f"kubelearn logs {what}"
            )
        time.sleep(_POLL_SECONDS)
