"""What the controllers of Services share: being woken by the pods that a Service selects.

Upstream has this in k8s.io/endpointslice/util `{controller_utils,trigger_time_tracker}.go`.
"""

from __future__ import annotations

from collections.abc import Iterable

from kubelearn.embedded.controller import Controller, ControllerContext
from kubelearn.embedded.serviceselectors import index_pods, index_services, pods_of, services_of
from kubelearn.objects import PODS, SERVICES, Object, is_ready, key


class ServiceController(Controller):
    """A controller whose keys are those of Services."""

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self.trigger_times = TriggerTimes()
        self.services = self.informer(SERVICES)
        self.pods = self.informer(PODS)
        index_services(self.services)
        index_pods(self.pods)
        self.services.follow(self.enqueue, gone=self.enqueue)
        self.pods.add_handler(
            on_add=self._pod_changed, on_update=self._pod_updated, on_delete=self._pod_changed
        )

    def pods_of(self, service: Object) -> list[Object]:
        """The pods that a Service selects."""
        return pods_of(self.pods, service)

    def _pod_updated(self, old: Object, new: Object) -> None:
        if _relevant(old) == _relevant(new):
            return
        if old["metadata"].get("labels") != new["metadata"].get("labels"):
            self._pod_changed(old)
        self._pod_changed(new)

    def _pod_changed(self, pod: Object) -> None:
        for service in services_of(self.services, pod):
            self.enqueue(service)


class TriggerTimes:
    """Remembers when Services were made and their pods became ready or ceased to be."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, str]] = {}

    def changed(self, service: Object, pods: Iterable[Object]) -> str:
        """The earliest of the times that are news since the last call; empty if none is."""
        times = {"": service["metadata"].get("creationTimestamp", "")}
        times |= {pod["metadata"]["name"]: _readiness_time(pod) for pod in pods}
        known = self._known.get(key(service), {})
        self._known[key(service)] = times
        return min((time for name, time in times.items() if time > known.get(name, "")), default="")

    def forget(self, service_key: str) -> None:
        """The Service is gone."""
        self._known.pop(service_key, None)


def _readiness_time(pod: Object) -> str:
    conditions = (pod.get("status") or {}).get("conditions") or []
    times = (each.get("lastTransitionTime") for each in conditions if each["type"] == "Ready")
    return next(times, None) or ""


def has_selector(service: Object) -> bool:
    """Whether controllers find the endpoints; else they are somebody else's."""
    spec = service["spec"]
    return bool(spec.get("selector")) and spec.get("type") != "ExternalName"


def is_headless(service: Object) -> bool:
    """Whether the Service has no address of its own."""
    return service["spec"].get("clusterIP") in (None, "", "None")


def _relevant(pod: Object) -> tuple[object, ...]:
    """What of a pod an endpoint shows.

    As upstream, not its phase: a pod that has ended stays as one that is not ready, until something
    else changes.
    """
    meta, status = pod["metadata"], pod.get("status") or {}
    return (
        meta.get("labels"),
        bool(meta.get("deletionTimestamp")),
        pod["spec"].get("nodeName"),
        status.get("podIPs"),
        is_ready(pod),
    )
