"""Pods: graceful deletion, quality of service, generation.

Stands for k8s.io/kubernetes `pkg/registry/core/pod/strategy.go` and
`pkg/apis/core/helper/qos/qos.go`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kubelearn.embedded.apiserver.strategy.base import Strategy
from kubelearn.embedded.apiserver.strategy.labelkeys import complete_selectors
from kubelearn.embedded.apiserver.strategy.podwarnings import warn_of_name, warn_of_pod
from kubelearn.objects import Object, is_terminal
from kubelearn.quantity import quantity

_QOS_RESOURCES = ("cpu", "memory")


class PodStrategy(Strategy):
    """Pods."""

    generation = True
    returns_deleted = True
    fields = (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.podIPs",
        "status.nominatedNodeName",
    )
    aliases = {"spec.host": "spec.nodeName"}

    def prepare_for_create(self, new: Object) -> None:
        """Every pod begins Pending; gates show in its conditions, its labels in selectors."""
        super().prepare_for_create(new)
        complete_selectors(new)
        new["status"] = {"phase": "Pending", "qosClass": qos_class(new.get("spec") or {})}
        if (new.get("spec") or {}).get("schedulingGates"):
            new["status"]["conditions"] = [
                {
                    "type": "PodScheduled",
                    "status": "False",
                    "lastProbeTime": None,
                    "lastTransitionTime": new["metadata"].get("creationTimestamp"),
                    "reason": "SchedulingGated",
                    "message": "Scheduling is blocked due to non-empty scheduling gates",
                }
            ]

    def prepare_for_status_update(self, new: Object, old: Object) -> None:
        """A kubelet may report, but not touch owners, deletion or the QoS class."""
        super().prepare_for_status_update(new, old)
        meta, status = new["metadata"], new.setdefault("status", {})
        meta.pop("deletionTimestamp", None)
        meta.pop("ownerReferences", None)
        if "ownerReferences" in old["metadata"]:
            meta["ownerReferences"] = old["metadata"]["ownerReferences"]
        before = old.get("status") or {}
        for name in ("qosClass", "observedGeneration"):
            if not status.get(name) and before.get(name):
                status[name] = before[name]
        _keep_observed_generations(status, before)

    def reset_fields(self, subresource: str) -> tuple[str, ...]:
        """A kubelet's reports touch neither deletion nor owners."""
        if subresource == "status":
            return ("spec", "metadata.deletionTimestamp", "metadata.ownerReferences")
        return super().reset_fields(subresource)

    def prepare_for_ephemeral_containers(self, new: Object, old: Object) -> None:
        """Take the ephemeral containers and nothing else."""
        containers = (new.get("spec") or {}).get("ephemeralContainers")
        self._restore(new, old)
        if containers:
            new["spec"] = {**old["spec"], "ephemeralContainers": containers}
        self._count(new, old)

    def prepare_for_resize(self, new: Object, old: Object) -> None:
        """Take the containers' resources and nothing else. Other containers are left to refuse."""
        sent, kinds = new["spec"], ("containers", "initContainers")
        if any(_names(sent, kind) != _names(old["spec"], kind) for kind in kinds):
            return
        self._restore(new, old)
        new["spec"] = dict(old["spec"])
        for kind in kinds:
            if kind in sent:
                pairs = zip(sent[kind], old["spec"][kind], strict=True)
                new["spec"][kind] = [_resized(each, before) for each, before in pairs]
        self._count(new, old)

    def _restore(self, new: Object, old: Object) -> None:
        version, managed = (new["metadata"].get(n) for n in ("resourceVersion", "managedFields"))
        new.clear()
        new.update(old)
        new["metadata"] = {**old["metadata"], "resourceVersion": version}
        if managed is not None:
            new["metadata"]["managedFields"] = managed

    def _count(self, new: Object, old: Object) -> None:
        if self.changes_generation(new, old):
            new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1

    def grace_period(self, obj: Object, requested: int | None) -> int | None:
        """The pod's own period unless told otherwise; none where no process can be running."""
        spec = obj.get("spec") or {}
        if not spec.get("nodeName") or is_terminal(obj):
            return 0
        period = spec.get("terminationGracePeriodSeconds", 0) if requested is None else requested
        return 1 if period < 0 else int(period)

    def warnings(self, new: Object, old: Object | None) -> Iterable[str]:
        """About new pods only: it is programs that change them."""
        if old is None:
            yield from warn_of_name(new["metadata"]["name"], "the Pod's hostname")
            yield from warn_of_pod(new["spec"], "spec")

    def selectable_fields(self, obj: Object) -> dict[str, str]:
        """As text; `status.podIPs` is the list of addresses."""
        found = super().selectable_fields(obj)
        found["spec.hostNetwork"] = found["spec.hostNetwork"] or "false"
        addresses = (obj.get("status") or {}).get("podIPs") or []
        found["status.podIPs"] = ",".join(address["ip"] for address in addresses)
        return found


def _names(spec: Object, kind: str) -> list[str]:
    return [each["name"] for each in spec.get(kind) or []]


def _resized(sent: Object, before: Object) -> Object:
    taken: Object = {name: sent[name] for name in ("resources", "resizePolicy") if name in sent}
    return {**before, **taken}


def _keep_observed_generations(status: Object, before: Object) -> None:
    old: dict[str, list[int]] = {}
    for condition in before.get("conditions") or []:
        old.setdefault(condition["type"], []).append(condition.get("observedGeneration", 0))
    for condition in status.get("conditions") or []:
        known = old.get(condition.get("type", ""), [])
        generation = known.pop(0) if known else 0
        if generation and not condition.get("observedGeneration"):
            condition["observedGeneration"] = generation


def qos_class(spec: Object) -> str:
    """Guaranteed, Burstable or BestEffort, from the containers' requests and limits."""
    containers = [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]
    resources = [(each.get("resources") or {}) for each in containers]
    requests = [_counted(each.get("requests")) for each in resources]
    limits = [_counted(each.get("limits")) for each in resources]
    if not any(requests) and not any(limits):
        return "BestEffort"
    complete = all(len(each) == len(_QOS_RESOURCES) for each in limits)
    same = all(_covers(limit, request) for limit, request in zip(limits, requests, strict=True))
    return "Guaranteed" if complete and same else "Burstable"


def _counted(resources: Any) -> dict[str, Any]:
    found = {name: quantity((resources or {}).get(name, 0)) for name in _QOS_RESOURCES}
    return {name: amount for name, amount in found.items() if amount > 0}


def _covers(limit: dict[str, Any], request: dict[str, Any]) -> bool:
    # A missing request counts as the limit: defaulting has set it to that.
    return all(limit.get(name) == amount for name, amount in request.items())


def scheduled_condition(now: str) -> Object:
    """The condition that binding a pod sets."""
    return {
        "type": "PodScheduled",
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": now,
    }
