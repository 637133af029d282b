"""How a simulated cluster moves: pods start, stop and get replaced, one `step()` at a time.

Left out: nearly everything; a real cluster, or the embedded one, is for learning.
"""

from __future__ import annotations

from typing import Any

from kubelearn.clusters.internals import Refusal
from kubelearn.objects import (
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    NODES,
    PODS,
    REPLICA_SETS,
    SERVICES,
    Object,
    controller_of,
    is_active,
    is_ready,
    labels_of,
)
from kubelearn.widgets.simulation import objects
from kubelearn.widgets.simulation.api import SimulatedApi, connection_to
from kubelearn.widgets.simulation.internals import CONTROLLERS, SimulatedInternals
from kubelearn.widgets.simulation.log import Log, log_line
from kubelearn.widgets.simulation.response import Response, failure


class SimulatedCluster(SimulatedApi):
    """Nodes, and a Deployment `web` with a Service in the namespace `demo`."""

    name = "simulated"

    def __init__(self, *, workers: int = 2, replicas: int = 3) -> None:
        super().__init__()
        self._made = 0
        self.logs: dict[str, list[bytes]] = {}
        self.api_client: Any = connection_to(self)
        self.internals = SimulatedInternals(self)
        self.put(objects.node("simulated-control-plane", control_plane=True))
        for i in range(workers):
            self.put(objects.node(f"simulated-worker{i + 1 if i else ''}"))
        self.put(objects.service("web"))
        self.put(objects.deployment("web", replicas=replicas))

    def switch(self, *, on: bool) -> None:
        """Let the API answer, or let nobody answer."""
        with self.changed:
            self.reachable = on
            self.changed.notify_all()

    # --- time -------------------------------------------------------------------------------

    def step(self) -> None:
        """Let everything move on by one small step."""
        with self.changed:
            for pod in self.all(PODS):
                self._advance(pod)
                if is_ready(pod):
                    self._write(pod)
            if self.internals.runs("kube-controller-manager"):
                for deployment in self.all(DEPLOYMENTS):
                    with self.acting(f"{CONTROLLERS}deployment-controller"):
                        self._reconcile(deployment)
                with self.acting(f"{CONTROLLERS}endpointslice-controller"):
                    for service in self.all(SERVICES):
                        self._publish(service)
                with self.acting(f"{CONTROLLERS}generic-garbage-collector"):
                    self.collect_garbage()

    def settle(self) -> None:
        """Step until nothing moves any more."""
        before = -1
        while before != self.version:
            before = self.version
            self.step()

    def _advance(self, pod: Object) -> None:
        node = pod["spec"].get("nodeName")
        if not node and self.internals.runs("kube-scheduler"):
            with self.acting("system:kube-scheduler"):
                self._bind(pod)
        elif node and self.internals.runs(f"kubelet@{node}"):
            with self.acting(f"system:node:{node}"):
                self._sync(pod)

    def _sync(self, pod: Object) -> None:
        """What the kubelet of its node does with a pod."""
        state = (pod["status"].get("containerStatuses") or [{"state": {}}])[0]["state"]
        if pod["metadata"].get("deletionTimestamp"):
            self.remove(pod)
        elif "containerStatuses" not in pod["status"]:
            waiting = objects.container_statuses(pod, waiting="ContainerCreating")
            self._tell(pod, containerStatuses=waiting)
        elif pod["status"]["phase"] == "Pending":
            self._start(pod)
        elif not is_ready(pod) and not state.get("waiting"):
            statuses = [{**pod["status"]["containerStatuses"][0], "ready": True}]
            conditions = [{"type": "Ready", "status": "True"}]
            self._tell(pod, conditions=conditions, containerStatuses=statuses)

    def _tell(self, pod: Object, **status: Any) -> None:
        self.put({**pod, "status": {**pod["status"], **status}})

    def _bind(self, pod: Object) -> None:
        """Choose the free node with the fewest pods."""
        homes = [other["spec"].get("nodeName") for other in self.all(PODS)]
        rejections = {node["metadata"]["name"]: _refusal(node) for node in self.all(NODES)}
        free = [name for name, refused in rejections.items() if refused is None]
        scores = {name: {"NodeResourcesFit": 100 - homes.count(name)} for name in free}
        chosen = min(free, key=homes.count, default="")
        message = self.internals.decide(pod, chosen, scores=scores, rejections=rejections)
        before = pod["status"].get("conditions") or []
        told = {"type": "PodScheduled", "status": "False", "message": message}
        if chosen:
            pod["spec"]["nodeName"] = chosen
            self.put(pod)
        elif told not in before:
            others = [each for each in before if each["type"] != "PodScheduled"]
            self._tell(pod, conditions=[*others, told])

    def _start(self, pod: Object) -> None:
        broken = pod["spec"]["containers"][0]["image"].endswith(":broken")
        reason = "CrashLoopBackOff" if broken else None
        self._made += 1
        self.logs[_name(pod)] = [log_line(f"hello 1.0: {_name(pod)} listens on port 8080")]
        self._tell(
            pod,
            phase="Running",
            podIP=f"127.65.2.{self._made % 250 + 2}",
            containerStatuses=objects.container_statuses(pod, waiting=reason),
        )

    # --- the Deployment ---------------------------------------------------------------------

    def _reconcile(self, deployment: Object) -> None:
        """A rolling update: one pod more than wanted, and never fewer ready ones."""
        if deployment["metadata"].get("deletionTimestamp"):
            return
        new = self._replica_set_for(deployment)
        old = [rs for rs in self.all(REPLICA_SETS) if _name(rs) != _name(new)]
        wanted = deployment["spec"]["replicas"]
        others = sum(len(self._pods_of(rs)) for rs in old)
        ready = sum(is_ready(pod) for pod in self._pods_of(new))
        self._scale(new, min(wanted, max(wanted + 1 - others, 0)))
        for rs in old:
            self._scale(rs, min(rs["spec"]["replicas"], max(wanted - ready, 0)))
        active = [pod for rs in [new, *old] for pod in self._pods_of(rs)]
        status = {
            "replicas": len(active),
            "readyReplicas": sum(is_ready(pod) for pod in active),
            "updatedReplicas": len(self._pods_of(new)),
            "availableReplicas": sum(is_ready(pod) for pod in active),
            "observedGeneration": deployment["metadata"]["generation"],
        }
        available = "True" if status["availableReplicas"] >= wanted else "False"
        status["conditions"] = [{"type": "Available", "status": available}]
        if deployment["status"] != status:
            self.put({**deployment, "status": status})

    def _replica_set_for(self, deployment: Object) -> Object:
        sets = self.all(REPLICA_SETS)
        newest = max((_revision(rs) for rs in sets), default=0)
        for rs in sets:
            if _image(rs) == _image(deployment):
                if _revision(rs) != newest:
                    rs["metadata"]["annotations"][objects.REVISION] = str(newest + 1)
                    self.put(rs)
                return rs
        return self.put(objects.replica_set(deployment, revision=newest + 1))

    def _scale(self, replica_set: Object, replicas: int) -> None:
        pods = self._pods_of(replica_set)
        with self.acting(f"{CONTROLLERS}replicaset-controller"):
            for _ in range(len(pods), replicas):
                self._made += 1
                self.put(objects.pod(replica_set, number=self._made))
            for pod in pods[replicas:]:
                self.delete(pod)
        ready = sum(is_ready(pod) for pod in pods[:replicas])
        changed = {
            **replica_set,
            "spec": {**replica_set["spec"], "replicas": replicas},
            "status": {
                "replicas": replicas,
                "readyReplicas": ready,
                "observedGeneration": replica_set["metadata"]["generation"],
            },
        }
        if changed != replica_set:
            self.put(changed)

    def _pods_of(self, replica_set: Object) -> list[Object]:
        pods = (pod for pod in self.all(PODS) if is_active(pod))
        return [p for p in pods if (controller_of(p) or {}).get("name") == _name(replica_set)]

    # --- the Service ------------------------------------------------------------------------

    def _publish(self, service: Object) -> None:
        """Write down where a Service leads."""
        pods = [pod for pod in self.all(PODS) if pod["status"].get("podIP")]
        new = objects.endpoint_slice(service, (pod for pod in pods if _selects(service, pod)))
        old = [each for each in self.all(ENDPOINT_SLICES) if _name(each) == _name(new)]
        told = [(each["endpoints"], each["ports"]) for each in old]
        if told != [(new["endpoints"], new["ports"])]:
            self.put(new)

    # --- the app ----------------------------------------------------------------------------

    def _write(self, pod: Object) -> None:
        """What a pod that works writes to its log."""
        lines = self.logs.setdefault(_name(pod), [])
        lines.append(log_line(f"GET /orders/{len(lines)} 200"))
        self.changed.notify_all()

    def log_of(self, pod: str, query: dict[str, list[str]]) -> Response:
        """The log of a pod's only container, with timestamps; followed until somebody ends it."""
        return Log(self, self.logs.get(pod, []), query)

    def visit(self, name: str) -> Response:
        """One request to a Service: its ready endpoints answer in turn."""
        found = [each for each in self.all(ENDPOINT_SLICES) if _name(each) == name]
        ends = [
            (each, port["port"]) for e in found for port in e["ports"] for each in e["endpoints"]
        ]
        ready = [(each, port) for each, port in ends if each["conditions"]["ready"]]
        if not ready:
            message = f'no endpoints available for service "{name}"'
            return failure(503, "ServiceUnavailable", message)
        self._made += 1
        endpoint, port = ready[self._made % len(ready)]
        if port not in (objects.PORT, "http"):
            where = f"{endpoint['addresses'][0]}:{port}"
            message = (
                f"error trying to reach service: dial tcp {where}: connect: connection refused"
            )
            return failure(503, "ServiceUnavailable", message)
        pod = self.get(PODS, endpoint["targetRef"]["name"])
        version = pod["spec"]["containers"][0]["image"].rpartition(":")[2]
        return Response(200, text=f"Hello from {_name(pod)}, version {version}\n")


def _selects(service: Object, pod: Object) -> bool:
    selector = service["spec"].get("selector") or {}
    return bool(selector) and selector.items() <= labels_of(pod).items()


def _refusal(node: Object) -> Refusal | None:
    """Why nothing may go to a node; there is always room, and nothing is tolerated."""
    if node["spec"].get("unschedulable"):
        return Refusal("NodeUnschedulable", ("node(s) were unschedulable",))
    if node["spec"].get("taints") or not is_ready(node):
        return Refusal("TaintToleration", ("node(s) had untolerated taint(s)",))
    return None


def _name(obj: Object) -> str:
    return str(obj["metadata"]["name"])


def _image(owner: Object) -> str:
    return str(owner["spec"]["template"]["spec"]["containers"][0]["image"])


def _revision(replica_set: Object) -> int:
    return int(replica_set["metadata"]["annotations"][objects.REVISION])
