"""The objects of a namespace as a graph: who owns, selects, mounts and serves whom.

Owners are followed by their uid, as the garbage collector does
(upstream `pkg/controller/garbagecollector`); a Service selects by labels of its own namespace.
Of ConfigMaps, Secrets and claims only those are shown that pods use, without the token that every
pod gets by itself. Secrets are never read: they are known by the names that pods give. Left out:
objects that others own but that are not among those given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kubelearn.diagrams import graph as graphs
from kubelearn.diagrams.graph import Edge, Graph, Node, Stroke, identifier
from kubelearn.diagrams.layered import Layout
from kubelearn.diagrams.objectfacts import consequence, facts_of
from kubelearn.diagrams.objectstates import LOOKS, state_of
from kubelearn.objects import SERVICE_NAME, Object, labels_of

# Above this the pods of one owner that are in the same state are one box.
AGGREGATE_ABOVE = 60

STROKES = {
    "owns": Stroke(
        "owns", "owned by", "an owner reference: with the owner goes what it owns", "#59636e"
    ),
    "selects": Stroke(
        "selects", "selected by", "a Service's selector fits the pod's labels", "#0072B2", "7 4"
    ),
    "serves": Stroke(
        "leads to",
        "an endpoint of",
        "an endpoint of an EndpointSlice; a ring where the pod is not ready",
        "#007A59",
        "10 3 2 3",
    ),
    "mounts": Stroke("mounts", "mounted by", "a volume of the pod", "#A3497C", "2 3"),
    "reads": Stroke(
        "reads", "read by", "environment variables of its containers", "#9A4400", "5 2 1 2 1 2"
    ),
    "runs-on": Stroke("runs on", "runs", "the node that the scheduler chose", "#8A8200", "1 4"),
}

# Equal kinds stand in one column.
_RANKS = {
    "CronJob": 0, "Deployment": 0, "Service": 0,
    "ReplicaSet": 1, "Job": 1, "StatefulSet": 1, "DaemonSet": 1, "EndpointSlice": 1,
    "Pod": 2,
    "ConfigMap": 3, "Secret": 3, "PersistentVolumeClaim": 3, "Node": 3,
}  # fmt: skip
SHOWN = tuple(_RANKS)
"""The kinds that the picture knows."""

_ON_DEMAND = ("ConfigMap", "Secret", "PersistentVolumeClaim", "Node")


def graph(objects: Iterable[Object], *, nodes: bool = False) -> Graph:
    """The graph of objects of one namespace, with their `kind`; with `nodes` also where pods run.

    What pods name but nobody has is a box with the status `Missing`.
    """
    given = sorted((obj for obj in objects if obj["kind"] in _RANKS), key=_age)
    by_id = {id_of(obj): obj for obj in given}
    uids = {obj["metadata"].get("uid"): key for key, obj in by_id.items()}
    pods = [obj for obj in given if obj["kind"] == "Pod"]
    uses = [edge for pod in pods for edge in _uses(pod, nodes=nodes)]
    edges = [
        *(edge for obj in given for edge in _owners(obj, uids)),
        *(edge for obj in given if obj["kind"] == "Service" for edge in _selects(obj, pods)),
        *(edge for obj in given if obj["kind"] == "EndpointSlice" for edge in _serves(obj)),
        *uses,
    ]
    used = {edge.target for edge in uses}
    crowded = len(pods) > AGGREGATE_ABOVE
    boxes = [
        # Of a pod in a heap nothing is told.
        _node(obj, brief=crowded and obj["kind"] == "Pod")
        for key, obj in by_id.items()
        if obj["kind"] not in _ON_DEMAND or key in used
    ]
    boxes += [_unseen(target) for target in sorted(used - by_id.keys())]
    known = {box.id for box in boxes}
    kept = [edge for edge in dict.fromkeys(edges) if {edge.source, edge.target} <= known]
    whole = Graph(tuple(sorted(boxes, key=lambda box: box.rank)), tuple(kept))
    return _aggregated(whole) if crowded else whole


def draw(
    objects: Iterable[Object],
    *,
    title: str = "Objects",
    notice: str = "",
    nodes: bool = False,
    layout: Layout | None = None,
) -> str:
    """The graph as SVG; sorted by itself, so that equal objects give equal bytes."""
    whole = graph(objects, nodes=nodes)
    return graphs.draw(
        whole,
        title=title,
        words=notice or summary(whole),
        strokes=STROKES,
        looks=LOOKS,
        alarm=bool(notice),
        layout=layout,
    )


def summary(whole: Graph) -> str:
    """`1 Deployment, 1 ReplicaSet, 3 Pods, 1 Service`."""
    counts: Counter[str] = Counter()
    for node in whole.nodes:
        counts[node.kind] += int(node.more.get("count", 1))
    words = [f"{count} {_plural(kind, count)}" for kind, count in counts.items()]
    return ", ".join(words) or "no objects yet"


def id_of(obj: Mapping[str, Any]) -> str:
    """The id of an object's box."""
    return identifier(str(obj["kind"]), str(obj["metadata"]["name"]))


def _plural(kind: str, count: int) -> str:
    return kind if count == 1 else f"{kind}s"


def _age(obj: Object) -> tuple[int, str, str]:
    meta = obj["metadata"]
    return SHOWN.index(obj["kind"]), str(meta.get("creationTimestamp") or ""), str(meta["name"])


def _node(obj: Object, *, brief: bool) -> Node:
    status, word = state_of(obj)
    kind = str(obj["kind"])
    name = str(obj["metadata"]["name"])
    more = {} if brief else {"facts": facts_of(obj), "consequence": consequence(obj)}
    return Node(id_of(obj), kind, name, status, word, _RANKS[kind], more)


def _unseen(target: str) -> Node:
    """What pods use and nobody has given; of Secrets and Nodes that says nothing."""
    kind, _, name = target.partition("-")
    status = "" if kind in ("Secret", "Node") else "Missing"
    known = f"Pods name it, but there is no such {kind}." if status else "Pods name it."
    facts = [("Known", f"{known} Its values are not read." if kind == "Secret" else known)]
    more = {"facts": facts, "consequence": "" if status else consequence(_bare(kind))}
    return Node(target, kind, name, status, "missing" if status else "", _RANKS[kind], more)


def _bare(kind: str) -> Object:
    return {"kind": kind, "metadata": {}}


# --- connections -------------------------------------------------------------------------------


def _owners(obj: Object, uids: Mapping[Any, str]) -> Iterator[Edge]:
    for reference in obj["metadata"].get("ownerReferences") or []:
        owner = uids.get(reference.get("uid"))
        if owner:
            yield Edge(owner, id_of(obj), "owns")


def _selects(service: Object, pods: Iterable[Object]) -> Iterator[Edge]:
    selector = service["spec"].get("selector") or {}
    if not selector or service["spec"].get("type") == "ExternalName":
        return
    for pod in pods:
        if selector.items() <= labels_of(pod).items():
            yield Edge(id_of(service), id_of(pod), "selects")


def _serves(piece: Object) -> Iterator[Edge]:
    # One that somebody wrote by hand has no owner: a label says whose it is.
    service = labels_of(piece).get(SERVICE_NAME)
    if service and not piece["metadata"].get("ownerReferences"):
        yield Edge(identifier("Service", service), id_of(piece), "serves")
    for endpoint in piece.get("endpoints") or []:
        target = endpoint.get("targetRef") or {}
        if target.get("kind") == "Pod":
            # None means: not known, and is to be taken for ready.
            off = (endpoint.get("conditions") or {}).get("ready") is False
            pod = identifier("Pod", str(target["name"]))
            yield Edge(id_of(piece), pod, "serves", "off" if off else "")


def _uses(pod: Object, *, nodes: bool) -> Iterator[Edge]:
    """What a pod mounts and reads and cannot do without."""
    spec, source = pod.get("spec") or {}, id_of(pod)
    for volume in spec.get("volumes") or []:
        for kind, name in _of_volume(volume, pod):
            yield Edge(source, identifier(kind, name), "mounts")
    for container in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]:
        for kind, name in _of_environment(container):
            yield Edge(source, identifier(kind, name), "reads")
    if nodes and spec.get("nodeName"):
        yield Edge(source, identifier("Node", spec["nodeName"]), "runs-on")


def _of_volume(volume: Mapping[str, Any], pod: Object) -> Iterator[tuple[str, str]]:
    if str(volume.get("name", "")).startswith("kube-api-access-"):
        return
    if "ephemeral" in volume:
        yield "PersistentVolumeClaim", f"{pod['metadata']['name']}-{volume['name']}"
    if "persistentVolumeClaim" in volume:
        yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]
    sources = [volume, *((volume.get("projected") or {}).get("sources") or [])]
    for each in sources:
        for key, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
            named = each.get(key) or {}
            name = named.get("name") or named.get("secretName")
            if name and not named.get("optional"):
                yield kind, name


def _of_environment(container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    froms = [each.get("valueFrom") or {} for each in container.get("env") or []]
    for key, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
        named = [each.get(f"{key}KeyRef") or {} for each in froms]
        named += [each.get(f"{key}Ref") or {} for each in container.get("envFrom") or []]
        for each in named:
            if each.get("name") and not each.get("optional"):
                yield kind, each["name"]


# --- many pods ---------------------------------------------------------------------------------


def _aggregated(whole: Graph) -> Graph:
    """The same with one box for all pods that are in the same state and have the same owner."""
    owner = {edge.target: edge.source for edge in whole.edges if edge.kind == "owns"}
    heap = {
        node.id: identifier("Pods", owner.get(node.id, ""), node.status)
        for node in whole.nodes
        if node.kind == "Pod"
    }
    counts = Counter(heap.values())
    merged: dict[str, Node] = {}
    for node in whole.nodes:
        name = heap.get(node.id)
        if name is None:
            merged[node.id] = node
        elif name not in merged:
            words = f"{counts[name]} {LOOKS[node.status].label}"
            more = {"count": counts[name]}
            merged[name] = Node(name, "Pod", words, node.status, "", node.rank, more)
    edges: dict[tuple[str, str, str], Edge] = {}
    for edge in whole.edges:
        source, target = heap.get(edge.source, edge.source), heap.get(edge.target, edge.target)
        known = edges.get((source, target, edge.kind))
        # On as soon as one of them is on.
        if known is None or known.status:
            edges[source, target, edge.kind] = Edge(source, target, edge.kind, edge.status)
    return Graph(tuple(merged.values()), tuple(edges.values()))
