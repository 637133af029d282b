"""Rows of the kinds that make pods: apps, batch, autoscaling, policy."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from kubelearn.embedded.apiserver.printers.columns import (
    Cells,
    age,
    containers,
    human_duration,
    labels,
    printer,
    since,
    some,
)
from kubelearn.labelselector import format_selector
from kubelearn.objects import Object, controller_of, is_true, parse_time

_TEMPLATE = ("+Containers", "+Images")


def _selector(selector: Object | None) -> str:
    return format_selector(selector) or "<none>"


def _replicas(obj: Object, now: datetime) -> Cells:
    counts = (obj["spec"].get("replicas", 0), obj["status"].get("replicas", 0))
    ready = obj["status"].get("readyReplicas", 0)
    return [obj["metadata"]["name"], *counts, ready, age(obj, now)]


@printer(
    "core.v1.ReplicationController",
    columns=(
        "Name", "Desired:integer", "Current:integer", "Ready:integer", "Age",
        *_TEMPLATE, "+Selector",
    ),
)  # fmt: skip
def replication_controller(obj: Object, now: datetime) -> Cells:
    """A ReplicationController."""
    template = obj["spec"].get("template") or {"spec": {}}
    selector = labels(obj["spec"].get("selector"))
    return [*_replicas(obj, now), *containers(template), selector]


@printer(
    "apps.v1.ReplicaSet",
    columns=(
        "Name", "Desired:integer", "Current:integer", "Ready:integer", "Age",
        *_TEMPLATE, "+Selector",
    ),
)  # fmt: skip
def replica_set(obj: Object, now: datetime) -> Cells:
    """A ReplicaSet."""
    spec = obj["spec"]
    selector = _selector(spec.get("selector"))
    return [*_replicas(obj, now), *containers(spec["template"]), selector]


@printer(
    "apps.v1.Deployment",
    columns=("Name", "Ready", "Up-to-date", "Available", "Age", *_TEMPLATE, "+Selector"),
)
def deployment(obj: Object, now: datetime) -> Cells:
    """A Deployment."""
    spec, status = obj["spec"], obj["status"]
    return [
        obj["metadata"]["name"],
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        age(obj, now),
        *containers(spec["template"]),
        format_selector(spec.get("selector")),
    ]


@printer("apps.v1.StatefulSet", columns=("Name", "Ready", "Age", *_TEMPLATE))
def stateful_set(obj: Object, now: datetime) -> Cells:
    """A StatefulSet."""
    ready = f"{obj['status'].get('readyReplicas', 0)}/{obj['spec'].get('replicas', 0)}"
    return [obj["metadata"]["name"], ready, age(obj, now), *containers(obj["spec"]["template"])]


@printer(
    "apps.v1.DaemonSet",
    columns=(
        "Name", "Desired:integer", "Current:integer", "Ready:integer", "Up-to-date:integer",
        "Available:integer", "Node Selector", "Age", *_TEMPLATE, "+Selector",
    ),
)  # fmt: skip
def daemon_set(obj: Object, now: datetime) -> Cells:
    """A DaemonSet."""
    spec, status = obj["spec"], obj["status"]
    counts = (
        "desiredNumberScheduled", "currentNumberScheduled", "numberReady",
        "updatedNumberScheduled", "numberAvailable",
    )  # fmt: skip
    return [
        obj["metadata"]["name"],
        *(status.get(name, 0) for name in counts),
        labels(spec["template"]["spec"].get("nodeSelector")),
        age(obj, now),
        *containers(spec["template"]),
        _selector(spec.get("selector")),
    ]


@printer("apps.v1.ControllerRevision", columns=("Name", "Controller", "Revision", "Age"))
def controller_revision(obj: Object, now: datetime) -> Cells:
    """A ControllerRevision."""
    owner = "<none>"
    if found := controller_of(obj):
        group = found["apiVersion"].rpartition("/")[0]
        kind = f"{found['kind']}.{group}" if group else found["kind"]
        owner = f"{kind.lower()}/{found['name']}"
    return [obj["metadata"]["name"], owner, obj["revision"], age(obj, now)]


@printer(
    "batch.v1.Job",
    columns=("Name", "Status", "Completions", "Duration", "Age", *_TEMPLATE, "+Selector"),
)
def job(obj: Object, now: datetime) -> Cells:
    """A Job."""
    spec = obj["spec"]
    return [
        obj["metadata"]["name"],
        _job_status(obj),
        _completions(obj),
        _job_duration(obj["status"], now),
        age(obj, now),
        *containers(spec["template"]),
        _selector(spec.get("selector")),
    ]


def _job_status(obj: Object) -> str:
    for condition in ("Complete", "Failed"):
        if is_true(obj, condition):
            return condition
    if obj["metadata"].get("deletionTimestamp"):
        return "Terminating"
    for condition in ("Suspended", "FailureTarget", "SuccessCriteriaMet"):
        if is_true(obj, condition):
            return condition
    return "Running"


def _completions(obj: Object) -> str:
    spec, succeeded = obj["spec"], obj["status"].get("succeeded", 0)
    if "completions" in spec:
        return f"{succeeded}/{spec['completions']}"
    parallel = spec.get("parallelism", 0)
    return f"{succeeded}/1 of {parallel}" if parallel > 1 else f"{succeeded}/1"


def _job_duration(status: Object, now: datetime) -> str:
    started, ended = status.get("startTime"), status.get("completionTime")
    if not started:
        return ""
    return human_duration((parse_time(ended) if ended else now) - parse_time(started))


@printer(
    "batch.v1.CronJob",
    columns=(
        "Name", "Schedule", "Timezone", "Suspend:boolean", "Active:integer", "Last Schedule",
        "Age", *_TEMPLATE, "+Selector",
    ),
)  # fmt: skip
def cron_job(obj: Object, now: datetime) -> Cells:
    """A CronJob."""
    spec, status = obj["spec"], obj["status"]
    last = status.get("lastScheduleTime")
    job_spec = spec["jobTemplate"]["spec"]
    return [
        obj["metadata"]["name"],
        spec["schedule"],
        spec.get("timeZone", "<none>"),
        _bool(spec.get("suspend")),
        len(status.get("active") or []),
        since(last, now) if last else "<none>",
        age(obj, now),
        *containers(job_spec["template"]),
        _selector(job_spec.get("selector")),
    ]


def _bool(value: bool | None) -> str:
    return "<unset>" if value is None else str(value)


@printer(
    "policy.v1.PodDisruptionBudget",
    columns=("Name", "Min Available", "Max Unavailable", "Allowed Disruptions:integer", "Age"),
)
def pod_disruption_budget(obj: Object, now: datetime) -> Cells:
    """A PodDisruptionBudget."""
    spec = obj["spec"]
    bounds = (str(spec.get(name, "N/A")) for name in ("minAvailable", "maxUnavailable"))
    allowed = obj["status"].get("disruptionsAllowed", 0)
    return [obj["metadata"]["name"], *bounds, allowed, age(obj, now)]


@printer(
    "autoscaling.v2.HorizontalPodAutoscaler",
    columns=("Name", "Reference", "Targets", "MinPods", "MaxPods", "Replicas", "Age"),
)
def horizontal_pod_autoscaler(obj: Object, now: datetime) -> Cells:
    """A HorizontalPodAutoscaler."""
    spec, status = obj["spec"], obj["status"]
    target = spec["scaleTargetRef"]
    return [
        obj["metadata"]["name"],
        f"{target['kind']}/{target['name']}",
        _targets(spec.get("metrics") or [], status.get("currentMetrics") or []),
        str(spec.get("minReplicas", "<unset>")),
        spec["maxReplicas"],
        status.get("currentReplicas", 0),
        age(obj, now),
    ]


def _targets(metrics: list[Object], current: list[Object]) -> str:
    cells = [
        _target(metric, current[i] if i < len(current) else {}) for i, metric in enumerate(metrics)
    ]
    return some(cells, 2, separator=", ") or "<none>"


def _target(metric: Object, status: Object) -> str:
    name = metric["type"][0].lower() + metric["type"][1:]
    source = metric.get(name)
    if source is None:
        return "<unknown type>"
    now = (status.get(name) or {}).get("current") or {}
    target = source["target"]
    resource = f"{source['name']}: " if name in ("resource", "containerResource") else ""
    if "averageValue" in target:
        suffix = " (avg)" if name in ("external", "object") else ""
        return f"{resource}{_current(now, 'averageValue')}/{target['averageValue']}{suffix}"
    if resource:
        wanted = target.get("averageUtilization")
        goal = "<auto>" if wanted is None else f"{wanted}%"
        return f"{resource}{_current(now, 'averageUtilization', unit='%')}/{goal}"
    return f"{_current(now, 'value')}/{target.get('value', '0')}"


def _current(status: Object, name: str, *, unit: str = "") -> str:
    value: Any = status.get(name)
    return "<unknown>" if value is None else f"{value}{unit}"


@printer("autoscaling.v1.Scale", columns=("Name", "Desired:integer", "Available:integer", "Age"))
def scale(obj: Object, now: datetime) -> Cells:
    """The scale subresource of a workload."""
    counts = (obj[part].get("replicas", 0) for part in ("spec", "status"))
    return [obj["metadata"]["name"], *counts, age(obj, now)]
