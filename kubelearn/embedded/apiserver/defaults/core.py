"""Defaults of the core group, apart from pods (upstream `pkg/apis/core/v1/defaults.go`)."""

from __future__ import annotations

import base64

from kubelearn.embedded.apiserver.defaults.rules import rule
from kubelearn.objects import Object


@rule("core.v1.Namespace")
def namespace(obj: Object) -> None:
    """The label by which selectors can name a namespace."""
    meta = obj["metadata"]
    # One that is still to be named gets its label with its name, in the namespace strategy.
    if name := meta.get("name"):
        meta.setdefault("labels", {})["kubernetes.io/metadata.name"] = name
    obj["status"].setdefault("phase", "Active")


@rule("core.v1.NodeSpec")
def node_spec(spec: Object) -> None:
    """The first of all ranges is the one range."""
    one, ranges = spec.get("podCIDR"), spec.get("podCIDRs")
    if one and (not ranges or ranges[0] != one):
        spec["podCIDRs"] = [one]
    elif ranges:
        spec["podCIDR"] = ranges[0]


@rule("core.v1.NodeStatus")
def node_status(status: Object) -> None:
    """Everything can be allocated unless the kubelet says otherwise."""
    if "capacity" in status:
        status.setdefault("allocatable", dict(status["capacity"]))


@rule("core.v1.Secret")
def secret(obj: Object) -> None:
    """`Opaque`: no structure is demanded of the data. What came as text is encoded."""
    obj.setdefault("type", "Opaque")
    if texts := obj.pop("stringData", None):
        encoded = {k: base64.b64encode(v.encode()).decode() for k, v in texts.items()}
        obj["data"] = {**(obj.get("data") or {}), **encoded}


@rule("core.v1.Service")
def service(obj: Object) -> None:
    """Type, ports, affinity and traffic policies."""
    spec = obj["spec"]
    _session_affinity(spec)
    kind = spec.setdefault("type", "ClusterIP")
    for port in spec.get("ports") or ():
        # The protocol has a default of its own, marked in the schema.
        if port.get("targetPort") in (None, 0, ""):
            port["targetPort"] = port["port"]
    if kind in ("NodePort", "LoadBalancer") or (kind == "ClusterIP" and spec.get("externalIPs")):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if kind != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if kind == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
        for ingress in obj["status"]["loadBalancer"].get("ingress") or ():
            if ingress.get("ip"):
                ingress.setdefault("ipMode", "VIP")


def _session_affinity(spec: Object) -> None:
    affinity = spec.setdefault("sessionAffinity", "None")
    if affinity == "None":
        spec.pop("sessionAffinityConfig", None)
    elif affinity == "ClientIP":
        config = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
        if config.get("timeoutSeconds") is None:
            spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": 10800}}


@rule("core.v1.Endpoints")
def endpoints(obj: Object) -> None:
    """TCP."""
    for subset in obj.get("subsets") or ():
        for port in subset.get("ports") or ():
            port.setdefault("protocol", "TCP")


@rule("core.v1.PersistentVolume")
def persistent_volume(obj: Object) -> None:
    """Kept after its claim is gone, and a file system."""
    obj["status"].setdefault("phase", "Pending")
    obj["spec"].setdefault("persistentVolumeReclaimPolicy", "Retain")
    obj["spec"].setdefault("volumeMode", "Filesystem")


@rule("core.v1.PersistentVolumeClaim")
def persistent_volume_claim(obj: Object) -> None:
    """Not bound yet."""
    obj["status"].setdefault("phase", "Pending")


@rule("core.v1.PersistentVolumeClaimSpec")
def persistent_volume_claim_spec(spec: Object) -> None:
    """A file system, in templates too."""
    spec.setdefault("volumeMode", "Filesystem")


@rule("core.v1.ReplicationController")
def replication_controller(obj: Object) -> None:
    """Selector and labels from the template."""
    template = obj["spec"].get("template") or {}
    if labels := template.get("metadata", {}).get("labels"):
        obj["spec"].setdefault("selector", dict(labels))
        obj["metadata"].setdefault("labels", dict(labels))


@rule("core.v1.LimitRangeItem")
def limit_range_item(item: Object) -> None:
    """Default limits from the maximum; default requests from the limits, else the minimum."""
    if item.get("type") != "Container":
        return
    limits = {**(item.get("max") or {}), **(item.get("default") or {})}
    requests = {**(item.get("min") or {}), **limits, **(item.get("defaultRequest") or {})}
    for name, values in (("default", limits), ("defaultRequest", requests)):
        if values:
            item[name] = values
