"""What lies behind the simulated cluster's API, as far as widgets show it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from kubelearn.clusters.internals import (
    REGISTRY,
    ComponentState,
    Decision,
    Entry,
    EtcdStatus,
    KeyEvent,
    KeyValue,
    NodeContainer,
    NodeProcess,
    Refusal,
    ServicePath,
    Target,
)
from kubelearn.clusters.nointernals import NoInternals
from kubelearn.errors import ClusterError, Compacted, NotAvailable
from kubelearn.objects import NODES, PODS, Object, is_ready, key, micro_timestamp
from kubelearn.widgets.simulation.api import YOU, Change, resource_of

if TYPE_CHECKING:
    from kubelearn.widgets.simulation.cluster import SimulatedCluster

CONTROLLERS = "system:serviceaccount:kube-system:"
_CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
_TOOK = timedelta(milliseconds=3)


class SimulatedInternals(NoInternals):
    """Components that can be stopped, machines, and the audit trail."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        super().__init__("a simulated cluster has no such parts")
        self._cluster = cluster
        self._stopped: set[str] = set()
        self._off: set[str] = set()
        self._compacted = 0
        self._decisions: dict[str, Decision] = {}

    # --- components and machines --------------------------------------------------------------

    def components(self) -> list[ComponentState]:
        """The control plane's, and a kubelet for each node."""
        nodes = [node["metadata"]["name"] for node in self._cluster.all(NODES)]
        named = [(name, nodes[0]) for name in _CONTROL_PLANE]
        named += [(f"kubelet@{node}", node) for node in nodes]
        return [
            ComponentState(name, node, "running" if self.runs(name) else "stopped", restarts=0)
            for name, node in named
        ]

    def runs(self, component: str) -> bool:
        """Whether a component runs."""
        return component not in self._stopped

    def stop(self, component: str) -> None:
        """Stop one component."""
        if component not in [each.name for each in self.components()]:
            raise NotAvailable(f"there is no component {component!r}")
        self._stopped.add(component)

    def start(self, component: str) -> None:
        """Start one component."""
        self._stopped.discard(component)

    def stop_node(self, name: str) -> None:
        """Switch a node off: it turns NotReady."""
        self._off.add(name)
        self._set_ready(name, "Unknown")

    def start_node(self, name: str) -> None:
        """Switch it on again."""
        self._off.discard(name)
        self._set_ready(name, "True")

    def _set_ready(self, name: str, status: str) -> None:
        node = self._cluster.get(NODES, name)
        node["status"]["conditions"][0]["status"] = status
        self._cluster.put(node)

    # --- etcd ---------------------------------------------------------------------------------

    def etcd(self) -> EtcdStatus:
        """The number of changes so far."""
        return EtcdStatus(self._cluster.version, self._compacted)

    def keys(self, prefix: str = REGISTRY, *, revision: int = 0, limit: int = 0) -> list[KeyValue]:
        """The objects as they were after so many changes."""
        if 0 < revision < self._compacted:
            raise Compacted(f"revision {revision} is forgotten")
        states: dict[str, KeyValue] = {}
        for event in self._events():
            if event.kv.mod_revision <= (revision or self._cluster.version):
                states[event.kv.key] = event.kv
        found = [kv for key, kv in sorted(states.items()) if key.startswith(prefix) and kv.version]
        return found[:limit] if limit else found

    def watch_keys(
        self, prefix: str = REGISTRY, *, start: int = 0, seconds: float | None = None
    ) -> Iterator[KeyEvent]:
        """The changes since then; it does not wait for more."""
        if start < self._compacted:
            raise Compacted(f"revision {start} is forgotten")
        events = [event for event in self._events() if event.kv.mod_revision >= start]
        return (event for event in events if event.kv.key.startswith(prefix))

    def compact(self, revision: int) -> None:
        """Forget what was before."""
        self._compacted = revision

    def _events(self) -> Iterator[KeyEvent]:
        """All changes as etcd sees them."""
        known: dict[str, KeyValue] = {}
        for change in self._cluster.log:
            meta = change.object["metadata"]
            names = [part for part in (meta.get("namespace"), meta["name"]) if part]
            key = f"{REGISTRY}{'/'.join([resource_of(change.object).plural, *names])}"
            old = known.get(key)
            version = (old.version if old else 0) + 1
            created = old.create_revision if old and old.version else change.version
            if change.event == "DELETED":
                gone = known[key] = KeyValue(key, b"", 0, change.version, version=0)
                yield KeyEvent("DELETE", gone, old)
                continue
            value = json.dumps(change.object).encode()
            known[key] = KeyValue(
                key, value, created, change.version, version=version, object=change.object
            )
            yield KeyEvent("PUT", known[key], old)

    # --- nodes --------------------------------------------------------------------------------

    def containers(self, node: str) -> list[NodeContainer]:
        """One container for each pod that runs there."""
        if node in self._off:
            raise ClusterError(f"node {node} is switched off", hint=f"kubelearn start {node}")
        return [
            NodeContainer(
                id=f"{4711 + i:x}".ljust(64, "0"),
                name=pod["spec"]["containers"][0]["name"],
                pod=pod["metadata"]["name"],
                namespace=pod["metadata"]["namespace"],
                image=pod["spec"]["containers"][0]["image"],
                state="Running",
                attempt=0,
                created=self._started(pod),
                pid=4711 + i,
            )
            for i, pod in enumerate(self._cluster.all(PODS))
            if pod["spec"].get("nodeName") == node and pod["status"]["phase"] == "Running"
        ]

    def processes(self, node: str) -> list[NodeProcess]:
        """The kubelet, and one process for each container."""
        start = self._cluster.log[0].moment
        kubelet = NodeProcess(100, 1, "root", start, "kubelet", container="")
        return [
            *([kubelet] if self.runs(f"kubelet@{node}") else []),
            *(
                NodeProcess(each.pid, 100, "root", each.created, "python app.py", each.id)
                for each in self.containers(node)
            ),
        ]

    def _started(self, pod: Object) -> datetime:
        """A moment before the API heard of it."""
        uid = pod["metadata"]["uid"]
        changes = (each for each in self._cluster.log if each.object["metadata"].get("uid") == uid)
        told = next(each for each in changes if each.object["status"].get("phase") == "Running")
        return told.moment - timedelta(milliseconds=1)

    # --- Services -----------------------------------------------------------------------------

    def service_path(
        self, service: str, namespace: str = "default", *, node: str = ""
    ) -> ServicePath:
        """One address that leads to all ready pods alike."""
        ready = [pod["status"]["podIP"] for pod in self._cluster.all(PODS) if is_ready(pod)]
        targets = tuple(Target(f"{ip}:8080", 1 / len(ready), f"endpoint {ip}:8080") for ip in ready)
        entry = Entry("127.65.128.7:80", "ClusterIP", "TCP", "", 0, targets)
        name, first = f"{namespace}/{service}", self.components()[0].node
        rules = "\n".join([f"service {name} TCP", *(f"  {each.rule}" for each in targets)])
        return ServicePath(name, node or first, "userspace", (entry,), rules)

    # --- the scheduler ------------------------------------------------------------------------

    def decide(
        self,
        pod: Object,
        node: str,
        *,
        scores: Mapping[str, Mapping[str, int]],
        rejections: Mapping[str, Refusal | None],
    ) -> str:
        """Remember what was thought of a pod; why it goes nowhere, or nothing."""
        refused = {name: each for name, each in rejections.items() if each}
        message = "" if node else f"0/{len(refused)} nodes are available: {_counted(refused)}."
        now = datetime.now(UTC)
        name = key(pod)
        self._decisions[name] = Decision(
            name, now, node, message, scores=scores, rejections=refused
        )
        return message

    def decision(self, pod: str, namespace: str = "default") -> Decision:
        """What was thought of a pod last."""
        try:
            return self._decisions[f"{namespace}/{pod}"]
        except KeyError:
            raise NotAvailable(f"the scheduler has not decided about pod {pod!r}") from None

    # --- audit --------------------------------------------------------------------------------

    def audit(self, *, since: datetime | None = None, after: str = "") -> Iterator[Object]:
        """One event for each change."""
        events = [_event(each) for each in self._cluster.log]
        known = [event["auditID"] for event in events]
        start = known.index(after) + 1 if after else 0
        earliest = micro_timestamp(since) if since else ""
        found = (event for event in events[start:] if event["stageTimestamp"] >= earliest)
        return iter(list(found))


def _counted(refused: Mapping[str, Refusal]) -> str:
    counts = Counter(reason for each in refused.values() for reason in each.reasons)
    return ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))


def _event(change: Change) -> Object:
    obj, meta = change.object, change.object["metadata"]
    resource = resource_of(obj)
    verb, sub = _verb(change)
    user = change.actor
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "auditID": f"simulated-{change.version}",
        "stage": "ResponseComplete",
        "verb": verb,
        "requestURI": resource.path(meta.get("namespace"), meta["name"], sub),
        "user": {"username": user},
        "userAgent": "kubectl/v1.36.3" if user == YOU else f"{user.rpartition(':')[2]}/v1.36.3",
        "objectRef": {
            "resource": resource.plural,
            "namespace": meta.get("namespace"),
            "name": meta["name"],
            **({"subresource": sub} if sub else {}),
        },
        "requestObject": {"target": {"name": (obj.get("spec") or {}).get("nodeName")}},
        "responseObject": {"kind": "Status"} if sub == "binding" else obj,
        "responseStatus": {"code": 201 if verb == "create" else 200},
        "requestReceivedTimestamp": micro_timestamp(change.moment),
        "stageTimestamp": micro_timestamp(change.moment + _TOOK),
    }


def _verb(change: Change) -> tuple[str, str]:
    """The verb of a change, and the subresource that it went to."""
    kind, actor = change.object["kind"], change.actor
    if change.event != "MODIFIED":
        return ("create" if change.event == "ADDED" else "delete"), ""
    if actor == "system:kube-scheduler":
        return "create", "binding"
    if actor.startswith("system:node:") or (kind == "Deployment" and actor != YOU):
        return "patch", "status"
    deleted = change.object["metadata"].get("deletionTimestamp")
    return ("delete" if deleted else "patch"), ""
