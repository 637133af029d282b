"""What runs on a machine: its containers by `crictl` and `ctr`, its processes by `ps`."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kubelearn.clusters.internals import NodeContainer, NodeProcess, RunState
from kubelearn.clusters.kind.machines import run
from kubelearn.containers.images import Reference
from kubelearn.objects import Object

if TYPE_CHECKING:
    from docker.models.containers import Container

_STATES: dict[str, RunState] = {
    "CONTAINER_CREATED": "Created",
    "CONTAINER_RUNNING": "Running",
    "CONTAINER_EXITED": "Exited",
}
# The start's five words, then the control groups, by which one tells whose a process is.
_PS = ["env", "LC_ALL=C", "ps", "-ww", "-eo", "pid=,ppid=,user:32=,lstart=,cgroup:512=,args="]
_SCOPE = re.compile(r"cri-containerd-([0-9a-f]{64})")


def containers_of(machine: Container) -> list[NodeContainer]:
    """The containers that the machine's containerd knows, newest first, without their processes."""
    listed = json.loads(run(machine, ["crictl", "ps", "--all", "--output", "json"]))
    found = [_container(each) for each in listed.get("containers") or []]
    return sorted(found, key=lambda each: each.created, reverse=True)


def with_processes(machine: Container, found: list[NodeContainer]) -> list[NodeContainer]:
    """The same containers with the number of their first processes."""
    tasks = run(machine, ["ctr", "--namespace", "k8s.io", "tasks", "list"]).splitlines()[1:]
    pids = {fields[0]: int(fields[1]) for line in tasks if (fields := line.split())}
    return [
        replace(each, pid=pids.get(each.id, 0) if each.state == "Running" else 0) for each in found
    ]


def processes_of(machine: Container) -> list[NodeProcess]:
    """The machine's processes, by number; that of `ps` itself is left out."""
    found = [_process(line) for line in run(machine, _PS).splitlines()]
    return sorted((each for each in found if "ps -ww" not in each.command), key=lambda one: one.pid)


def _container(listed: Object) -> NodeContainer:
    labels = listed["labels"]
    return NodeContainer(
        id=listed["id"],
        name=listed["metadata"]["name"],
        pod=labels["io.kubernetes.pod.name"],
        namespace=labels["io.kubernetes.pod.namespace"],
        image=_complete(listed["image"].get("userSpecifiedImage") or listed["image"]["image"]),
        state=_STATES.get(listed["state"], "Unknown"),
        attempt=int(listed["metadata"].get("attempt") or 0),
        created=datetime.fromtimestamp(int(listed["createdAt"]) / 1e9, UTC),
        pid=0,
    )


def _complete(image: str) -> str:
    """A name with its registry and tag, as a pod's status has it; an id stays one."""
    return image if image.startswith("sha256:") else str(Reference.parse(image))


def _process(line: str) -> NodeProcess:
    words = line.split(maxsplit=9)
    started = datetime.strptime(" ".join(words[3:8]), "%a %b %d %H:%M:%S %Y")
    scope = _SCOPE.search(words[8])
    return NodeProcess(
        pid=int(words[0]),
        ppid=int(words[1]),
        user=words[2],
        started=started.replace(tzinfo=UTC),
        command=words[9] if len(words) > 9 else "",
        container=scope[1] if scope else "",
    )
