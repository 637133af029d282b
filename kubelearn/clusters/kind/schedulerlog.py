"""What a real scheduler thought of a pod, as far as its log tells: upstream's `schedule_one.go`.

At verbosity 10 it writes down the points of each node and plugin, and one plugin which nodes it
refused; why the others were refused is told only in numbers, by the message of FailedScheduling.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kubelearn.clusters.internals import Decision, Refusal
from kubelearn.clusters.kind import crictl
from kubelearn.clusters.kind.machines import run
from kubelearn.errors import NotAvailable

if TYPE_CHECKING:
    from docker.models.containers import Container

_PROGRAM = "kube-scheduler"
_ENOUGH = 10
_MANIFEST = "/etc/kubernetes/manifests/kube-scheduler.yaml"
# Of a busy scheduler at that verbosity, so many lines are some minutes.
_LINES = 50_000

_LINE = re.compile(
    r'[A-Z](?P<time>\d{4} \d\d:\d\d:\d\d\.\d{6}) +\d+ [^]]+\] "(?P<what>[^"]*)" ?(?P<fields>.*)'
)
_FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S+)')
_VERBOSITY = re.compile(r"--?v[= ](\d+)")


def read(machine: Container, pod: str) -> Decision:
    """The latest decision about a pod, by `namespace/name`. Raises NotAvailable."""
    programs = [each.command for each in crictl.processes_of(machine) if _PROGRAM in each.command]
    if max(map(verbosity, programs), default=0) < _ENOUGH:
        edit = f"sed -i 's/- {_PROGRAM}$/&\\n    - --v={_ENOUGH}/' {_MANIFEST}"
        raise NotAvailable(
            "the scheduler of this cluster does not write down what it thinks: "
            f"it would at verbosity {_ENOUGH}",
            hint=f"docker exec {machine.name} {edit}   # starts the scheduler anew",
        )
    containers = (c for c in crictl.containers_of(machine) if c.name == _PROGRAM)
    newest = next((c.id for c in containers if c.state == "Running"), "")
    wanted = shlex.quote(f'pod="{pod}"')
    script = f"crictl logs --tail={_LINES} {newest} 2>&1 | grep -F {wanted} || true"
    found = decision(run(machine, ["sh", "-c", script]).splitlines(), pod, now=datetime.now(UTC))
    if found is None:
        raise NotAvailable(f"the scheduler's log says nothing about pod {pod!r} (any more)")
    return found


def verbosity(command: str) -> int:
    """How much a program with that command line writes down."""
    return max((int(number) for number in _VERBOSITY.findall(command)), default=0)


def decision(lines: Iterable[str], pod: str, *, now: datetime) -> Decision | None:
    """The latest attempt to place the pod that these lines of the log tell of."""
    scores: dict[str, dict[str, int]] = {}
    rejections: dict[str, Refusal] = {}
    time, node, message = None, "", ""
    for line in lines:
        found = _LINE.match(line)
        fields = {k: v.strip('"') for k, v in _FIELD.findall(found["fields"])} if found else {}
        if found is None or fields.get("pod") != pod:
            continue
        match found["what"]:
            case "Attempting to schedule pod":
                time, node, message = _moment(found["time"], now), "", ""
                scores, rejections = {}, {}
            case "node had untolerated taints":
                rejections[fields["node"]] = Refusal("TaintToleration", (found["what"],))
            case "Plugin scored node for pod":
                scores.setdefault(fields["node"], {})[fields["plugin"]] = int(fields["score"])
            case "Attempting to bind pod to node":
                node = fields["node"]
            case "Unable to schedule pod; no fit; waiting":
                message = fields["err"]
    if time is None:
        return None
    return Decision(pod, time, node, message, scores=scores, rejections=rejections)


def _moment(text: str, now: datetime) -> datetime:
    """A time of the log, which names no year, and no zone: nodes of kind live in UTC."""
    found = datetime.strptime(f"{now.year}{text}", "%Y%m%d %H:%M:%S.%f").replace(tzinfo=UTC)
    return found if found <= now else found.replace(year=now.year - 1)
